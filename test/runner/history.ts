/**
 * How long runs took, for whoever waits for the next one. Kept in `.test-results/`, which git does
 * not see; `node_modules/.cache` would be gone with each `npm ci`.
 *
 * @module
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const FOLDER = '.test-results'
const FILE = 'seconds.json'

/** The seconds that a run took the last time, if it is known. */
export function lastSeconds(root: string, run: string): number | undefined {
  return read(root)[run]
}

/** Keeps how long a run took. */
export function keepSeconds(root: string, run: string, seconds: number): void {
  mkdirSync(join(root, FOLDER), { recursive: true })
  writeFileSync(
    join(root, FOLDER, FILE),
    JSON.stringify({ ...read(root), [run]: seconds }, null, 2),
  )
}

/** Nothing is known where there is no file, or none that can be read. */
function read(root: string): Readonly<Record<string, number>> {
  try {
    return JSON.parse(readFileSync(join(root, FOLDER, FILE), 'utf8'))
  } catch {
    return {}
  }
}
