/**
 * The time a server lives by.
 *
 * @module
 */
import { monotonicNow } from '../base/clock.ts'

/** Tells time, and calls back. A server has no other. */
export interface ServerClock {
  /** Milliseconds since some moment, by a clock that is never set. */
  now(): number
  /** Calls once, after so many milliseconds. Returns how to prevent it. */
  after(delay: number, run: () => void): () => void
  /** Calls in a later turn of the event loop, when others had theirs. */
  soon(run: () => void): void
}

/** The runtime's own clock. */
export function runtimeClock(): ServerClock {
  const { setImmediate } = globalThis as { readonly setImmediate?: (run: () => void) => unknown }
  return {
    now: monotonicNow,
    after(delay, run) {
      const timer = setTimeout(run, delay)
      return () => clearTimeout(timer)
    },
    // A timer of 0 ms is one of 1 ms or 4, so it is for those who have nothing else.
    soon: setImmediate ? (run) => void setImmediate(run) : (run) => void setTimeout(run, 0),
  }
}
