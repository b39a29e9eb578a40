/**
 * The audit trail in a table: each deed is one row.
 *
 * @module
 */
import {
  checkEntries,
  type DeviceTrail,
  readTrailQuery,
  TRAIL_DAYS,
  type TrailEntry,
} from '../../src/device/trail.ts'
import type { SqlExecutor, SqlRow, SqlValue } from './executor.ts'
import { inPieces, type JsonColumns, jsonRows } from './json-rows.ts'
import { NOW } from './now.ts'
import type { Run } from './statements.ts'

/** After so many writes of a process those that are too old are removed, and after its first one. */
const WRITES_PER_SWEEP = 1_000
/** An entry as it travels to the database, and the columns of its table beside its place. */
const ENTRY = {
  entry: 'text',
  done_at: 'fraction',
  operator: 'text',
  action: 'text',
  type: 'text',
  id: 'text',
  attributes: 'text',
  result: 'text',
} as const satisfies JsonColumns

/** The trail of a database. What is too old is told by the clock of the database. */
export function sqlTrail(run: Run, dialect: SqlExecutor['dialect']): DeviceTrail {
  const columns = Object.keys(ENTRY).join(', ')
  const write = `INSERT INTO devicehub_trail (${columns})
SELECT ${columns} FROM ${jsonRows(dialect, ENTRY)} j WHERE true
ON CONFLICT (entry) DO UPDATE SET result = excluded.result WHERE devicehub_trail.result = 'begun'`
  const sweep = `DELETE FROM devicehub_trail WHERE done_at < (${NOW[dialect]} - ${TRAIL_DAYS * 86_400}) * 1000`
  let writes = 0

  return {
    async write(entries) {
      checkEntries(entries)
      // One statement for all of them in all but the longest of lists, which D1 would not take at once.
      for (const piece of inPieces(entries.map(rowOf))) await run(write, piece)
      if (writes++ % WRITES_PER_SWEEP === 0) await run(sweep)
    },

    async list(query) {
      const { before, limit, from, until, ...same } = readTrailQuery(query)
      const conditions: (readonly [text: string, value: SqlValue])[] = []
      for (const [column, value] of Object.entries(same)) {
        if (value !== undefined) conditions.push([`${column} = ?`, value])
      }
      if (from !== undefined) conditions.push(['done_at >= ?', from])
      if (until !== undefined) conditions.push(['done_at < ?', until])
      if (before !== undefined) conditions.push(['place < ?', before])
      const where = conditions.map(([text]) => text).join(' AND ')
      const text = `SELECT place, ${columns} FROM devicehub_trail${where && ` WHERE ${where}`}
ORDER BY place DESC LIMIT ?`
      const rows = await run(text, ...conditions.map(([, value]) => value), limit + 1)
      const page = rows.slice(0, limit)
      const entries = page.map(entryOf)
      return rows.length > limit ? { entries, cursor: `${page.at(-1)!.place}` } : { entries }
    },
  }
}

function rowOf(given: TrailEntry): Readonly<Record<keyof typeof ENTRY, unknown>> {
  const { id: entry, at: done_at, operator, action, device, attributes, result } = given
  return {
    entry,
    done_at,
    operator,
    action,
    type: device?.type,
    id: device?.id,
    attributes: attributes && JSON.stringify(attributes),
    result,
  }
}

function entryOf(row: SqlRow): TrailEntry {
  const { type, id, attributes } = row
  return {
    id: `${row.entry}`,
    at: Number(row.done_at),
    operator: `${row.operator}`,
    action: `${row.action}`,
    ...(typeof type === 'string' && typeof id === 'string' && { device: { type, id } }),
    ...(typeof attributes === 'string' && { attributes: JSON.parse(attributes) }),
    result: `${row.result}`,
  }
}
