/**
 * A clock that goes on as soon as something waits for it.
 *
 * @module
 */
import { Clocks } from './clocks.ts'

/** Longer waits are none that a test of deadlines is about: they stay as they are. */
const MAX_WAIT_MS = 5_000

/** A clock for durations that timers of up to 5 s move on, at once. */
export interface FastClock extends Disposable {
  /** Milliseconds that have passed. */
  passed(): number
}

/** Takes the place of the runtime's clocks and timers until disposed. */
export function fastClock(): FastClock {
  const clocks = new Clocks()
  const real = globalThis.setTimeout
  const start = performance.now()
  globalThis.setTimeout = ((run: () => void, wait: number) => {
    if (wait > MAX_WAIT_MS) return real(run, wait)
    return real(() => {
      clocks.pass(wait)
      run()
    }, 1)
  }) as typeof setTimeout
  return {
    passed: () => performance.now() - start,
    [Symbol.dispose]() {
      globalThis.setTimeout = real
      clocks[Symbol.dispose]()
    },
  }
}
