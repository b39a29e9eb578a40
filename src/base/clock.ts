/**
 * The clock for durations.
 *
 * @module
 */

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
