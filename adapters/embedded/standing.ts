/**
 * When to ask again who the holder of a standing connection is: another process may have changed
 * or revoked it.
 *
 * @module
 */
import { monotonicNow } from '../../src/base/clock.ts'

/** How often user names are looked through, in milliseconds, where there are many. */
const TICK_MS = 10

/** Most questions under way at a time: the store has others to answer, too. */
export const MAX_QUESTIONS = 20

/** Asks about user names, each once in an interval. */
export interface StandingUsers {
  /** Asks about a user name from now on. */
  add(username: string): void
  /** Asks about all of them now, some at a time. */
  askAll(): void
  /** Asks about nobody any more. */
  close(): void
}

/**
 * Asks about user names one after another, so that the questions are spread over the interval
 * however many connect at once. None waits longer than the interval, unless the answers take
 * longer than that together.
 *
 * @param interval Milliseconds between two questions about one user name.
 * @param ask Asks, and settles with whether to go on. Never rejects.
 */
export function standingUsers(
  interval: number,
  ask: (username: string) => Promise<boolean>,
): StandingUsers {
  /** When each was asked about last, or came. The one that waits longest is the first. */
  const waiting = new Map<string, number>()
  let underWay = 0
  let timer: ReturnType<typeof setTimeout> | undefined
  /** When the timer ends. */
  let next = Infinity
  let closed = false

  function arm(): void {
    if (closed || underWay === MAX_QUESTIONS || waiting.size === 0) return
    const [since] = waiting.values()
    const now = monotonicNow()
    const share = now + Math.max(interval / waiting.size, TICK_MS)
    const at = Math.min(share, since! + interval)
    if (at >= next) return
    clearTimeout(timer)
    next = at
    timer = setTimeout(run, Math.max(at - now, 0))
  }

  function run(): void {
    next = Infinity
    const now = monotonicNow()
    let share = Math.ceil((waiting.size * TICK_MS) / interval)
    for (const [username, since] of waiting) {
      if (underWay === MAX_QUESTIONS || (share <= 0 && since + interval > now)) break
      share--
      waiting.delete(username)
      void askAbout(username)
    }
    arm()
  }

  async function askAbout(username: string): Promise<void> {
    underWay++
    const goOn = await ask(username)
    underWay--
    // It may have come anew meanwhile.
    if (goOn && !waiting.has(username)) waiting.set(username, monotonicNow())
    arm()
  }

  return {
    add(username) {
      if (waiting.has(username)) return
      waiting.set(username, monotonicNow())
      arm()
    },

    askAll() {
      const due = monotonicNow() - interval
      for (const username of waiting.keys()) waiting.set(username, due)
      arm()
    },

    close() {
      closed = true
      clearTimeout(timer)
    },
  }
}
