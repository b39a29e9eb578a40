/**
 * A clock that a test turns, in place of those of the runtime: `Date.now`, `performance.now` and the
 * timers of whoever runs in this process. Sockets go on as ever.
 *
 * @module
 */

interface Timer {
  readonly at: number
  readonly run: () => void
}

/** Stands at 0 until it is turned, and in place of the runtime's until disposed. */
export class Clock implements Disposable {
  readonly #real = { now: Date.now, steady: performance.now, setTimeout, clearTimeout }
  readonly #timers = new Set<Timer>()
  #now = 0

  constructor() {
    Date.now = () => this.#now
    performance.now = () => this.#now
    const { setTimeout, clearTimeout } = this.#real
    const start = (run: () => void, ms = 0) => {
      // No time, but a turn of the event loop.
      if (ms === 0) return setTimeout(run)
      const timer = { at: this.#now + ms, run }
      this.#timers.add(timer)
      return timer
    }
    const stop = (timer: Timer | ReturnType<typeof setTimeout> | undefined): void => {
      if (!this.#timers.delete(timer as Timer)) clearTimeout(timer as ReturnType<typeof setTimeout>)
    }
    Object.assign(globalThis, { setTimeout: start, clearTimeout: stop })
  }

  /** Milliseconds. */
  get now(): number {
    return this.#now
  }

  /** When the next timer ends. */
  get next(): number {
    return Math.min(...[...this.#timers].map(({ at }) => at))
  }

  /** Turns it on to a time, no later than that of the next timer, which ends then. */
  turn(time: number): void {
    this.#now = time
    for (const timer of this.#timers) {
      if (timer.at > time) continue
      this.#timers.delete(timer)
      timer.run()
    }
  }

  [Symbol.dispose](): void {
    Date.now = this.#real.now
    performance.now = this.#real.steady
    Object.assign(globalThis, {
      setTimeout: this.#real.setTimeout,
      clearTimeout: this.#real.clearTimeout,
    })
  }
}
