/**
 * Clocks: that of the runtime, and the one that the fleet, the hub and the broker in memory live by.
 *
 * @module
 */

/** Tells time, and calls back. */
export interface Clock {
  /** Milliseconds since some moment, by a clock that nobody sets: for durations. */
  now(): number
  /** Milliseconds since the Unix epoch: for points in time. */
  date(): number
  /**
   * Calls once, after so many milliseconds. Returns how to prevent it.
   *
   * @param isIdle Whether a process may end without it, where it can. Default: `false`.
   */
  after(delay: number, run: () => void, isIdle?: boolean): () => void
  /** Calls in a later turn of the event loop, when others had theirs. */
  soon(run: () => void): void
}

/**
 * Milliseconds since some moment, by a clock that nobody sets: what is kept for a while, or waited for,
 * is measured by it, so that it ends in time when the wall clock is set back or on. For a point in
 * time that is stored, shared or told it means nothing: that is `Date.now()`.
 *
 * On Node, Bun, Deno and in browsers it is monotonic (High Resolution Time, section 3). On Cloudflare
 * Workers it tells the time of the last input or output: it stands still while a request computes, see
 * {@link awaitInput}.
 */
export function monotonicNow(): number {
  return performance.now()
}

/**
 * Settles after an input, from which on a clock that stood still tells the time. A timer is none: where
 * clocks stand still they tell, when it runs, the time at which it was due.
 */
export async function awaitInput(): Promise<void> {
  await new Response('').text()
}

/** The runtime's own clock. */
export const runtimeClock: Clock = {
  now: monotonicNow,
  date: () => Date.now(),
  after(delay, run, isIdle = false) {
    const timer = setTimeout(run, delay)
    // A timer is a number in browsers and edge workers.
    if (isIdle) (timer as { unref?: () => void }).unref?.()
    return () => clearTimeout(timer)
  },
  soon(run) {
    const { setImmediate } = globalThis as { readonly setImmediate?: (run: () => void) => unknown }
    // A timer of 0 ms is one of 1 ms or 4, so it is for those who have nothing else.
    if (setImmediate) setImmediate(run)
    else setTimeout(run, 0)
  },
}

let current = runtimeClock

/**
 * The clock that the fleet, the hub, presence and the broker in memory live by: the runtime's, unless a
 * test has put another in its place. What waits for a network, and what measures work, asks the runtime.
 */
export function clock(): Clock {
  return current
}

/** Puts another clock in the place of {@link clock}. Returns how to have the one before back. */
export function replaceClock(next: Clock): () => void {
  const before = current
  current = next
  return () => {
    current = before
  }
}
