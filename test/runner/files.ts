/**
 * The test files, and where each of them runs: on every runtime, unless its name says otherwise.
 *
 * @module
 */
import { readdirSync, statSync } from 'node:fs'
import { basename, join, sep } from 'node:path'
import type { Runtime } from './runtime.ts'

const ENDING = '.test.ts'
const NOT = 'not-'

/**
 * The test files at or below a path, relative to the root, with `/` on every platform.
 *
 * @param path A folder, or one file, relative to the root.
 */
export function findTestFiles(root: string, path: string): readonly string[] {
  const stats = statSync(join(root, path), { throwIfNoEntry: false })
  if (!stats) return []
  const names = stats.isDirectory()
    ? readdirSync(join(root, path), { recursive: true, encoding: 'utf8' })
        .filter((name) => isTest(name) && !name.split(sep).includes('node_modules'))
        .map((name) => join(path, name))
    : [path]
  return names.map((name) => name.split(sep).join('/')).sort()
}

/** Also what is called almost like a test file, so that it is told and not passed over. */
function isTest(name: string): boolean {
  return /\.(tests?|spec)\.[cm]?[jt]sx?$/.test(name)
}

/**
 * Whether a file runs on a runtime. `a.test.ts` runs on all of them, `a.node.test.ts` on Node alone,
 * `a.not-deno.test.ts` on all but Deno.
 *
 * @throws {Error} If the name says anything else.
 */
export function runsOn(file: string, { key }: Runtime, all: readonly Runtime[]): boolean {
  const words = wordsOf(file)
  const keys = all.map((runtime) => runtime.key)
  const known = [...keys, ...keys.map((one) => NOT + one)]
  const unknown = words.find((word) => !known.includes(word))
  if (unknown !== undefined) {
    throw new Error(
      `${file}: "${unknown}" in its name is none of ${known.join(', ')}. ` +
        `A test for every runtime is called NAME${ENDING}`,
    )
  }
  if (words.includes(NOT + key)) return false
  const only = words.filter((word) => !word.startsWith(NOT))
  return only.length === 0 || only.includes(key)
}

/** What is between the name and the ending. */
function wordsOf(file: string): readonly string[] {
  const name = basename(file)
  if (!name.endsWith(ENDING)) {
    throw new Error(`${file} does not end in ${ENDING}, as the name of a test file does`)
  }
  return name.slice(0, -ENDING.length).split('.').slice(1)
}
