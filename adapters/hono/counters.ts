/**
 * How often the routes answered what, for whoever watches over them.
 *
 * @module
 */

/** What came of one question. */
export interface Outcome {
  /** The name of the product that asked, such as `emqx`. */
  readonly product: string
  /** What was asked, such as `auth`. */
  readonly route: string
  readonly effect: 'allow' | 'deny'
  /**
   * A stable code: `login`, that of a login that failed or of a decision, `broker-object` for a queue
   * or the like; of an event `connected`, `disconnected`, `not-a-device` or `client-unknown`; of
   * either `broker-secret-wrong`, `request-malformed` or `failed`.
   */
  readonly code: string
}

/** Counts outcomes. Make one with {@link outcomeCounters}; one can serve several mounts. */
export interface OutcomeCounters {
  /** Counts one more. */
  add(outcome: Outcome): void
  /** Every outcome there was, with how often. */
  list(): readonly (Outcome & { readonly count: number })[]
}

/** Makes counters, all at none. They grow with the codes there are, not with what is asked. */
export function outcomeCounters(): OutcomeCounters {
  const counts = new Map<string, Outcome & { count: number }>()
  return {
    add({ product, route, effect, code }) {
      const key = `${product} ${route} ${effect} ${code}`
      const counter = counts.get(key)
      if (counter) counter.count++
      else counts.set(key, { product, route, effect, code, count: 1 })
    },
    list: () => [...counts.values()].map((counter) => ({ ...counter })),
  }
}
