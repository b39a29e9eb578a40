/**
 * What devices told last, in a table beside theirs: each is one row, and what is new of many is written by
 * one statement.
 *
 * @module
 */
import {
  type DeviceLogin,
  type DeviceState,
  type DeviceStates,
  type JsonValue,
  MAX_STATE_AHEAD_MS,
  MAX_TURNS,
  type PresenceTurn,
  type StateReport,
} from '../../src/device/states.ts'
import type { SqlExecutor, SqlRow } from './executor.ts'
import { FRACTION, inPieces, type JsonColumns, jsonRows } from './json-rows.ts'
import type { Run } from './statements.ts'

/** What of a state is read, for who asks after the device. Times that are not known are -1. */
export const STATE_COLUMNS: readonly string[] = [
  'last_heard',
  'fresh_until',
  'connected',
  'began_at',
  'ended_at',
  'status',
  'battery',
  'firmware',
  'fields',
  'login_at',
  'login_with',
]
const TURN_COLUMNS =
  'type, id, last_heard, connected, began_at, ended_at, told_fresh, before_fresh, before_connected'

/** A report as it travels to the database. */
const REPORT = {
  type: 'text',
  id: 'text',
  heard: 'fraction',
  fresh: 'fraction',
  began: 'fraction',
  end_of: 'fraction',
  ended: 'fraction',
  status: 'text',
  battery: 'fraction',
  firmware: 'text',
  fields: 'text',
} as const satisfies JsonColumns

/** A login as it travels to the database. */
const LOGIN = {
  type: 'text',
  id: 'text',
  at_time: 'fraction',
  credential: 'text',
} as const satisfies JsonColumns

/** The states of a database. */
export function sqlStates(run: Run, dialect: SqlExecutor['dialect']): DeviceStates {
  const write = writeText(dialect)
  const writeLogins = loginText(dialect)
  const sweep = sweepText(dialect)
  const read = `SELECT ${STATE_COLUMNS.join(', ')} FROM devicehub_states WHERE type = ? AND id = ?`
  return {
    async read(type, id) {
      const [row] = await run(read, type, id)
      return row && stateOf(row)
    },

    async write(reports, now) {
      const turns: PresenceTurn[] = []
      for (const piece of inPieces(reports.map(rowOf))) {
        const rows = await run(write, now, now, piece)
        turns.push(...rows.filter(hasTurned).map(turnOf))
      }
      return turns
    },

    async writeLogins(logins, now) {
      for (const piece of inPieces(logins.map(loginRow))) await run(writeLogins, now, piece)
    },

    async sweep(now) {
      return (await run(sweep, now, MAX_TURNS, now)).map(turnOf)
    },
  }
}

/** What a row of the table says; `undefined` if it is none, as beside a device that never told anything. */
export function stateOf(row: SqlRow): DeviceState | undefined {
  if (row.last_heard === null || row.last_heard === undefined) return undefined
  const [lastHeard, freshUntil] = [timeOf(row.last_heard), timeOf(row.fresh_until)]
  const connected = flagOf(row.connected)
  const since = sinceOf(row)
  return {
    ...(lastHeard !== undefined && { lastHeard }),
    ...(freshUntil !== undefined && { freshUntil }),
    ...(connected !== undefined && { connected }),
    ...(since !== undefined && { since }),
    ...(row.status !== null && { status: `${row.status}` }),
    ...(row.battery !== null && { battery: Number(row.battery) }),
    ...(row.firmware !== null && { firmware: `${row.firmware}` }),
    ...(row.fields !== null && { fields: fieldsOf(`${row.fields}`) }),
    ...(row.login_with !== null && {
      lastLogin: { at: Number(row.login_at), credentialId: `${row.login_with}` },
    }),
  }
}

/**
 * The statement of a write: the time twice, then the reports. What is there already is in
 * `devicehub_states`, and what is new in `excluded`.
 */
