/**
 * Messages a second, of the last seconds.
 *
 * @module
 */
import type { Counts, HubNow } from './source.ts'
import type { LiveHub } from './wire.ts'

const MAX_SECONDS = 5

/** Remembers what was counted in the last seconds. */
export class Rates {
  #past: { readonly at: number; readonly hubs: readonly HubNow[] }[] = []

  /**
   * The hubs with their rates.
   *
   * @param now By a clock that nobody sets, in milliseconds.
   */
  of(hubs: readonly HubNow[], now: number): readonly LiveHub[] {
    const [first] = this.#past
    const seconds = first ? (now - first.at) / 1_000 : 0
    const told = hubs.map(({ name, status, counts }, i) => {
      const before = first?.hubs[i]?.counts
      const rates = Object.entries(counts).map(([broker, count]) => {
        return [broker, rateOf(count, before?.[broker], seconds)] as const
      })
      return { name, status, rates: Object.fromEntries(rates) }
    })
    this.#past.push({ at: now, hubs })
    if (this.#past.length > MAX_SECONDS) this.#past.shift()
    return told
  }
}

function rateOf(now: Counts, before: Counts | undefined, seconds: number): Counts {
  if (!before || seconds === 0) return { handled: 0, rejected: 0 }
  const rate = (what: keyof Counts) => Math.round(((now[what] - before[what]) / seconds) * 10) / 10
  return { handled: rate('handled'), rejected: rate('rejected') }
}
