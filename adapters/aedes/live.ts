/**
 * The clients that are logged in, by user name.
 *
 * @module
 */
import type { Client } from 'aedes'

/** Who is logged in. */
export interface LiveClients {
  /** How many there are. */
  readonly size: number
  /** Puts a client in the place of the one its session had before, if any. */
  add(username: string, client: Client): void
  /** Takes a client away, and tells whether it was there. */
  delete(username: string, client: Client): boolean
  /** The latest client of each session of a user name. */
  of(username: string): readonly Client[]
  /** The user names that have one. */
  usernames(): Iterable<string>
}

/** Makes an empty list. */
export function liveClients(): LiveClients {
  /** By user name, and then by the key of the session. */
  const users = new Map<string, Map<string, Client>>()
  let size = 0
  return {
    get size() {
      return size
    },

    add(username, client) {
      const sessions = users.get(username) ?? new Map<string, Client>()
      users.set(username, sessions)
      if (!sessions.has(client.id)) size++
      sessions.set(client.id, client)
    },

    delete(username, client) {
      const sessions = users.get(username)
      if (sessions?.get(client.id) !== client) return false
      sessions.delete(client.id)
      if (sessions.size === 0) users.delete(username)
      size--
      return true
    },

    of: (username) => [...(users.get(username)?.values() ?? [])],
    usernames: () => users.keys(),
  }
}