function writeText(dialect: SqlExecutor['dialect']): string {
  const [most, least] = dialect === 'sqlite' ? ['max', 'min'] : ['greatest', 'least']
  const later = (column: string) =>
    `${most}(${least}(devicehub_states.${column}, excluded.written_at + ${MAX_STATE_AHEAD_MS}), excluded.${column})`
  const connected = (began: string, endOf: string, ended: string) =>
    `CASE WHEN ${began} > ${endOf} THEN 1 WHEN ${ended} >= 0 THEN 0 END`
  // What was said before its last word is not its last word.
  const isNews = `(excluded.last_heard < 0 OR excluded.last_heard = ${later('last_heard')})`
  const lastWord = (column: string) =>
    `CASE WHEN ${isNews} THEN coalesce(excluded.${column}, devicehub_states.${column}) ELSE devicehub_states.${column} END`
  const now = `CAST(? AS ${FRACTION[dialect]})`
  const time = (column: string) => `coalesce(j.${column}, -1)`
  const merged =
    dialect === 'sqlite'
      ? "json_patch(coalesce(devicehub_states.fields, '{}'), excluded.fields)"
      : "(coalesce(devicehub_states.fields, '{}')::jsonb || excluded.fields::jsonb)::text"
  const values: Readonly<Record<string, string>> = {
    type: 'd.type',
    id: 'd.id',
    last_heard: time('heard'),
    fresh_until: time('fresh'),
    began_at: time('began'),
    end_of: time('end_of'),
    ended_at: time('ended'),
    connected: connected(time('began'), time('end_of'), time('ended')),
    status: 'j.status',
    battery: 'j.battery',
    firmware: 'j.firmware',
    fields: 'j.fields',
    written_at: now,
    told_fresh: `CASE WHEN ${time('fresh')} > ${now} THEN 1 ELSE 0 END`,
    before_fresh: '0',
    before_connected: 'CAST(NULL AS INTEGER)',
  }
  const changes: Readonly<Record<string, string>> = {
    last_heard: later('last_heard'),
    fresh_until: later('fresh_until'),
    began_at: later('began_at'),
    end_of: later('end_of'),
    ended_at: later('ended_at'),
    connected: connected(later('began_at'), later('end_of'), later('ended_at')),
    status: lastWord('status'),
    battery: lastWord('battery'),
    firmware: lastWord('firmware'),
    fields: `CASE WHEN excluded.fields IS NOT NULL AND ${isNews} THEN ${merged} ELSE devicehub_states.fields END`,
    written_at: 'excluded.written_at',
    told_fresh: `CASE WHEN ${later('fresh_until')} > excluded.written_at THEN 1 ELSE devicehub_states.told_fresh END`,
    before_fresh: 'devicehub_states.told_fresh',
    before_connected: 'devicehub_states.connected',
  }
  const sets = Object.entries(changes).map(([column, value]) => `${column} = ${value}`)
  // In one order, so that two writers do not wait for each other.
  return `INSERT INTO devicehub_states (${Object.keys(values).join(', ')})
SELECT ${Object.values(values).join(', ')}
FROM ${jsonRows(dialect, REPORT)} j JOIN devicehub_devices d ON d.type = j.type AND d.id = j.id
WHERE true ORDER BY d.type, d.id
ON CONFLICT (type, id) DO UPDATE SET ${sets.join(', ')}
RETURNING ${TURN_COLUMNS}`
}

/** The statement that writes logins: the time, then the logins. Of presence it changes nothing. */
function loginText(dialect: SqlExecutor['dialect']): string {
  const least = dialect === 'sqlite' ? 'min' : 'least'
  const now = `CAST(? AS ${FRACTION[dialect]})`
  const values: Readonly<Record<string, string>> = {
    type: 'd.type',
    id: 'd.id',
    ...Object.fromEntries(
      ['last_heard', 'fresh_until', 'began_at', 'end_of', 'ended_at'].map((time) => [time, '-1']),
    ),
    written_at: now,
    told_fresh: '0',
    before_fresh: '0',
    login_at: 'j.at_time',
    login_with: 'j.credential',
  }
  return `INSERT INTO devicehub_states (${Object.keys(values).join(', ')})
SELECT ${Object.values(values).join(', ')}
FROM ${jsonRows(dialect, LOGIN)} j JOIN devicehub_devices d ON d.type = j.type AND d.id = j.id
WHERE true ORDER BY d.type, d.id
ON CONFLICT (type, id) DO UPDATE SET login_at = excluded.login_at, login_with = excluded.login_with
WHERE excluded.login_at >= ${least}(devicehub_states.login_at, excluded.written_at + ${MAX_STATE_AHEAD_MS})`
}

