/**
 * What would become of new devices, without any of them being put on record.
 *
 * @module
 */
import { memoryStore } from '../../../src/device/memory-store.ts'
import type { DeviceStore, TakenRecord } from '../../../src/device/store.ts'
import { createFleet } from '../../../src/fleet/create.ts'
import type { Fleet } from '../../../src/fleet/fleet.ts'
import type { OperatedFleet } from './operated.ts'
import { outcomeOf } from './outcome.ts'

/** Rehearses at a fleet: with its types, and what is on record there. */
export function rehearsalAt({
  types,
  prefix,
  store,
}: Pick<Fleet, 'types' | 'prefix' | 'store'>): OperatedFleet['rehearse'] {
  const fleet = createFleet({ types, prefix, store: untouched(store) })
  return async (type, devices) =>
    (await fleet.provisionMany(fleet.type(type), devices)).map(outcomeOf)
}

/**
 * A store that takes nothing, and refuses what the other one would refuse: what is there, and what was to
 * be added before.
 */
function untouched(store: DeviceStore): DeviceStore {
  const ids = new Set<string>()
  const usernames = new Set<string>()
  return {
    ...memoryStore(),
    get: (type, id) => store.get(type, id),
    findByUsername: (username) => store.findByUsername(username),
    async insertMany(records) {
      const taken: TakenRecord[] = []
      for (const [index, { type, id, username }] of records.entries()) {
        const name = `${type}/${id}`
        if (ids.has(name) || (await store.get(type, id))) {
          taken.push({ index, field: 'device id' })
        } else if (usernames.has(username) || (await store.findByUsername(username))) {
          taken.push({ index, field: 'user name' })
        } else {
          ids.add(name)
          usernames.add(username)
        }
      }
      return taken
    },
  }
}
