/**
 * A {@link DeviceStore} in memory: the reference for the contract, for tests and for fleets that
 * are provisioned anew at each start. Nothing survives the process.
 *
 * @module
 */
import { DeviceExistsError, RevisionConflictError } from '../base/errors.ts'
import type { DeviceRecord, DeviceStore, ListOptions } from './store.ts'

/** Makes an empty store in memory. */
export function memoryStore(): DeviceStore {
  // "/" cannot stand in a type name or an id, so the joined key is unambiguous.
  const devices = new Map<string, DeviceRecord>()
  const usernames = new Map<string, string>()
  const key = (device: { type: string; id: string }) => `${device.type}/${device.id}`
  return {
    async get(type, id) {
      return devices.get(key({ type, id }))
    },
    async findByUsername(username) {
      const at = usernames.get(username)
      return at === undefined ? undefined : devices.get(at)
    },
    async insert(record) {
      if (devices.has(key(record))) throw new DeviceExistsError(record.type, record.id, 'device id')
      if (usernames.has(record.username)) {
        throw new DeviceExistsError(record.type, record.id, 'user name')
      }
      devices.set(key(record), freeze(structuredClone(record)))
      usernames.set(record.username, key(record))
    },
    async update(record) {
      const stored = devices.get(key(record))
      if (stored?.revision !== record.revision - 1) {
        throw new RevisionConflictError(record.type, record.id)
      }
      devices.set(key(record), freeze(structuredClone({ ...record, username: stored.username })))
    },
    async list({ type, after, limit = 100 }: ListOptions = {}) {
      return [...devices.values()]
        .filter((record) => type === undefined || record.type === type)
        .sort(compareDevices)
        .filter((record) => after === undefined || compareDevices(record, after) > 0)
        .slice(0, limit)
    },
  }
}

/** Makes a record unchangeable, so that it can be handed out as it is. */
function freeze<T extends object>(value: T): T {
  for (const inner of Object.values(value)) if (typeof inner === 'object' && inner) freeze(inner)
  return Object.freeze(value)
}

function compareDevices(a: { type: string; id: string }, b: { type: string; id: string }): number {
  if (a.type !== b.type) return a.type < b.type ? -1 : 1
  return a.id === b.id ? 0 : a.id < b.id ? -1 : 1
}
