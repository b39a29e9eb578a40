/**
 * Finds the configuration file and reads what it says, unchecked.
 *
 * @module
 */
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { MissingDependencyError } from '../../../src/base/errors.ts'
import { CommandFailure, exitCode, firstLine } from '../failure.ts'
import { importModule } from './module.ts'
import { describeSyntaxError } from './syntax-error.ts'

/** The names a configuration file is found by, in the working directory. */
const FILE_NAMES: readonly string[] = ['ts', 'mts', 'js', 'mjs', 'json'].map(
  (extension) => `devicehub.config.${extension}`,
)

/**
 * What a JSON file can only refer to: a module, which exports it by this name or as default. A store may
 * be the path of a database, too.
 */
const REFERENCES = ['fleet', 'types', 'store'] as const
const MODULE = /\.[cm]?[jt]s$/

/** The wrong configuration file, or a wrong key in it. */
export function configFailure(file: string, problem: string, cause?: unknown): CommandFailure {
  return new CommandFailure(exitCode.misused, `${file}: ${problem}`, { cause })
}

/**
 * The configuration file's name as the user would write it, or `undefined` if there is none.
 *
 * @throws {CommandFailure} If there are several, or the one asked for does not exist.
 */
export function findConfigFile(asked: string | undefined): string | undefined {
  if (asked !== undefined) {
    if (!existsSync(asked)) throw configFailure(asked, 'there is no such file')
    return asked
  }
  const [found, other] = FILE_NAMES.filter((name) => existsSync(name))
  if (found !== undefined && other !== undefined) {
    throw configFailure(found, `there is ${other}, too: remove one, or choose by --config`)
  }
  return found
}

/** The failure where a configuration file is needed and none is there. */
export function missingConfigFile(): CommandFailure {
  const names = FILE_NAMES.join(', ')
  return new CommandFailure(
    exitCode.misused,
    `there is no configuration file here (${names}): write one, or name it by --config`,
  )
}

/** Reads a configuration file. @throws {CommandFailure} If it cannot be read. */
export async function readConfigFile(file: string): Promise<unknown> {
  if (file.endsWith('.json')) return resolveReferences(file, await readJson(file))
  const module = await importUsers(file, resolve(file))
  if (!('default' in module)) {
    throw configFailure(file, 'has no default export: export default defineConfig({ … })')
  }
  return module.default
}

async function readJson(file: string): Promise<unknown> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (cause) {
    throw configFailure(file, firstLine(cause), cause)
  }
  try {
    return JSON.parse(text)
  } catch (cause) {
    // What the error says is not repeated: it may quote a password that stands beside the mistake.
    const position = /at position (\d+)/.exec(firstLine(cause))?.[1]
    const line = position && `, line ${text.slice(0, Number(position)).split('\n').length}`
    throw configFailure(file, `is no JSON text${line ?? ''}`, cause)
  }
}

async function resolveReferences(file: string, config: unknown): Promise<unknown> {
  if (typeof config !== 'object' || config === null) return config
  const resolved: Record<string, unknown> = { ...config }
  for (const key of REFERENCES) {
    const path = resolved[key]
    if (typeof path !== 'string' || (key === 'store' && !MODULE.test(path))) continue
    const module = await importUsers(`${file}: ${key}`, resolve(dirname(file), path))
    const value = module[key] ?? module.default
    if (value === undefined) {
      throw configFailure(file, `${key}: ${path} exports neither "${key}" nor a default`)
    }
    resolved[key] = value
  }
  return resolved
}

async function importUsers(where: string, path: string): Promise<Record<string, unknown>> {
  try {
    return await importModule(path)
  } catch (cause) {
    if (cause instanceof MissingDependencyError) throw cause
    throw configFailure(where, describeSyntaxError(cause) ?? firstLine(cause), cause)
  }
}
