/**
 * Device records in a table: each is one row, which is written whole under its revision.
 *
 * @module
 */
import { afterPrefix } from '../../src/base/after-prefix.ts'
import { clock } from '../../src/base/clock.ts'
import {
  ConfigError,
  DeviceExistsError,
  hasCode,
  RevisionConflictError,
} from '../../src/base/errors.ts'
import { DEVICE_FILTERS } from '../../src/device/query.ts'
import type { DeviceRef } from '../../src/device/reference.ts'
import type {
  DeviceFilter,
  DeviceRecord,
  DeviceStore,
  ListedDevice,
  TakenRecord,
} from '../../src/device/store.ts'
import type { SqlExecutor, SqlRow, SqlValue } from './executor.ts'
import { inPieces, type JsonColumns, jsonRows } from './json-rows.ts'
import type { Run } from './statements.ts'
import { STATE_COLUMNS, stateOf } from './states.ts'

const DEFAULT_LIMIT = 100
const COLUMNS = 'type, id, username, revoked, revision, record'
const BY_ID = `SELECT ${COLUMNS} FROM devicehub_devices WHERE type = ? AND id = ?`
const BY_USERNAME = `SELECT ${COLUMNS} FROM devicehub_devices WHERE username = ?`
const INSERT = `INSERT INTO devicehub_devices (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT DO NOTHING RETURNING revision`
const UPDATE = `UPDATE devicehub_devices SET revoked = ?, revision = ?, record = ?
WHERE type = ? AND id = ? AND revision = ? RETURNING revision`
const DELETE = `DELETE FROM devicehub_devices
WHERE type = ? AND id = ? AND revision = ? RETURNING revision`

/** What of a record has no column of its own. */
type Rest = Pick<DeviceRecord, 'credentials' | 'rules' | 'attributes' | 'clientIds' | 'createdAt'>

const LISTED_COLUMNS = [
  ...COLUMNS.split(', ').map((column) => `d.${column}`),
  ...STATE_COLUMNS.map((column) => `s.${column}`),
].join(', ')

/** What is read of a state stands beside the device, if there is any. */
const LISTED = `SELECT ${LISTED_COLUMNS} FROM devicehub_devices d
LEFT JOIN devicehub_states s ON s.type = d.type AND s.id = d.id`

/** A record as it travels to the database with others. */
const RECORD = {
  type: 'text',
  id: 'text',
  username: 'text',
  revoked: 'integer',
  revision: 'integer',
  record: 'text',
} as const satisfies JsonColumns

/** The devices of a database. */
export function sqlDevices(
  run: Run,
  dialect: SqlExecutor['dialect'],
): DeviceStore & Required<Pick<DeviceStore, 'insertMany'>> {
  const columns = COLUMNS.split(', ').map((column) => `j.${column}`)
  // In one order, so that two writers do not wait for each other.
  const insertMany = `INSERT INTO devicehub_devices (${COLUMNS})
SELECT ${columns.join(', ')} FROM ${jsonRows(dialect, RECORD)} j WHERE true ORDER BY j.type, j.id
ON CONFLICT DO NOTHING RETURNING type, id`
  const areThere = `SELECT d.type, d.id FROM ${jsonRows(dialect, { type: 'text', id: 'text' })} j
JOIN devicehub_devices d ON d.type = j.type AND d.id = j.id`

  async function insert(record: DeviceRecord): Promise<void> {
    const { type, id, username, revoked, revision } = record
    const values = [type, id, username, Number(revoked), revision, restOf(record)] as const
    // What was in its way may be gone when it is asked for.
    for (;;) {
      const [inserted] = await run(INSERT, ...values)
      if (inserted) return
      const [same] = await run(BY_ID, type, id)
      if (same) throw new DeviceExistsError(type, id, 'device id')
      const [other] = await run(BY_USERNAME, username)
      if (other) throw new DeviceExistsError(type, id, 'user name')
    }
  }

  /** Of all that are in their pieces: the rows that a statement returns, by their devices. */
  async function namesOf(text: string, rows: readonly object[]): Promise<ReadonlySet<string>> {
    const names = new Set<string>()
    for (const piece of inPieces(rows)) {
      for (const { type, id } of await run(text, piece)) names.add(`${type}/${id}`)
    }
    return names
  }

  /** Of one whose user name may be taken. */
  async function tryInsert(
    record: DeviceRecord,
    taken: Map<DeviceRecord, TakenRecord['field']>,
  ): Promise<void> {
    try {
      await insert(record)
    } catch (error) {
      if (!hasCode(error, 'ERR_DEVICE_EXISTS')) throw error
      taken.set(record, (error as DeviceExistsError).field)
    }
  }

  return {
    filters: DEVICE_FILTERS,

    async get(type, id) {
      const [row] = await run(BY_ID, type, id)
      return row && recordOf(row)
    },

    async findByUsername(username) {
      const [row] = await run(BY_USERNAME, username)
      return row && recordOf(row)
    },

    insert,

    async insertMany(records) {
      const taken = new Map<DeviceRecord, TakenRecord['field']>()
      const [alone, others] = apart(records)
      const added = await namesOf(insertMany, alone.map(rowOf))
      const left = alone.filter((record) => !added.has(nameOf(record)))
      const there = await namesOf(areThere, left.map(refOf))
      for (const record of left) {
        if (there.has(nameOf(record))) taken.set(record, 'device id')
        else await tryInsert(record, taken)
      }
      for (const record of others) await tryInsert(record, taken)
      return records.flatMap((record, index): readonly TakenRecord[] => {
        const field = taken.get(record)
        return field === undefined ? [] : [{ index, field }]
      })
    },

    async update(record) {
      const { type, id, revoked, revision } = record
      const values = [Number(revoked), revision, restOf(record), type, id, revision - 1] as const
      const [updated] = await run(UPDATE, ...values)
      if (!updated) throw new RevisionConflictError(type, id)
    },

    async delete(type, id, revision) {
      const [deleted] = await run(DELETE, type, id, revision)
      if (!deleted) throw new RevisionConflictError(type, id)
    },

    async list({ cursor, limit = DEFAULT_LIMIT, ...filter } = {}) {
      const conditions = conditionsOf(dialect, filter, cursor)
      const where = conditions.map(([text]) => text).join(' AND ')
      const text = `${LISTED}${where && ` WHERE ${where}`} ORDER BY d.type, d.id LIMIT ?`
      const rows = await run(text, ...conditions.flatMap(([, ...values]) => values), limit + 1)
      const records = rows.slice(0, limit).map(listedOf)
      if (rows.length <= limit) return { records }
      const { type, id } = records.at(-1)!
      return { records, cursor: JSON.stringify([type, id]) }
    },
  }
}

