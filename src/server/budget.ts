/**
 * Bytes that may be held.
 *
 * @module
 */

/** Counts what is held, within a bound and within that of a whole that it is part of. */
export class ByteBudget {
  readonly #limit: number
  readonly #whole: ByteBudget | undefined
  #used = 0

  constructor(limit: number, whole?: ByteBudget) {
    this.#limit = limit
    this.#whole = whole
  }

  /** Bytes that are held. */
  get used(): number {
    return this.#used
  }

  /** Counts some more, if there is room for them. Tells whether there was. */
  take(bytes: number): boolean {
    if (this.#used + bytes > this.#limit) return false
    if (this.#whole && !this.#whole.take(bytes)) return false
    this.#used += bytes
    return true
  }

  /** Counts some less. */
  give(bytes: number): void {
    this.#used -= bytes
    this.#whole?.give(bytes)
  }
}
