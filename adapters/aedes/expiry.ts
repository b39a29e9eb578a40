/**
 * Logins that end by themselves, and when they do.
 *
 * @module
 */
import type { Principal } from '../../src/rule/principal.ts'

/** Waits for logins to expire. */
export interface ExpiryWatch {
  /**
   * Waits for the end of a principal that has one. A user name is waited for once, and until it has
   * expired, since its sessions may outlive its connections.
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
  const timers = new Map<string, ReturnType<typeof setTimeout>>()
  let closed = false
  return {
    add({ username, expiresAt }) {
      if (closed || expiresAt === undefined || timers.has(username)) return
      const end = () => {
        timers.delete(username)
        onExpired(username)
      }
      timers.set(username, setTimeout(end, expiresAt - Date.now()))
    },

    close() {
      closed = true
      for (const timer of timers.values()) clearTimeout(timer)
    },
  }
}

/** Whether a principal's login has expired. */
export function isExpired({ expiresAt }: Principal): boolean {
  return expiresAt !== undefined && Date.now() >= expiresAt
}
