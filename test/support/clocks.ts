/**
 * Both clocks of the runtime in a test's hands: time that passes for both, and a wall clock that is set
 * back or on. Timers go on as ever.
 *
 * @module
 */

/** In place of `Date.now` and `performance.now` until disposed. Both stand still until told. */
export class Clocks implements Disposable {
  readonly #real = { wall: Date.now, steady: performance.now }
  #wall = Date.now()
  // Whole, so that what passes adds up without a rest.
  #steady = Math.ceil(performance.now())

  constructor() {
    Date.now = () => this.#wall
    performance.now = () => this.#steady
  }

  /** Lets milliseconds pass. */
  pass(ms: number): void {
    this.#wall += ms
    this.#steady += ms
  }

  /** Sets the wall clock on, or back if negative. */
  setWall(ms: number): void {
    this.#wall += ms
  }

  [Symbol.dispose](): void {
    Date.now = this.#real.wall
    performance.now = this.#real.steady
  }
}
