/**
 * A {@link DeviceStore} in memory: the reference for the contract, for tests and for fleets that
 * are provisioned anew at each start. Nothing survives the process.
 *
 * @module
 */
import { ConfigError, DeviceExistsError, RevisionConflictError } from '../base/errors.ts'
import type { DeviceFilter, DeviceRecord, DeviceStore } from './store.ts'

const DEFAULT_LIMIT = 100

interface Entry {
  /** Counts the records that were inserted before it: where it stands in a listing. */
  readonly place: number
  record: DeviceRecord
}

/** Makes an empty store in memory. */
export function memoryStore(): DeviceStore {
  // "/" cannot stand in a type name or an id, so the joined key is unambiguous. In order of place.
  const devices = new Map<string, Entry>()
  const usernames = new Map<string, Entry>()
  const key = (device: { type: string; id: string }) => `${device.type}/${device.id}`
  let inserted = 0

  /** The entry of a device at a revision. */
  function find(type: string, id: string, revision: number): Entry {
    const entry = devices.get(key({ type, id }))
    if (entry?.record.revision === revision) return entry
    throw new RevisionConflictError(type, id)
  }

  return {
    filters: ['type', 'revoked', 'idPrefix'],
    async get(type, id) {
      return devices.get(key({ type, id }))?.record
    },
    async findByUsername(username) {
      return usernames.get(username)?.record
    },
    async insert(record) {
      if (devices.has(key(record))) throw new DeviceExistsError(record.type, record.id, 'device id')
      if (usernames.has(record.username)) {
        throw new DeviceExistsError(record.type, record.id, 'user name')
      }
      const entry = { place: ++inserted, record: freeze(structuredClone(record)) }
      devices.set(key(record), entry)
      usernames.set(record.username, entry)
    },
    async update(record) {
      const entry = find(record.type, record.id, record.revision - 1)
      entry.record = freeze(structuredClone({ ...record, username: entry.record.username }))
    },
    async delete(type, id, revision) {
      const { username } = find(type, id, revision).record
      devices.delete(key({ type, id }))
      usernames.delete(username)
    },
    async list({ cursor, limit = DEFAULT_LIMIT, ...filter } = {}) {
      const after = readCursor(cursor)
      const records: DeviceRecord[] = []
      let last = after
      for (const { place, record } of devices.values()) {
        if (place <= after || !isWanted(record, filter)) continue
        // There is one more.
        if (records.length === limit) return { records, cursor: `${last}` }
        records.push(record)
        last = place
      }
      return { records }
    },
  }
}

function readCursor(cursor: string | undefined): number {
  if (cursor === undefined) return 0
  if (/^[1-9][0-9]{0,15}$/.test(cursor)) return Number(cursor)
  throw new ConfigError('cursor', 'is none of this store')
}

function isWanted(record: DeviceRecord, { type, revoked, idPrefix }: DeviceFilter): boolean {
  if (type !== undefined && record.type !== type) return false
  if (revoked !== undefined && record.revoked !== revoked) return false
  return idPrefix === undefined || record.id.startsWith(idPrefix)
}

/** Makes a record unchangeable, so that it can be handed out as it is. */
function freeze<T extends object>(value: T): T {
  for (const inner of Object.values(value)) if (typeof inner === 'object' && inner) freeze(inner)
  return Object.freeze(value)
}
