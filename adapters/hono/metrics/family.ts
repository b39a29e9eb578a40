/**
 * Metrics as plain values, and the counters that they come from.
 *
 * @module
 */

/** What a sample is told apart by. */
export type Labels = Readonly<Record<string, string>>

/** One number of a family. */
export interface MetricSample {
  /** What follows the name of the family, such as `_total`. */
  readonly suffix: '' | '_total' | '_bucket' | '_sum' | '_count'
  readonly labels: Labels
  readonly value: number
}

/** A metric, with all its samples, as OpenMetrics 1.0 has it. */
export interface MetricFamily {
  /** Such as `devicehub_logins`. Where there is a unit it ends with it. */
  readonly name: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly unit?: 'seconds' | 'bytes'
  /** One line that says what it is. */
  readonly help: string
  readonly samples: readonly MetricSample[]
}

/** What it is called, beside its samples. */
export type Described = Omit<MetricFamily, 'samples' | 'type'>

/** Counts by labels. */
export class Counted {
  readonly #described: Described
  readonly #counts = new Map<string, { readonly labels: Labels; value: number }>()

  constructor(described: Described) {
    this.#described = described
  }

  add(labels: Labels): void {
    const key = Object.values(labels).join('\n')
    const count = this.#counts.get(key)
    if (count) count.value++
    else this.#counts.set(key, { labels, value: 1 })
  }

  get family(): MetricFamily {
    const samples = [...this.#counts.values()].map(({ labels, value }): MetricSample => {
      return { suffix: '_total', labels, value }
    })
    return { ...this.#described, type: 'counter', samples }
  }
}

/** Upper bounds in seconds: from a decision in memory to a command that is answered at last. */
const BOUNDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]
const LAST = BOUNDS.length

interface Spread {
  readonly labels: Labels
  /** How many there were up to each bound and above the one before, and above all. */
  readonly counts: number[]
  sum: number
}

/** Durations by labels. */
export class Timed {
  readonly #described: Described
  readonly #spreads = new Map<string, Spread>()

  constructor(described: Described) {
    this.#described = { ...described, unit: 'seconds' }
  }

  add(labels: Labels, seconds: number): void {
    const key = Object.values(labels).join('\n')
    let spread = this.#spreads.get(key)
    if (!spread) {
      spread = { labels, counts: new Array<number>(LAST + 1).fill(0), sum: 0 }
      this.#spreads.set(key, spread)
    }
    const found = BOUNDS.findIndex((bound) => seconds <= bound)
    spread.counts[found < 0 ? LAST : found]!++
    spread.sum += seconds
  }

  get family(): MetricFamily {
    return {
      ...this.#described,
      type: 'histogram',
      samples: [...this.#spreads.values()].flatMap(read),
    }
  }
}

function read({ labels, counts, sum }: Spread): MetricSample[] {
  let count = 0
  const buckets = counts.map((more, i): MetricSample => {
    count += more
    const le = i === LAST ? '+Inf' : String(BOUNDS[i]).replace(/^\d+$/, '$&.0')
    return { suffix: '_bucket', labels: { ...labels, le }, value: count }
  })
  return [
    ...buckets,
    { suffix: '_sum', labels, value: sum },
    { suffix: '_count', labels, value: count },
  ]
}
