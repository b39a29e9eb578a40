/**
 * Does something at a rate, and no faster than it is done.
 *
 * @module
 */
import { clock } from '../../../src/base/clock.ts'

/** What came of it. */
export interface Tally {
  done: number
  failed: number
  /** What was due while too much was under way. */
  skipped: number
  /** Of the last ones, in milliseconds. */
  readonly times: number[]
  /** The first failure. */
  error?: unknown
}

/** Milliseconds from one look to the next at what is due. */
const TICK_MS = 20
/** Most that is under way. */
const UNDER_WAY = 1_000
const KEPT_TIMES = 10_000

/**
 * Does it until it is stopped. Settles when nothing is under way.
 *
 * @param rate How often in a second.
 * @param stopped Ends it.
 * @param work Is told how often it was done.
 */
export async function atRate(
  rate: number,
  stopped: AbortSignal,
  tally: Tally,
  work: (n: number) => Promise<void>,
): Promise<void> {
  const begin = clock().now()
  const underWay = new Set<Promise<void>>()
  let due = 0
  const one = async (n: number) => {
    const from = clock().now()
    try {
      await work(n)
      tally.done++
      tally.times[tally.done % KEPT_TIMES] = clock().now() - from
    } catch (error) {
      tally.error ??= error
      tally.failed++
    }
  }
  while (!stopped.aborted) {
    const wanted = Math.floor(((clock().now() - begin) / 1_000) * rate) + 1
    for (; due < wanted; due++) {
      if (underWay.size >= UNDER_WAY) {
        tally.skipped++
        continue
      }
      const started = one(due)
      underWay.add(started)
      void started.then(() => underWay.delete(started))
    }
    await pause(stopped)
  }
  await Promise.all(underWay)
}

function pause(stopped: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer)
      stopped.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, TICK_MS)
    stopped.addEventListener('abort', end, { once: true })
  })
}
