/**
 * The clients of a user name, page by page: EMQX 4 and 5 list them alike.
 *
 * @module
 */
import { type ManagementCall, refusal } from '../../src/base/management-api.ts'
import type { KickWay } from '../../src/fleet/kick.ts'

/** Clients asked for at a time. */
const PAGE = 100
/** Most pages that are read before what they list is ended. */
const MAX_PAGES = 100

/**
 * How the clients of a user name are found.
 *
 * @param query What a page is asked for by, beside the user name.
 * @param end Ends the client of an id.
 */
export function clientsOf(
  call: ManagementCall,
  query: (page: number, limit: number) => Readonly<Record<string, string>>,
  end: (id: string) => Promise<void>,
): KickWay['list'] {
  return async (username) => {
    const sessions = new Map<string, { key: string; end: () => Promise<void> }>()
    const found = () => [...sessions.values()]
    for (let page = 1; page <= MAX_PAGES; page++) {
      const search = new URLSearchParams({ username, ...query(page, PAGE) })
      const answer = await call('GET', `/clients?${search}`)
      const { data } = (answer.body ?? {}) as { data?: unknown }
      if (answer.status !== 200 || !Array.isArray(data)) {
        throw refusal('ERR_BROKER_REFUSED', 'EMQX, GET /clients', answer)
      }
      for (const client of data) {
        const { clientid, username: owner, connected_at } = (client ?? {}) as Listed
        // Where durable sessions are on, those without a connection are listed whoever has them.
        if (typeof clientid !== 'string' || owner !== username) continue
        const key = JSON.stringify([clientid, connected_at])
        sessions.set(key, { key, end: () => end(clientid) })
      }
      // Its own "hasnext" may be false between the connected clients and the durable sessions.
      if (data.length < PAGE) return { sessions: found() }
    }
    return { sessions: found(), more: `lists more than ${PAGE * MAX_PAGES} clients and sessions` }
  }
}

interface Listed {
  readonly clientid?: unknown
  readonly username?: unknown
  /** Tells a connection from the one before it. */
  readonly connected_at?: unknown
}
