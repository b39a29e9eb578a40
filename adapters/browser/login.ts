/**
 * As whom a page's connections are made, where a function says so. Apart, so that a program that does not
 * import it does not have it.
 *
 * @module
 */
import { ConfigError } from '../../src/base/errors.ts'
import { makeClientId } from '../../src/client/client-id.ts'
import { askCredentials, type PageCredentials } from '../../src/client/credentials.ts'
import { makeRenewal } from '../../src/client/renewal.ts'
import { findLoginProblem, type LoginOptions, type PageLogins } from './options.ts'

/**
 * Logins that a function gives, for the option `credentials`. It is called for each connection, so that what
 * is renewed, such as a token, counts from the next one, and has 10 seconds to answer, together with the
 * broker. Where it says `renewAfter`, as that of `tokenLogin` does, the connection is made anew then, before
 * the broker ends it: handlers that run come to their end first, for up to 5 seconds, and what is published
 * or subscribed meanwhile waits.
 *
 * @throws {ConfigError} If it is no function.
 *
 * @example
 * ```ts
 * import { browserBroker, credentials, tokenLogin } from 'devicehub/browser'
 *
 * const login = tokenLogin('/broker-token')
 * export async function connect() {
 *   const { url } = await login.details()
 *   return browserBroker({ url, credentials: credentials(login.credentials), sessionExpiry: 3_600 })
 * }
 * ```
 */
export function credentials(give: () => PageCredentials | Promise<PageCredentials>): PageLogins {
  if (typeof give !== 'function') throw new ConfigError('credentials', 'must be a function')
  return { makeRenewal, nextLogin: (options) => nextLogin(options, give) }
}

function nextLogin(
  { clientId, sessionExpiry }: LoginOptions,
  give: () => unknown,
): ReturnType<PageLogins['nextLogin']> {
  let owner: string | undefined
  /** Of the user name before, which may be given another time. */
  let ownId = ''
  return async (signal) => {
    const login = await askCredentials(give, checkCredentials, signal)
    const { username, password, renewAfter, expiresAt = Infinity } = login
    if (username !== owner) {
      owner = username
      ownId = makeClientId(username)
    }
    const left = Math.max(0, Math.floor((expiresAt - Date.now()) / 1000))
    return {
      username,
      password,
      clientId: clientId ?? ownId,
      sessionExpiry: Math.min(sessionExpiry, left),
      renewAfter: renewAfter && renewAfter * 1000,
    }
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
