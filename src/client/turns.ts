/**
 * Work that is done one piece after another.
 *
 * @module
 */

/** Gives each piece of work its turn, in the order it was asked for. */
export class Turns {
  #last: Promise<void> | undefined

  /** Does the work when all before it has settled: at once, in this call, if there is none. */
  take<T>(work: () => Promise<T>): Promise<T> {
    const outcome = this.#last ? this.#last.then(work) : work()
    const settled = outcome.then(
      () => {},
      () => {},
    )
    this.#last = settled
    void settled.then(() => {
      if (this.#last === settled) this.#last = undefined
    })
    return outcome
  }
}
