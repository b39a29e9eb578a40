/**
 * Work that must not run at the same time, in the order it was asked for.
 *
 * @module
 */

/** Runs one piece of work at a time. */
export class Lock {
  #last: Promise<unknown> = Promise.resolve()

  /** Settles as the work does, which begins when all before it has settled. */
  run<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work)
    this.#last = result.catch(() => {})
    return result
  }
}
