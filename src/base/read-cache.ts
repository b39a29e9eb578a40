/**
 * What was read from a store, for a while. Read again after that, and after it was forgotten.
 *
 * @module
 */
import { type RecentMap, recentMap } from './recent-map.ts'

/** What was read, and how it is found again. */
export interface ReadValue<V> {
  readonly key: string
  readonly value: V
  /** When it ends by itself, in milliseconds since the epoch. Left out if it does not. */
  readonly endsAt?: number | undefined
}

/** See {@link readCache}. */
export interface ReadCache<V> {
  /** What is kept, if it still counts. @param now Milliseconds since the epoch. */
  get(key: string, now: number): V | undefined
  /**
   * Reads, and keeps what is found. Nothing that is read while something is forgotten is kept, since
   * it may be from before; and that there is nothing is never kept.
   *
   * @param read Reads it from where it is stored.
   */
  read(now: number, read: () => Promise<ReadValue<V> | undefined>): Promise<V | undefined>
  /** Forgets one, since something about it changed. */
  forget(key: string): void
}

/**
 * Makes a cache.
 *
 * @param size Most that is kept; beyond it the half read longest ago is forgotten.
 * @param lifetime Milliseconds for which each is kept; 0 keeps none.
 */
export function readCache<V>(size: number, lifetime: number): ReadCache<V> {
  const entries: RecentMap<string, { readonly value: V; readonly until: number }> = recentMap(size)
  let changes = 0
  return {
    get(key, now) {
      const entry = entries.get(key)
      return entry && now < entry.until ? entry.value : undefined
    },

    async read(now, read) {
      const before = changes
      const found = await read()
      if (found === undefined) return undefined
      const { key, value, endsAt = Infinity } = found
      if (lifetime > 0 && changes === before) {
        entries.set(key, { value, until: Math.min(now + lifetime, endsAt) })
      }
      return value
    },

    forget(key) {
      changes++
      entries.delete(key)
    },
  }
}
