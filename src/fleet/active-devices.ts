/**
 * Which devices are on record and not revoked, as they were last read: a hub asks for each message.
 *
 * @module
 */
import type { MaybePromise } from '../base/maybe-promise.ts'
import { type ReadCache, readCache } from '../base/read-cache.ts'
import { type RecentMap, recentMap } from '../base/recent-map.ts'
import type { DeviceStore } from '../device/store.ts'

/** How many devices are kept. Beyond it the half read longest ago is forgotten. */
export const MAX_ACTIVE_DEVICES = 20_000

/** See {@link activeDevices}. */
export interface ActiveDevices {
  /**
   * Whether a device is active: as kept, and then at once, or as read now. That one is not is never
   * kept, and neither is what was read while something was forgotten: it may be from before.
   *
   * @param now Milliseconds since the epoch.
   */
  has(type: string, id: string, now: number): MaybePromise<boolean>
  /** Forgets the device with a user name, since something about it changed. */
  forget(username: string): void
}

/** Keeps devices for a while. @param lifetime Milliseconds for which one is kept; 0 keeps none. */
export function activeDevices(store: DeviceStore, lifetime: number): ActiveDevices {
  const active: ReadCache<true> = readCache(MAX_ACTIVE_DEVICES, lifetime)
  /** The names of devices whose user name is another one. */
  const names: RecentMap<string, string> = recentMap(MAX_ACTIVE_DEVICES)

  async function read(type: string, id: string, name: string, now: number): Promise<boolean> {
    const found = await active.read(name, now, async () => {
      const record = await store.get(type, id)
      if (!record || record.revoked) return undefined
      if (record.username !== name) names.set(record.username, name)
      return true
    })
    return found ?? false
  }

  return {
    has(type, id, now) {
      const name = `${type}/${id}`
      return active.get(name, now) ?? read(type, id, name, now)
    },

    forget: (username) => active.forget(names.get(username) ?? username),
  }
}
