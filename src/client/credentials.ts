/**
 * The login that a function gives.
 *
 * @module
 */
import { type AbortSignalLike, untilAborted } from '../base/abort-signal.ts'
import { BrokerError } from '../base/errors.ts'

/** A login, such as `IssuedToken` is one. */
export interface Credentials {
  readonly username: string
  readonly password: string
}

/** A login of a page, which says of itself when it ends: what `tokenLogin` gives is one. */
export interface PageCredentials extends Credentials {
  /**
   * Seconds after which the connection is to be made anew with the next login, above 0. Default: it is
   * left as it is, and ends when the broker ends it.
   */
  readonly renewAfter?: number | undefined
  /** When it ends, in milliseconds since the epoch: no session is asked for beyond that. Default: never. */
  readonly expiresAt?: number | undefined
}

/**
 * Asks for a login.
 *
 * @param check Returns the login, or what is wrong with it.
 * @throws {BrokerError} `ERR_BROKER_CREDENTIALS` if the function fails, or gives no login that can be used.
 * @throws The signal's reason, if it is aborted before.
 */
export function askCredentials<Login extends Credentials>(
  credentials: () => unknown,
  check: (given: unknown) => Login | string,
  signal: AbortSignalLike,
): Promise<Login> {
  const failed = (problem: string, options?: ErrorOptions) =>
    new BrokerError('ERR_BROKER_CREDENTIALS', `The function of "credentials" ${problem}`, options)
  const call = async () => {
    let given: unknown
    try {
      given = await credentials()
    } catch (cause) {
      throw failed('failed', { cause })
    }
    const login = check(given)
    if (typeof login === 'string') throw failed(`gave a login that cannot be used: ${login}`)
    return login
  }
  return untilAborted(call(), signal)
}
