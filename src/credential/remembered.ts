/**
 * What was done a short while ago, such as which chosen passwords were verified.
 *
 * @module
 */
import { monotonicNow } from '../base/clock.ts'

/** Remembers for a while, and no more than so many. */
export interface Remembered {
  add(key: string): void
  has(key: string): boolean
}

/**
 * Makes an empty one. Over `limit`, the one that was added first is forgotten first.
 *
 * @param lifetime Milliseconds; looking one up does not prolong it.
 * @param now Milliseconds on any clock. Default: the clock for durations.
 */
export function remembered(
  lifetime: number,
  limit: number,
  now: () => number = monotonicNow,
): Remembered {
  const expiries = new Map<string, number>()
  return {
    add(key) {
      expiries.delete(key)
      expiries.set(key, now() + lifetime)
      for (const [oldest, expiry] of expiries) {
        if (expiries.size <= limit && expiry > now()) break
        expiries.delete(oldest)
      }
    },
    has(key) {
      const expiry = expiries.get(key)
      if (expiry === undefined) return false
      if (expiry > now()) return true
      expiries.delete(key)
      return false
    },
  }
}
