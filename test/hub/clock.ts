/**
 * Timers that a test turns on by hand, so that a pause of an hour takes no time and ends no sooner.
 *
 * @module
 */
import { setImmediate } from 'node:timers/promises'

/** Milliseconds since the clock was made. In place of the timers of the runtime until it is disposed. */
export class Clock implements Disposable {
  readonly #setTimeout = globalThis.setTimeout
  readonly #clearTimeout = globalThis.clearTimeout
  readonly #timers = new Map<number, { readonly at: number; readonly run: () => void }>()
  #count = 0
  now = 0

  constructor() {
    const set = (run: () => void, delay = 0) => {
      this.#timers.set(++this.#count, { at: this.now + delay, run })
      return this.#count
    }
    const clear = (id: number) => this.#timers.delete(id)
    globalThis.setTimeout = set as unknown as typeof setTimeout
    globalThis.clearTimeout = clear as unknown as typeof clearTimeout
  }

  /** How many timers are not due yet. */
  get waiting(): number {
    return this.#timers.size
  }

  /** Lets everything happen that is due up to a time, one timer after the other. */
  async advanceTo(time: number): Promise<void> {
    for (;;) {
      await setImmediate() // All that needs no timer is done then.
      const due = [...this.#timers].filter(([, { at }]) => at <= time)
      if (due.length === 0) break
      const [id, { at, run }] = due.reduce((first, next) =>
        next[1].at < first[1].at ? next : first,
      )
      this.#timers.delete(id)
      this.now = at
      run()
    }
    this.now = time
  }

  [Symbol.dispose](): void {
    globalThis.setTimeout = this.#setTimeout
    globalThis.clearTimeout = this.#clearTimeout
  }
}
