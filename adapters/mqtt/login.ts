/**
 * As whom a broker's connections are made: user name and password, which a function may give, and the
 * client id that goes with them.
 *
 * @module
 */
import { untilAborted } from '../../src/base/abort-signal.ts'
import { BrokerError } from '../../src/base/errors.ts'
import { readTokenExpiry } from '../../src/credential/token-expiry.ts'
import { clientGuard, type FindDenial } from '../../src/rule/guard.ts'
import type { Principal } from '../../src/rule/principal.ts'
import type { ResolvedBrokerConfig } from './config.ts'
import { parseCredentials } from './credentials.ts'
import type { Credentials } from './options.ts'

/** As whom one connection is made. */
export interface Login extends Partial<Credentials> {
  readonly clientId: string
  /** Seconds for which the broker is asked to keep the session. */
  readonly sessionExpiry: number
}

/** The logins of a broker, one after the other. */
export class Logins {
  readonly #config: ResolvedBrokerConfig
  readonly #principal: Principal | undefined
  /** Whose client id it is, where it is made of the user name. */
  #owner: string | undefined
  #clientId: string | undefined
  #findDenial: FindDenial

  /** @param principal Whose rules are kept; `undefined` keeps none. */
  constructor(config: ResolvedBrokerConfig, principal: Principal | undefined) {
    const { username, credentials } = config
    this.#config = config
    this.#principal = principal
    this.#owner = username
    this.#clientId = config.clientId ?? (credentials ? undefined : makeClientId(username))
    this.#findDenial = this.#guard()
  }

  /** Tells why a request is not granted under the client id in use; `undefined` if it is. */
  get findDenial(): FindDenial {
    return this.#findDenial
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
    signal.throwIfAborted()
    const { credentials, username, password, sessionExpiry } = this.#config
    const given = credentials
      ? await untilAborted(callCredentials(credentials), signal)
      : { ...(username !== undefined && { username }), ...(password !== undefined && { password }) }
    if (credentials) this.#adopt(given.username!)
    const { username: name = '', password: secret = '' } = given
    const left = ((readTokenExpiry(name, secret) ?? Infinity) - Date.now()) / 1000
    return {
      ...given,
      clientId: this.#clientId!,
      sessionExpiry: Math.min(sessionExpiry, Math.max(0, Math.floor(left))),
    }
  }

  /** Takes the user name that the function gave. */
  #adopt(username: string): void {
    if (this.#principal && username !== this.#principal.username) {
      throw unusable('username: is not that of "principal"')
    }
    if (this.#config.clientId !== undefined || username === this.#owner) return
    this.#owner = username
    this.#clientId = makeClientId(username)
    this.#findDenial = this.#guard()
  }

  #guard(): FindDenial {
    return this.#principal ? clientGuard(this.#principal, this.#clientId) : () => undefined
  }
}

/** A client id that belongs to the user name, and that no other client has. */
function makeClientId(username: string | undefined): string {
  return username === undefined ? `devicehub-${randomHex(16)}` : `${username}//${randomHex(8)}`
}

function randomHex(bytes: number): string {
  const digits = Array.from(crypto.getRandomValues(new Uint8Array(bytes)), (byte) =>
    byte.toString(16).padStart(2, '0'),
  )
  return digits.join('')
}

async function callCredentials(credentials: () => unknown): Promise<Credentials> {
  let given: unknown
  try {
    given = await credentials()
  } catch (cause) {
    const message = 'The function of "credentials" failed'
    throw new BrokerError('ERR_BROKER_CREDENTIALS', message, { cause })
  }
  const login = parseCredentials(given)
  if (typeof login === 'string') throw unusable(login)
  return login
}

function unusable(problem: string): BrokerError {
  const message = `The function of "credentials" gave a login that cannot be used: ${problem}`
  return new BrokerError('ERR_BROKER_CREDENTIALS', message)
}
