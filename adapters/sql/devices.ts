/**
 * Device records in a table: each is one row, which is written whole under its revision.
 *
 * @module
 */
import { ConfigError, DeviceExistsError, RevisionConflictError } from '../../src/base/errors.ts'
import type { DeviceFilter, DeviceRecord, DeviceStore } from '../../src/device/store.ts'
import type { SqlRow, SqlValue } from './executor.ts'
import { afterPrefix } from './prefix.ts'
import type { Run } from './statements.ts'

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

/** The devices of a database. */
export function sqlDevices(run: Run): DeviceStore {
  return {
    filters: ['type', 'revoked', 'idPrefix'],

    async get(type, id) {
      const [row] = await run(BY_ID, type, id)
      return row && recordOf(row)
    },

    async findByUsername(username) {
      const [row] = await run(BY_USERNAME, username)
      return row && recordOf(row)
    },

    async insert(record) {
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
      const conditions = conditionsOf(filter, cursor)
      const where = conditions.map(([text]) => text).join(' AND ')
      const text = `SELECT ${COLUMNS} FROM devicehub_devices${where && ` WHERE ${where}`}
ORDER BY type, id LIMIT ?`
      const rows = await run(text, ...conditions.flatMap(([, ...values]) => values), limit + 1)
      const records = rows.slice(0, limit).map(recordOf)
      if (rows.length <= limit) return { records }
      const { type, id } = records.at(-1)!
      return { records, cursor: JSON.stringify([type, id]) }
    },
  }
}

type Condition = readonly [text: string, ...values: SqlValue[]]

function conditionsOf(filter: DeviceFilter, cursor: string | undefined): readonly Condition[] {
  const { type, revoked, idPrefix } = filter
  const conditions: Condition[] = []
  if (type !== undefined) conditions.push(['type = ?', type])
  if (revoked !== undefined) conditions.push(['revoked = ?', Number(revoked)])
  if (idPrefix !== undefined) {
    conditions.push(['id >= ?', idPrefix])
    const after = afterPrefix(idPrefix)
    if (after !== undefined) conditions.push(['id < ?', after])
  }
  if (cursor !== undefined) conditions.push(['(type, id) > (?, ?)', ...readCursor(cursor)])
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
