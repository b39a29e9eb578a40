/**
 * How often each owner may publish.
 *
 * @module
 */

/** With so many owners, and each time they have doubled, those whose bucket is full are forgotten. */
const SWEEP_SIZE = 1_000

/** A bound on publishes, for each owner, as a bucket that holds those of one second. */
export class PublishRate {
  readonly #perSecond: number
  /** By owner, when its bucket is full again, in milliseconds. */
  readonly #fullAt = new Map<string, number>()
  #sweepSize = SWEEP_SIZE

  /** @param perSecond Publishes a second; `Infinity` for no bound. */
  constructor(perSecond: number) {
    this.#perSecond = perSecond
  }

  /** Counts one publish. Returns the milliseconds until the next one is in time; 0 if it is at once. */
  take(owner: string, now: number): number {
    if (this.#perSecond === Infinity) return 0
    if (this.#fullAt.size >= this.#sweepSize) this.#sweep(now)
    const fullAt = Math.max(this.#fullAt.get(owner) ?? 0, now) + 1_000 / this.#perSecond
    this.#fullAt.set(owner, fullAt)
    return Math.max(fullAt - now - 1_000 + 1_000 / this.#perSecond, 0)
  }

  #sweep(now: number): void {
    for (const [owner, fullAt] of this.#fullAt) if (fullAt <= now) this.#fullAt.delete(owner)
    this.#sweepSize = Math.max(this.#fullAt.size * 2, SWEEP_SIZE)
  }
}
