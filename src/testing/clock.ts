/**
 * A clock that a test advances.
 *
 * @module
 */
import { clock, replaceClock, runtimeClock } from '../base/clock.ts'
import { ConfigError } from '../base/errors.ts'

/** Time that stands still until a test lets it pass. Make one with {@link virtualClock}. */
export interface VirtualClock extends Disposable {
  /** Its date: milliseconds since the Unix epoch. */
  readonly now: number
  /** How many timers wait for it. */
  readonly waiting: number
  /**
   * Lets time pass: whatever is due within it happens in order, each when it is due. Settles when all that
   * came of it is done, as far as it waits for nothing from outside the process. Calls follow one another.
   *
   * @param seconds At least 0, in whole milliseconds; 0 lets what is under way come to its end.
   * @throws {TypeError} If it is no such number.
   */
  advance(seconds: number): Promise<void>
  /**
   * Gives the runtime's clock its place back. What still waits goes on by that one, for the time it has
   * left. A second call does nothing.
   */
  close(): void
  /** {@link VirtualClock.close}, for `using`. */
  [Symbol.dispose](): void
}

/**
 * Puts a clock that stands still in the place of the one that fleets, hubs, presence, keys in memory,
 * the broker in memory and what is in this entry point live by: time-outs, pauses, expiry, heartbeats. It
 * begins at the present time, and lasts until it is closed. Timers and dates of everybody else are as they
 * were, and so are those of brokers that are reached over a network.
 *
 * @throws {ConfigError} If another one is not closed yet: there is one for the process.
 *
 * @example
 * ```ts
 * import { memoryKeys } from 'devicehub'
 * import { virtualClock } from 'devicehub/testing'
 *
 * const clock = virtualClock()
 * const keys = memoryKeys()
 * keys.set('a', '1', 60)
 * await clock.advance(60)
 * keys.get('a') // undefined
 * clock.close()
 * ```
 */
export function virtualClock(): VirtualClock {
  if (clock() !== runtimeClock) {
    throw new ConfigError('clock', 'is virtual already: close the one before')
  }
  const begun = { date: runtimeClock.date(), now: runtimeClock.now() }
  const timers = new Set<Timer>()
  /** Milliseconds since it began. */
  let passed = 0
  /** How many callbacks wait for a later turn. */
  let turns = 0
  let advancing: Promise<void> = Promise.resolve()
  let isClosed = false

  const restore = replaceClock({
    now: () => begun.now + passed,
    date: () => Math.floor(begun.date + passed),
    after(delay, run, isIdle = false) {
      const timer: Timer = { at: passed + delay, run, isIdle, cancel: () => timers.delete(timer) }
      timers.add(timer)
      return () => timer.cancel()
    },
    soon(run) {
      turns++
      runtimeClock.soon(() => {
        turns--
        run()
      })
    },
  })

  /** Settles when nothing is under way that waits for no timer and nothing outside. */
  async function settle(): Promise<void> {
    do await new Promise<void>((resolve) => runtimeClock.soon(resolve))
    while (turns > 0)
  }

  async function pass(milliseconds: number): Promise<void> {
    const end = passed + milliseconds
    for (;;) {
      await settle()
      const timer = earliest(timers)
      if (isClosed || !timer || timer.at > end) break
      timers.delete(timer)
      passed = Math.max(passed, timer.at)
      timer.run()
    }
    passed = end
  }

  const virtual: VirtualClock = {
    get now() {
      return Math.floor(begun.date + passed)
    },
    get waiting() {
      return timers.size
    },
    async advance(seconds) {
      if (!Number.isFinite(seconds) || seconds < 0) {
        throw new TypeError('seconds must be a number of at least 0')
      }
      const passing = advancing.then(() => pass(Math.round(seconds * 1_000)))
      advancing = passing.catch(() => {})
      await passing
    },
    close() {
      if (isClosed) return
      isClosed = true
      restore()
      for (const timer of timers) {
        timer.cancel = runtimeClock.after(Math.max(timer.at - passed, 0), timer.run, timer.isIdle)
      }
      timers.clear()
    },
    [Symbol.dispose]() {
      virtual.close()
    },
  }
  return virtual
}

interface Timer {
  /** When it is due, in milliseconds since the clock began. */
  readonly at: number
  readonly run: () => void
  readonly isIdle: boolean
  /** Prevents it, whichever clock it waits for. */
  cancel: () => void
}

/** The one that is due first; of several, the one that was set first. */
function earliest(timers: ReadonlySet<Timer>): Timer | undefined {
  let first: Timer | undefined
  for (const timer of timers) if (!first || timer.at < first.at) first = timer
  return first
}
