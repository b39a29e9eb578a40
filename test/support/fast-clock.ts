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

/**
 * Takes the place of the runtime's clocks and timers until disposed. Timers run in the order in which
 * they are due: two that wait at one time wait together, not one after the other.
 */
export function fastClock(): FastClock {
  const clocks = new Clocks()
  const real = { set: globalThis.setTimeout, clear: globalThis.clearTimeout }
  const start = performance.now()
  const waiting = new Map<unknown, { readonly due: number; readonly run: () => void }>()

  /** Runs what is due first. */
  function next() {
    const [first] = [...waiting].sort(([, one], [, other]) => one.due - other.due)
    if (!first) return
    const [timer, { due, run }] = first
    waiting.delete(timer)
    clocks.pass(Math.max(0, due - performance.now()))
    run()
  }

  globalThis.setTimeout = ((run: () => void, wait: number) => {
    if (wait > MAX_WAIT_MS) return real.set(run, wait)
    const timer = real.set(next, 1)
    waiting.set(timer, { due: performance.now() + wait, run })
    return timer
  }) as typeof setTimeout
  // What runs it stays: it may be another one's turn.
  globalThis.clearTimeout = ((timer: Parameters<typeof clearTimeout>[0]) => {
    if (!waiting.delete(timer)) real.clear(timer)
  }) as typeof clearTimeout
  return {
    passed: () => performance.now() - start,
    [Symbol.dispose]() {
      globalThis.setTimeout = real.set
      globalThis.clearTimeout = real.clear
      clocks[Symbol.dispose]()
    },
  }
}
