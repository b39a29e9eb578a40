/**
 * A clock that the fuzz moves.
 *
 * @module
 */
import type { ServerClock } from '../../../src/server/clock.ts'

/** Stands still until it is moved. */
export class MovedClock implements ServerClock {
  #now = 0
  #timers = new Set<{ readonly at: number; readonly run: () => void }>()
  #soon: (() => void)[] = []

  now(): number {
    return this.#now
  }

  after(delay: number, run: () => void): () => void {
    const timer = { at: this.#now + delay, run }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  soon(run: () => void): void {
    this.#soon.push(run)
  }

  /** Gives a turn to all that asked for one. Tells whether there was any. */
  turn(): boolean {
    const due = this.#soon
    this.#soon = []
    for (const run of due) run()
    return due.length > 0
  }

  /** Moves to the next timer that is due within so many milliseconds, or to their end. */
  step(end: number): boolean {
    let next: { readonly at: number; readonly run: () => void } | undefined
    for (const timer of this.#timers) {
      if (timer.at <= end && (!next || timer.at < next.at)) next = timer
    }
    if (!next) {
      this.#now = end
      return false
    }
    this.#timers.delete(next)
    this.#now = Math.max(this.#now, next.at)
    next.run()
    return true
  }
}
