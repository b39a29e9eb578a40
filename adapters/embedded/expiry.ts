/**
 * Logins that end by themselves, and when they do.
 *
 * @module
 */
import type { Principal } from '../../src/rule/principal.ts'

/** How long is waited at once, in milliseconds: the clock that a login ends by may be set. */
const LOOK_AGAIN_MS = 60_000

/** Waits for logins to expire. */
export interface ExpiryWatch {
  /**
   * Waits for the end of a principal that has one. A user name is waited for once, and until the last
   * of its logins has expired: a token that was renewed keeps its sessions, and those may outlive
   * connections. A connection of a login that has expired before may do nothing any more.
   */
  add(principal: Principal): void
  /** Stops waiting, for good. */
  close(): void
}

/**
 * Makes a watch.
 *
 * @param onExpired Told a user name when its login has expired.
 */
export function expiryWatch(onExpired: (username: string) => void): ExpiryWatch {
  const waiting = new Map<string, { expiresAt: number; timer: ReturnType<typeof setTimeout> }>()
  let closed = false

  function arm(username: string, expiresAt: number): void {
    const left = expiresAt - Date.now()
    const timer = setTimeout(() => end(username, expiresAt), Math.min(left, LOOK_AGAIN_MS))
    waiting.set(username, { expiresAt, timer })
  }

  function end(username: string, expiresAt: number): void {
    if (Date.now() < expiresAt) {
      arm(username, expiresAt)
      return
    }
    waiting.delete(username)
    onExpired(username)
  }

  return {
    add({ username, expiresAt }) {
      if (closed || expiresAt === undefined) return
      const before = waiting.get(username)
      if (before && before.expiresAt >= expiresAt) return
      clearTimeout(before?.timer)
      arm(username, expiresAt)
    },

    close() {
      closed = true
      for (const { timer } of waiting.values()) clearTimeout(timer)
    },
  }
}

/** Whether a principal's login has expired. */
export function isExpired({ expiresAt }: Principal): boolean {
  return expiresAt !== undefined && Date.now() >= expiresAt
}
