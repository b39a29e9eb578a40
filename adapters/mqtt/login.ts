/**
 * As whom a broker's connections are made: user name and password, which a function may give, and the
 * client id that goes with them.
 *
 * @module
 */
import { BrokerError } from '../../src/base/errors.ts'
import { makeClientId } from '../../src/client/client-id.ts'
import { askCredentials, type Credentials } from '../../src/client/credentials.ts'
import type { Login } from '../../src/client/wire.ts'
import { renewalDelay } from '../../src/credential/renewal.ts'
import { readTokenExpiry } from '../../src/credential/token-expiry.ts'
import type { ResolvedBrokerConfig } from './config.ts'
import { parseCredentials } from './credentials.ts'

/** The logins of a broker, one after the other. */
export class ConfiguredLogins {
  readonly #config: ResolvedBrokerConfig
  /** Whose client id it is, where it is made of the user name. */
  #owner: string | undefined
  #clientId: string | undefined
  readonly #renewals = new Renewals()

  constructor(config: ResolvedBrokerConfig) {
    const { username, credentials } = config
    this.#config = config
    this.#owner = username
    this.#clientId = config.clientId ?? (credentials ? undefined : makeClientId(username))
  }

  /**
   * The error for a login that was refused and always will be: its token has expired by the clock,
   * and no function gives another one.
   */
  refusedForGood(error: unknown): BrokerError | undefined {
    const { username = '', password = '' } = this.#config
    if (!(error instanceof BrokerError) || error.code !== 'ERR_BROKER_LOGIN_REFUSED') {
      return undefined
    }
    const expiresAt = readTokenExpiry(username, password)
    if (expiresAt === undefined || expiresAt > Date.now()) return undefined
    const { code, message, reasonCode } = error
    const since = new Date(expiresAt).toISOString()
    const reason = reasonCode === undefined ? {} : { reasonCode }
    return new BrokerError(code, `${message}; the token expired at ${since}`, {
      ...reason,
      cause: error,
    })
  }

  /**
   * The login of the next connection.
   *
   * @param signal Gives up. The promise rejects with its reason.
   * @throws {BrokerError} `ERR_BROKER_CREDENTIALS` if the function fails, or gives no login that can
   * be used.
   */
  async next(signal: AbortSignal): Promise<Login> {
    const { credentials, username, password, sessionExpiry } = this.#config
    if (!credentials) {
      const login = {
        ...(username !== undefined && { username }),
        ...(password !== undefined && { password }),
      }
      const clientId = this.#clientId!
      return { ...login, clientId, sessionExpiry: sessionTime(login, sessionExpiry) }
    }
    const login = await askCredentials(credentials, parseCredentials, signal)
    this.#adopt(login.username)
    const renewAfter = this.#renewals.delay(login)
    return {
      ...login,
      ...(renewAfter !== undefined && { renewAfter }),
      clientId: this.#clientId!,
      sessionExpiry: sessionTime(login, sessionExpiry),
    }
  }

  /** Takes the user name that the function gave. */
  #adopt(username: string): void {
    if (this.#config.clientId !== undefined || username === this.#owner) return
    this.#owner = username
    this.#clientId = makeClientId(username)
  }
}

/** Seconds for which the broker is asked to keep a session: no longer than its login lasts. */
function sessionTime(login: Partial<Credentials>, sessionExpiry: number): number {
  const { username = '', password = '' } = login
  const left = ((readTokenExpiry(username, password) ?? Infinity) - Date.now()) / 1000
  return Math.min(sessionExpiry, Math.max(0, Math.floor(left)))
}

/** When the logins that a function gives are to be renewed. */
class Renewals {
  #given: string | undefined

  /** As {@link renewalDelay}; `undefined` too for the one before: its function has no other yet. */
  delay({ username, password }: Credentials): number | undefined {
    const isSame = this.#given === password
    this.#given = password
    return isSame ? undefined : renewalDelay(username, password, Date.now())
  }
}
