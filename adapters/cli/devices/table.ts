/**
 * Tables for people, printed as they come.
 *
 * @module
 */
import { printable } from '../../../src/base/quote.ts'

const GAP = '  '

/**
 * Lines of a table, under a line with the names of its columns. The columns are as wide as the first rows
 * need; one that is empty in all of them, or the last, is as wide as its name.
 */
export function tableOf(
  names: readonly string[],
): (rows: readonly (readonly string[])[], width: number | undefined) => readonly string[] {
  let widths: readonly number[] | undefined
  return (rows, width) => {
    if (rows.length === 0) return []
    const isFirst = widths === undefined
    widths ??= names.map((name, i) => Math.max(name.length, ...rows.map((row) => row[i]!.length)))
    const known = widths
    const line = (cells: readonly string[]) => {
      const text = cells
        .map((cell, i) => cell.padEnd(known[i]!))
        .join(GAP)
        .trimEnd()
      return width === undefined ? printable(text, 10_000) : printable(text, width - 1)
    }
    return [...(isFirst ? [line(names)] : []), ...rows.map(line)]
  }
}
