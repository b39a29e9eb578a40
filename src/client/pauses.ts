/**
 * How long to wait before a connection is tried again.
 *
 * @module
 */

import type { AbortSignalLike } from '../base/abort-signal.ts'

/** Milliseconds: the longest that the first pause of a row may be. */
const FIRST = 1_000
/** Milliseconds: the longest pause after a connection was lost, or could not be made. */
const LONGEST_AFTER_LOSS = 30_000
/** Milliseconds: the longest pause after the broker refused one. */
const LONGEST_AFTER_REFUSAL = 60_000
/** Milliseconds after which a connection counts as good, so that the rows begin anew. */
const GOOD_AFTER = 30_000

/**
 * Two rows of pauses that double, for a broker that starts is first unreachable and then refuses: the
 * long pauses of the one are not to be those of the other.
 */
export class Pauses {
  #losses = 0
  #refusals = 0

  /** Drawn evenly from 0 to the longest (full jitter), so that clients do not all come back at once. */
  afterLoss(): number {
    return Math.round(Math.random() * longest(this.#losses++, LONGEST_AFTER_LOSS))
  }

  /** Drawn between half of the longest and all of it: whoever knocks in vain is never quick to. */
  afterRefusal(): number {
    const all = longest(this.#refusals++, LONGEST_AFTER_REFUSAL)
    return Math.round((all * (1 + Math.random())) / 2)
  }

  /** A connection ended that stood for so many milliseconds. One that is lost at once is no good. */
  onEnd(stood: number): void {
    if (stood <= GOOD_AFTER) return
    this.#losses = 0
    this.#refusals = 0
  }
}

function longest(before: number, limit: number): number {
  return Math.min(limit, FIRST * 2 ** before)
}

/** Settles after a time, or when the signal aborts. */
export function pause(ms: number, signal: AbortSignalLike): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    signal.addEventListener('abort', end)
    if (signal.aborted) end()
  })
}
