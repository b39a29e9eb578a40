/**
 * Which lines a test reaches: what it never runs, it cannot notice.
 *
 * @module
 */

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

/** Whether a line may have been run. One that nothing is told of may. */
export function isReached(coverage: Coverage, file: string, line: number): boolean {
  const lines = coverage.get(file)
  return lines !== undefined && lines.get(line) !== 0
}
