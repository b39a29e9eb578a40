/**
 * Fleets for the tests, and stores that hold what no fleet would write.
 *
 * @module
 */
import * as v from 'valibot'
import {
  command,
  createFleet,
  type DeviceRecord,
  type DeviceStore,
  defineDeviceType,
  type Fleet,
  type FleetOptions,
  memoryStore,
} from '../../src/index.ts'

export const weatherStation = defineDeviceType('weatherstation', {
  data: v.object({ temperature: v.number() }),
  commands: { setInterval: command({ reply: v.object({ interval: v.number() }) }) },
})

export const pump = defineDeviceType('pump', {
  data: v.object({ rpm: v.number() }),
  rules: [{ effect: 'allow', actions: ['subscribe'], filter: 'sites/{site}/alarms' }],
})

export const HUB_PASSWORD = 'the password of the hub'

/** A fleet of weather stations and pumps, with the hub's login. */
export function makeFleet(options: Partial<FleetOptions> = {}): Fleet {
  return createFleet({
    types: [weatherStation, pump],
    store: memoryStore(),
    services: [{ username: 'hub', password: HUB_PASSWORD, rules: 'hub' }],
    ...options,
  })
}

/** A store that changes a record on its way out, as another writer of the database might have. */
export function tampering(
  store: DeviceStore,
  change: (record: DeviceRecord) => unknown,
): DeviceStore {
  const tamper = (found: DeviceRecord | undefined) => found && (change(found) as DeviceRecord)
  return {
    get: async (type, id) => tamper(await store.get(type, id)),
    findByUsername: async (username) => tamper(await store.findByUsername(username)),
    filters: store.filters,
    insert: (record) => store.insert(record),
    update: (record) => store.update(record),
    delete: (type, id, revision) => store.delete(type, id, revision),
    list: (query) => store.list(query),
  }
}

/** Writes to the record just before each of the first updates. */
export function contested(times: number, change: Record<string, unknown> = {}): DeviceStore {
  const store = memoryStore()
  let left = times
  return {
    ...store,
    async update(record) {
      if (left-- > 0) {
        const stored = (await store.get(record.type, record.id))!
        await store.update({ ...stored, ...change, revision: stored.revision + 1 })
      }
      return store.update(record)
    },
  }
}
