/**
 * `devicehub config BROKER`: prints or writes the configuration that a broker needs.
 *
 * @module
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { ConfigError } from '../../src/base/errors.ts'
import { brokerConfig } from '../../src/product/configuration/broker-config.ts'
import type { GeneratedConfig } from '../../src/product/configuration/generated.ts'
import { CONFIGURATIONS, isConfigured } from '../../src/product/configurations.ts'
import { CommandFailure, exitCode } from './failure.ts'
import { writeFiles } from './files.ts'
import { jsonLine } from './json-line.ts'
import { print, printError } from './output.ts'

/** The options of the verb. */
export interface ConfigOptions {
  /** Where the broker reaches the routes. Default: that of `brokerConfig`. */
  readonly routes?: string
  /** The folder to write to. Default: everything is printed. */
  readonly out?: string
  /** Whether files that are there may be replaced. */
  readonly force?: boolean
  /** Prints an object, with the notes in it. */
  readonly json?: boolean
}

/** Runs the verb. Settles when everything is printed or written. */
export async function config(broker: string, options: ConfigOptions): Promise<void> {
  const { routes, out, force, json } = options
  if (json && out !== undefined) {
    throw new CommandFailure(exitCode.misused, '--json and --out: one of them')
  }
  const { files, notes } = generate(broker, routes)
  if (json) return print(jsonLine({ files, notes }))
  if (out === undefined) {
    for (const { path, text } of files) await print(`==> ${path} <==\n${text.trimEnd()}\n`)
  } else {
    const targets = files.map(({ path, text }) => ({ path: join(out, path), text }))
    if (!force) checkFree(targets.map(({ path }) => path))
    await writeFiles(targets)
  }
  for (const note of notes) await printError(note)
}

function generate(broker: string, routes: string | undefined): GeneratedConfig {
  if (!isConfigured(broker)) {
    const names = Object.keys(CONFIGURATIONS).join(', ')
    throw new CommandFailure(exitCode.misused, `broker: must be one of ${names}`)
  }
  try {
    return brokerConfig(broker, routes === undefined ? {} : { routes })
  } catch (cause) {
    if (!(cause instanceof ConfigError)) throw cause
    throw new CommandFailure(exitCode.misused, cause.message, { cause })
  }
}

function checkFree(paths: readonly string[]): void {
  const taken = paths.find((path) => existsSync(path))
  if (taken === undefined) return
  throw new CommandFailure(exitCode.failed, `${taken} is there already: --force replaces it`)
}
