/**
 * Failed logins counted for a while, so that guessing becomes slow. What cannot be guessed is not
 * slowed down: a device with a generated password is let in whoever fails under its name.
 *
 * @module
 */

/** What failed logins are counted by. */
export interface LoginSource {
  readonly username: string
  /** Where the client connects from, such as its IP address, if the broker tells. */
  readonly peer?: string | undefined
}

/** Counts failed logins. Make one with {@link loginThrottle}. */
export interface LoginThrottle {
  /** Whether a source has failed too often of late. @param now Milliseconds, of any clock. */
  isThrottled(source: LoginSource, now: number): boolean
  /** Counts a failure. */
  addFailure(source: LoginSource, now: number): void
  /** Forgets the failures of a user name, since it got in. Those of the peer stay. */
  forget(username: string): void
}

/** Failures of one user name that are let pass within {@link THROTTLE_WINDOW_MS}. */
export const MAX_USER_FAILURES = 10

/** Failures of one peer: many devices may stand behind one address. */
export const MAX_PEER_FAILURES = 100

/** How long a failure counts, in milliseconds. */
export const THROTTLE_WINDOW_MS = 60_000

/** How many user names, and how many peers, are counted. Beyond it the oldest is forgotten. */
export const MAX_THROTTLED = 10_000

/** Failures within one window, by key, oldest window first. */
class FailureCounter {
  readonly #windows = new Map<string, { failures: number; readonly until: number }>()
  readonly #limit: number

  constructor(limit: number) {
    this.#limit = limit
  }

  isOver(key: string, now: number): boolean {
    const window = this.#windows.get(key)
    return window !== undefined && now < window.until && window.failures >= this.#limit
  }

  add(key: string, now: number): void {
    const window = this.#windows.get(key)
    if (window && now < window.until) {
      window.failures++
      return
    }
    this.#windows.delete(key)
    for (const [oldest, { until }] of this.#windows) {
      if (now < until && this.#windows.size < MAX_THROTTLED) break
      this.#windows.delete(oldest)
    }
    this.#windows.set(key, { failures: 1, until: now + THROTTLE_WINDOW_MS })
  }

  forget(key: string): void {
    this.#windows.delete(key)
  }
}

/**
 * Makes a throttle: a source is throttled from its tenth failure within a minute under one user
 * name, or its hundredth from one peer, until that minute is over.
 */
export function loginThrottle(): LoginThrottle {
  const users = new FailureCounter(MAX_USER_FAILURES)
  const peers = new FailureCounter(MAX_PEER_FAILURES)
  return {
    isThrottled({ username, peer }, now) {
      return users.isOver(username, now) || (peer !== undefined && peers.isOver(peer, now))
    },
    addFailure({ username, peer }, now) {
      users.add(username, now)
      if (peer !== undefined) peers.add(peer, now)
    },
    forget(username) {
      users.forget(username)
    },
  }
}
