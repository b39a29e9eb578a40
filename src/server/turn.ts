/**
 * Work in one turn of the event loop.
 *
 * @module
 */
import type { ServerClock } from './clock.ts'

/** Packets and copies of messages, for all connections beside what each has of its own. */
const SPARE_WORK = 4_500

/**
 * What connections may do in a turn beyond their own share while nobody else needs it: a message to many
 * is cheaper for each when more than one goes out at once.
 */
export class SpareWork {
  readonly #clock: ServerClock
  #left = SPARE_WORK

  constructor(clock: ServerClock) {
    this.#clock = clock
  }

  /** Takes some. Tells whether there was any left in this turn. */
  take(work: number): boolean {
    if (this.#left === SPARE_WORK) {
      this.#clock.soon(() => {
        this.#left = SPARE_WORK
      })
    }
    if (this.#left <= 0) return false
    this.#left -= work
    return true
  }
}
