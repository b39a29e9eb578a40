/**
 * As whom a page's connections are made.
 *
 * @module
 */
import { makeClientId } from '../../src/client/client-id.ts'
import { askCredentials, type PageCredentials } from '../../src/client/credentials.ts'
import type { Logins } from '../../src/client/settings.ts'
import { type BrowserSettings, findLoginProblem } from './options.ts'

/** The logins of a broker, one after the other. */
export function pageLogins(options: BrowserSettings): Logins {
  const { credentials, username, password, sessionExpiry } = options
  let owner = username
  /** Of the user name before, which may be given another time. */
  let clientId = options.clientId ?? makeClientId(owner)
  return {
    async next(signal) {
      signal.throwIfAborted()
      if (!credentials) return { username, password, clientId, sessionExpiry }
      const login = await askCredentials(credentials, checkCredentials, signal)
      const { renewAfter, expiresAt = Infinity } = login
      if (login.username !== owner) {
        owner = login.username
        clientId = options.clientId ?? makeClientId(owner)
      }
      const left = Math.max(0, Math.floor((expiresAt - Date.now()) / 1000))
      return {
        username: owner,
        password: login.password,
        clientId,
        sessionExpiry: Math.min(sessionExpiry, left),
        renewAfter: renewAfter && renewAfter * 1000,
      }
    },
  }
}

function checkCredentials(given: unknown): PageCredentials | string {
  const login = { ...(given as PageCredentials) }
  for (const name of ['username', 'password'] as const) {
    const problem = findLoginProblem(login[name])
    if (problem) return `${name}: ${problem}`
  }
  return login
}