type Condition = readonly [text: string, ...values: SqlValue[]]

/** What a device has as an attribute: its name and its value are parameters. */
const HAS_ATTRIBUTE: Readonly<Record<SqlExecutor['dialect'], string>> = {
  sqlite: "json_extract(d.record, '$.attributes.' || ?) = ?",
  postgres: "cast(d.record AS json) -> 'attributes' ->> cast(? AS text) = ?",
}

function conditionsOf(
  dialect: SqlExecutor['dialect'],
  filter: DeviceFilter,
  cursor: string | undefined,
): readonly Condition[] {
  const {
    type,
    revoked,
    idPrefix,
    attributes = {},
    connected,
    fresh,
    heardBefore,
    ...told
  } = filter
  const { status, batteryBelow, firmware, firmwareOtherThan } = told
  const conditions: Condition[] = []
  if (type !== undefined) conditions.push(['d.type = ?', type])
  if (revoked !== undefined) conditions.push(['d.revoked = ?', Number(revoked)])
  if (idPrefix !== undefined) {
    conditions.push(['d.id >= ?', idPrefix])
    const after = afterPrefix(idPrefix)
    if (after !== undefined) conditions.push(['d.id < ?', after])
  }
  for (const [name, value] of Object.entries(attributes)) {
    conditions.push([HAS_ATTRIBUTE[dialect], name, value])
  }
  if (connected !== undefined) conditions.push(['s.connected = ?', Number(connected)])
  if (fresh === true) conditions.push(['s.fresh_until > ?', clock().date()])
  if (fresh === false) conditions.push(['coalesce(s.fresh_until, -1) <= ?', clock().date()])
  if (heardBefore !== undefined) conditions.push(['coalesce(s.last_heard, -1) < ?', heardBefore])
  if (status !== undefined) conditions.push(['s.status = ?', status])
  if (batteryBelow !== undefined) conditions.push(['s.battery < ?', batteryBelow])
  if (firmware !== undefined) conditions.push(['s.firmware = ?', firmware])
  if (firmwareOtherThan !== undefined) conditions.push(['s.firmware <> ?', firmwareOtherThan])
  if (cursor !== undefined) conditions.push(['(d.type, d.id) > (?, ?)', ...readCursor(cursor)])
  return conditions
}

function readCursor(cursor: string): readonly [type: string, id: string] {
  try {
    const place: unknown = JSON.parse(cursor)
    if (Array.isArray(place) && place.length === 2) {
      const [type, id] = place
      if (typeof type === 'string' && typeof id === 'string') return [type, id]
    }
  } catch {
    // It is none.
  }
  throw new ConfigError('cursor', 'is none of this store')
}

function restOf(record: DeviceRecord): string {
  const { credentials, rules, attributes, clientIds, createdAt } = record
  const rest: Rest = { credentials, rules, attributes, ...(clientIds && { clientIds }), createdAt }
  return JSON.stringify(rest)
}

function rowOf(record: DeviceRecord): Readonly<Record<keyof typeof RECORD, unknown>> {
  const { type, id, username, revoked, revision } = record
  return { type, id, username, revoked: Number(revoked), revision, record: restOf(record) }
}

function listedOf(row: SqlRow): ListedDevice {
  const state = stateOf(row)
  return { ...recordOf(row), ...(state && { state }) }
}

function refOf({ type, id }: DeviceRecord): DeviceRef {
  return { type, id }
}

function nameOf({ type, id }: DeviceRecord): string {
  return `${type}/${id}`
}

/** The records that share no name with one before them, and those that do. */
function apart(
  records: readonly DeviceRecord[],
): readonly [alone: readonly DeviceRecord[], others: readonly DeviceRecord[]] {
  const [ids, usernames] = [new Set<string>(), new Set<string>()]
  const [alone, others]: [DeviceRecord[], DeviceRecord[]] = [[], []]
  for (const record of records) {
    const isAlone = !ids.has(nameOf(record)) && !usernames.has(record.username)
    ids.add(nameOf(record))
    usernames.add(record.username)
    if (isAlone) alone.push(record)
    else others.push(record)
  }
  return [alone, others]
}

function recordOf(row: SqlRow): DeviceRecord {
  const { credentials, rules, attributes, clientIds, createdAt }: Rest = JSON.parse(`${row.record}`)
  return {
    type: `${row.type}`,
    id: `${row.id}`,
    username: `${row.username}`,
    credentials,
    rules,
    attributes,
    ...(clientIds && { clientIds }),
    revoked: Number(row.revoked) === 1,
    createdAt,
    revision: Number(row.revision),
  }
}
