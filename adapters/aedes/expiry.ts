/**
 * Logins that end by themselves, and when they do.
 *
 * @module
 */
import type { Principal } from '../../src/rule/principal.ts'

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
  return {
    add({ username, expiresAt }) {
      if (closed || expiresAt === undefined) return
      const before = waiting.get(username)
      if (before && before.expiresAt >= expiresAt) return
      clearTimeout(before?.timer)
      const end = () => {
        waiting.delete(username)
        onExpired(username)
      }
      waiting.set(username, { expiresAt, timer: setTimeout(end, expiresAt - Date.now()) })
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
