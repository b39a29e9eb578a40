/**
 * What was read from a store, for a while. Read again after that, and after it was forgotten.
 *
 * @module
 */
import { clock } from './clock.ts'
import { andThen, type MaybePromise } from './maybe-promise.ts'
import { type RecentMap, recentMap } from './recent-map.ts'

/** What was read, and how it is found again. */
export interface ReadValue<V> {
  readonly key: string
  readonly value: V
  /** When it ends by itself, in milliseconds since the epoch. Left out if it does not. */
  readonly endsAt?: number | undefined
}

interface Entry<V> extends Omit<ReadValue<V>, 'key'> {
  /** When it is to be read again, by the clock for durations. Default: {@link clock}. */
  readonly until: number
}

/** See {@link readCache}. */
export interface ReadCache<V> {
  /** What is kept, if it still counts. */
  get(key: string): V | undefined
  /**
   * Reads, and keeps what is found. Nothing that is read while something is forgotten is kept, since
   * it may be from before; and that there is nothing is never kept.
   *
   * @param read Reads it from where it is stored. The lifetime begins before that.
   */
  read(read: () => MaybePromise<ReadValue<V> | undefined>): MaybePromise<V | undefined>
  /** Forgets one, since something about it changed. */
  forget(key: string): void
  /** Forgets all of them. */
  forgetAll(): void
}

/**
 * Makes a cache.
 *
 * @param size Most that is kept; beyond it the half read longest ago is forgotten.
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

    read(read) {
      const before = changes
      const until = now() + lifetime
      return andThen(read(), (found) => {
        if (found === undefined) return undefined
        const { key, value, endsAt } = found
        if (lifetime > 0 && changes === before) entries.set(key, { value, endsAt, until })
        return value
      })
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
