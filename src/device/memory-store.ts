/**
 * A {@link DeviceStore} in memory: the reference for the contract, for tests and for fleets that
 * are provisioned anew at each start. Nothing survives the process.
 *
 * @module
 */
import { clock } from '../base/clock.ts'
import { ConfigError, DeviceExistsError, RevisionConflictError } from '../base/errors.ts'
import { memoryStates } from './memory-states.ts'
import { memoryTrail } from './memory-trail.ts'
import { DEVICE_FILTERS, hasAttributes } from './query.ts'
import type { DeviceState } from './states.ts'
import type { DeviceFilter, DeviceRecord, DeviceStore, ListedDevice, TakenRecord } from './store.ts'

const DEFAULT_LIMIT = 100
interface Entry {
  /** Counts the records that were inserted before it: where it stands in a listing. */
  readonly place: number
  record: DeviceRecord
}

const made = new WeakSet<object>()

/** Whether a store is one of {@link memoryStore}, so that no other process knows its devices. */
export function isMemoryStore(store: DeviceStore): boolean {
  return made.has(store)
}

/** Makes an empty store in memory. */
export function memoryStore(): DeviceStore {
  // "/" cannot stand in a type name or an id, so the joined key is unambiguous. In order of place.
  const devices = new Map<string, Entry>()
  const usernames = new Map<string, Entry>()
  const key = (device: { type: string; id: string }) => `${device.type}/${device.id}`
  /** The names of types, each once: so that records share it. */
  const types = new Map<string, string>()
  const states = memoryStates((device) => devices.has(key(device)))
  let inserted = 0

  /** The entry of a device at a revision. */
  function find(type: string, id: string, revision: number): Entry {
    const entry = devices.get(key({ type, id }))
    if (entry?.record.revision === revision) return entry
    throw new RevisionConflictError(type, id)
  }

  /** A record of its own, without what a listing adds. */
  function recordOf({ state: _, ...record }: ListedDevice): DeviceRecord {
    const own: { -readonly [K in keyof DeviceRecord]: DeviceRecord[K] } = structuredClone(record)
    const { type } = own
    if (!types.has(type)) types.set(type, type)
    own.type = types.get(type)!
    return freeze(own)
  }

  /** Adds a record. What was in its way is returned. */
  function add(record: DeviceRecord): TakenRecord['field'] | undefined {
    const name = key(record)
    if (devices.has(name)) return 'device id'
    if (usernames.has(record.username)) return 'user name'
    const entry = { place: ++inserted, record: recordOf(record) }
    const { username } = entry.record
    // One text for both where it is the same one: a store holds hundreds of thousands of them.
    devices.set(name === username ? username : name, entry)
    usernames.set(username, entry)
    return undefined
  }

  const store: DeviceStore = {
    filters: DEVICE_FILTERS,
    async get(type, id) {
      return devices.get(key({ type, id }))?.record
    },
    findByUsername(username) {
      return usernames.get(username)?.record
    },
    async insert(record) {
      const field = add(record)
      if (field !== undefined) throw new DeviceExistsError(record.type, record.id, field)
    },
    async insertMany(records) {
      return records.flatMap((record, index): readonly TakenRecord[] => {
        const field = add(record)
        return field === undefined ? [] : [{ index, field }]
      })
    },
    async update(record) {
      const entry = find(record.type, record.id, record.revision - 1)
      entry.record = recordOf({ ...record, username: entry.record.username })
    },
    async delete(type, id, revision) {
      const { username } = find(type, id, revision).record
      devices.delete(key({ type, id }))
      usernames.delete(username)
      states.forget({ type, id })
    },
    async list({ cursor, limit = DEFAULT_LIMIT, ...filter } = {}) {
      const after = readCursor(cursor)
      const now = clock().date()
      const records: ListedDevice[] = []
      let last = after
      for (const { place, record } of devices.values()) {
        if (place <= after || !isWanted(record, filter)) continue
        const state = states.find(record)
        if (!isInState(state, filter, now)) continue
        // There is one more.
        if (records.length === limit) return { records, cursor: `${last}` }
        records.push(state ? { ...record, state } : record)
        last = place
      }
      return { records }
    },
    states,
    trail: memoryTrail(),
  }
  made.add(store)
  return store
}

function readCursor(cursor: string | undefined): number {
  if (cursor === undefined) return 0
  if (/^[1-9][0-9]{0,15}$/.test(cursor)) return Number(cursor)
  throw new ConfigError('cursor', 'is none of this store')
}

function isWanted(record: DeviceRecord, filter: DeviceFilter): boolean {
  const { type, revoked, idPrefix, attributes } = filter
  if (type !== undefined && record.type !== type) return false
  if (revoked !== undefined && record.revoked !== revoked) return false
  if (attributes && !hasAttributes(record, attributes)) return false
  return idPrefix === undefined || record.id.startsWith(idPrefix)
}

function isInState(state: DeviceState = {}, filter: DeviceFilter, now: number): boolean {
  const { lastHeard = Number.NEGATIVE_INFINITY, freshUntil = Number.NEGATIVE_INFINITY } = state
  const { connected, status, battery, firmware } = state
  const is = (wanted: unknown, found: unknown) => wanted === undefined || wanted === found
  const { fresh, heardBefore, batteryBelow, firmwareOtherThan: other } = filter
  if (!is(filter.connected, connected) || !is(fresh, freshUntil > now)) return false
  if (!is(filter.status, status) || !is(filter.firmware, firmware)) return false
  if (heardBefore !== undefined && lastHeard >= heardBefore) return false
  if (batteryBelow !== undefined && !(battery !== undefined && battery < batteryBelow)) return false
  return other === undefined || (firmware !== undefined && firmware !== other)
}

/** Makes a record unchangeable, so that it can be handed out as it is. */
function freeze<T extends object>(value: T): T {
  for (const inner of Object.values(value)) if (typeof inner === 'object' && inner) freeze(inner)
  return Object.freeze(value)
}
