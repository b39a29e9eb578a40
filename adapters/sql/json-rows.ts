/**
 * Many rows as one parameter: a list in JSON, which the database reads as a table. D1 takes 100
 * parameters at most.
 *
 * @module
 */
import type { SqlExecutor } from './executor.ts'

/** The columns of the rows, by the names of their fields. */
export type JsonColumns = Readonly<Record<string, 'text' | 'fraction' | 'integer'>>

/** The type of numbers with 53 bits and a fraction. */
export const FRACTION: Readonly<Record<SqlExecutor['dialect'], string>> = {
  sqlite: 'REAL',
  postgres: 'DOUBLE PRECISION',
}

/** Longest text of a piece, in UTF-16 units: of three bytes each, it is below the 2 MB of D1. */
const MAX_PIECE = 500_000

/**
 * The source of rows, to stand in a `FROM` with a name of its own behind it. It has one parameter, of
 * {@link inPieces}. A field that is left out is null.
 */
export function jsonRows(dialect: SqlExecutor['dialect'], columns: JsonColumns): string {
  const entries = Object.entries(columns)
  if (dialect === 'sqlite') {
    const fields = entries.map(([name]) => `json_extract(value, '$.${name}') AS ${name}`)
    return `(SELECT ${fields.join(', ')} FROM json_each(?))`
  }
  const fields = entries.map(
    ([name, kind]) => `${name} ${kind === 'fraction' ? FRACTION.postgres : kind}`,
  )
  return `(SELECT * FROM json_to_recordset(CAST(CAST(? AS text) AS json)) AS r(${fields.join(', ')}))`
}

/** Rows in JSON: as few texts as there have to be, in order. None for no row. */
export function inPieces(rows: readonly object[]): readonly string[] {
  const pieces: string[] = []
  let piece = ''
  for (const row of rows) {
    const text = JSON.stringify(row)
    if (piece !== '' && piece.length + text.length > MAX_PIECE) {
      pieces.push(`[${piece}]`)
      piece = ''
    }
    piece += piece === '' ? text : `,${text}`
  }
  return piece === '' ? pieces : [...pieces, `[${piece}]`]
}
