/**
 * Which functions a test reaches: what it never runs, it cannot notice.
 *
 * @module
 */
import type { Mutant } from './mutants.ts'

/** Where a mutant is changed. */
export type Place = Pick<Mutant, 'file' | 'body'>

/** How often each line ran, by file. What was not loaded is not in it. */
export type Coverage = ReadonlyMap<string, ReadonlyMap<number, number>>

/** Reads a report in the format of lcov: `SF` names a file, `DA` a line of it and how often it ran. */
export function readCoverage(text: string): Coverage {
  const files = new Map<string, Map<number, number>>()
  let lines = new Map<number, number>()
  for (const record of text.split('\n')) {
    const [, file] = /^SF:(.+)$/.exec(record) ?? []
    const [, line, count] = /^DA:(\d+),(\d+)/.exec(record) ?? []
    if (file !== undefined) {
      lines = new Map()
      files.set(file.replaceAll('\\', '/'), lines)
    }
    if (line !== undefined) lines.set(Number(line), Number(count))
  }
  return files
}

/**
 * Whether a function may have been run, by its lines; without them, whether the file was loaded. Not
 * by one line: Bun counts some that ran as if they had not, such as those of a `catch`.
 */
export function isReached(coverage: Coverage, { file, body }: Place): boolean {
  const lines = coverage.get(file)
  if (!lines || !body) return lines !== undefined
  const [first, last] = body
  for (let line = first; line <= last; line++) if ((lines.get(line) ?? 0) > 0) return true
  return false
}