/** The statement of a sweep: the time, how many, and the time again. */
function sweepText(dialect: SqlExecutor['dialect']): string {
  // By their places, since what is to be found by name PostgreSQL may look for in the whole table.
  const place = dialect === 'sqlite' ? 'rowid' : 'ctid'
  // Of two that sweep at once the second takes what the first does not have in hand.
  const lock = dialect === 'sqlite' ? '' : ' FOR UPDATE SKIP LOCKED'
  return `WITH lost AS (
  SELECT ${place} AS place FROM devicehub_states WHERE told_fresh = 1 AND fresh_until <= ? LIMIT ?${lock}
)
UPDATE devicehub_states SET told_fresh = 0, before_fresh = 1, before_connected = connected
WHERE told_fresh = 1 AND fresh_until <= ? AND ${place} IN (SELECT place FROM lost)
RETURNING ${TURN_COLUMNS}`
}

function rowOf(report: StateReport): Readonly<Record<keyof typeof REPORT, unknown>> {
  const { type, id, lastHeard, freshUntil, connectedAt, disconnectedAt, endOf, ...words } = report
  const { status, battery, firmware, fields } = words
  return {
    type,
    id,
    heard: lastHeard,
    fresh: freshUntil,
    began: connectedAt,
    end_of: endOf,
    ended: disconnectedAt,
    status,
    battery,
    firmware,
    fields: fields && textsOf(fields),
  }
}

function loginRow(login: DeviceLogin): Readonly<Record<keyof typeof LOGIN, unknown>> {
  const { type, id, at, credentialId } = login
  return { type, id, at_time: at, credential: credentialId }
}

/**
 * Each value as a JSON text of its own: databases merge objects all the way down, and take `null` for
 * nothing, and PostgreSQL has no place for U+0000.
 */
function textsOf(fields: Readonly<Record<string, JsonValue>>): string {
  const texts = Object.entries(fields).map(([name, value]) => [name, JSON.stringify(value)])
  return JSON.stringify(Object.fromEntries(texts))
}

function fieldsOf(text: string): Readonly<Record<string, JsonValue>> {
  const texts = Object.entries<string>(JSON.parse(text))
  return Object.fromEntries(texts.map(([name, value]) => [name, JSON.parse(value)]))
}

function hasTurned(row: SqlRow): boolean {
  return row.told_fresh !== row.before_fresh || row.connected !== row.before_connected
}

function turnOf(row: SqlRow): PresenceTurn {
  const lastHeard = timeOf(row.last_heard)
  const since = sinceOf(row)
  return {
    type: `${row.type}`,
    id: `${row.id}`,
    before: presenceOf(row.before_connected, row.before_fresh),
    after: presenceOf(row.connected, row.told_fresh),
    ...(lastHeard !== undefined && { lastHeard }),
    ...(since !== undefined && { since }),
  }
}

function presenceOf(isConnected: unknown, isFresh: unknown): PresenceTurn['after'] {
  const connected = flagOf(isConnected)
  return { ...(connected !== undefined && { connected }), fresh: isFresh === 1 }
}

function sinceOf({ connected, began_at, ended_at }: SqlRow): number | undefined {
  return connected === null ? undefined : timeOf(connected === 1 ? began_at : ended_at)
}

function flagOf(value: unknown): boolean | undefined {
  return value === null ? undefined : value === 1
}

function timeOf(value: unknown): number | undefined {
  return Number(value) < 0 ? undefined : Number(value)
}
