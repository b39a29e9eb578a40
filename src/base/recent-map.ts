/**
 * A map with a bound, which forgets what was set longest ago. By hand: the package `lru-cache` is 18 kB
 * in an edge worker of some 100, and takes more than twice as long to set an entry.
 *
 * @module
 */

/** See {@link recentMap}. */
export interface RecentMap<K, V> {
  get(key: K): V | undefined
  set(key: K, value: V): void
  delete(key: K): void
  clear(): void
}

/**
 * Makes a map that holds at most `size` entries, an even number. Beyond it the half that was set
 * longest ago goes as a whole: that takes less than to find the oldest entry each time.
 */
export function recentMap<K, V>(size: number): RecentMap<K, V> {
  let newer = new Map<K, V>()
  let older = new Map<K, V>()
  return {
    get: (key) => newer.get(key) ?? older.get(key),
    set(key, value) {
      if (newer.size === size / 2) {
        older = newer
        newer = new Map()
      }
      newer.set(key, value)
    },
    delete(key) {
      newer.delete(key)
      older.delete(key)
    },
    clear() {
      newer.clear()
      older.clear()
    },
  }
}
