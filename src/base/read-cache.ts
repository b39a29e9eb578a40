/**
 * What was read from a store, for a while. Read again after that, and after it was forgotten.
 *
 * @module
 */
import { clock } from './clock.ts'
import { type RecentMap, recentMap } from './recent-map.ts'

/** What is kept of a key. Renewed in place, so that who is read again and again makes nobody forgotten. */
interface Entry<V> {
  value: V
  /** When it ends by itself, in milliseconds since the epoch. `undefined` if it does not. */
  endsAt: number | undefined
  /** When it is to be read again, by the clock for durations. Default: {@link clock}. */
  until: number
}

/** One reading that was begun. */
export interface Reading {
  /** How often something was forgotten before. */
  readonly changes: number
  readonly until: number
}

/** See {@link readCache}. */
export interface ReadCache<V> {
  /** What is kept, if it still counts. */
  get(key: string): V | undefined
  /** What was kept last, whether it still counts or not, unless it was forgotten. */
  getPast(key: string): V | undefined
  /** Begins to read: the lifetime of what is found begins here. */
  begin(): Reading
  /**
   * Keeps what was read. Nothing that was read while something is forgotten is kept, since it may be from
   * before.
   *
   * @param endsAt When it ends by itself, in milliseconds since the epoch. `undefined` if it does not.
   */
  keep(reading: Reading, key: string, value: V, endsAt: number | undefined): void
  /** Forgets one, since something about it changed. */
  forget(key: string): void
  /** Forgets all of them. */
  forgetAll(): void
}

/**
 * Makes a cache.
 *
 * @param size Most that is kept; beyond it the half that is kept longest is forgotten.
 * @param lifetime Milliseconds for which each is kept; 0 keeps none.
 * @param now Milliseconds, by the clock for durations. Default: {@link clock}.
 */
export function readCache<V>(
  size: number,
  lifetime: number,
  now: () => number = () => clock().now(),
): ReadCache<V> {
  const entries: RecentMap<string, Entry<V>> = recentMap(size)
  let changes = 0
  return {
    get(key) {
      const entry = entries.get(key)
      return entry && now() < entry.until && !isOver(entry) ? entry.value : undefined
    },

    getPast: (key) => entries.get(key)?.value,

    begin: () => ({ changes, until: now() + lifetime }),

    keep({ changes: before, until }, key, value, endsAt) {
      if (lifetime === 0 || changes !== before) return
      const past = entries.get(key)
      if (!past) {
        entries.set(key, { value, endsAt, until })
        return
      }
      past.value = value
      past.endsAt = endsAt
      past.until = until
    },

    forget(key) {
      changes++
      entries.delete(key)
    },

    forgetAll() {
      changes++
      entries.clear()
    },
  }
}

/** Whether the wall clock says that it has ended: that of a token is a point in time. */
function isOver({ endsAt }: Entry<unknown>): boolean {
  return endsAt !== undefined && clock().date() >= endsAt
}
