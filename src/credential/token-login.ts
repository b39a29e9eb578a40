/**
 * A page's side of tokens: it fetches logins from the application's route. It stands apart from what makes
 * tokens, so that a page carries none of that.
 *
 * @module
 */
import { monotonicNow } from '../base/clock.ts'
import { DeviceHubError, toError } from '../base/errors.ts'
import type { ConnectionDetails } from './connection-details.ts'
import { renewalDelay } from './renewal.ts'
import { readTokenTimes } from './token-expiry.ts'

/** The route gave no login. */
export class TokenLoginError extends DeviceHubError {
  override readonly name = 'TokenLoginError'
  readonly code = 'ERR_TOKEN_LOGIN'
  /** What it answered, by HTTP. `undefined` if it did not. */
  readonly status: number | undefined
  /** The `code` of its problem, such as `session-unknown`. `undefined` if it told none. */
  readonly problem: string | undefined

  constructor(what: string, status?: number, problem?: string, options?: ErrorOptions) {
    super(`The route gave no login: ${what}`, options)
    this.status = status
    this.problem = problem
  }
}

/** Logins of a page. Make one with {@link tokenLogin}. */
export interface TokenLogin {
  /**
   * Where the broker is, and who the page is there. Fetched once; the login of it is that of the first
   * connection that is made within a tenth of its time.
   * @throws {TokenLoginError} If the route gives none.
   */
  details(): Promise<ConnectionDetails>
  /**
   * The login of one connection, for the option `credentials` of a broker: another token each time, so that
   * none that was refused or revoked is tried again. Where the route cannot be reached, or fails, the one
   * before is given again as long as it has time left, since nothing says that it is no good. A new one says
   * with `renewAfter` when the next is due: at 70 to 80 percent of its time, in seconds.
   * @throws {TokenLoginError} If the route refuses it, or fails and there is none.
   */
  readonly credentials: () => Promise<ConnectionDetails & { readonly renewAfter?: number }>
}

/** Part of a token's time for which it counts as new. */
const NEW_FOR = 0.1
/** Milliseconds for the route's answer. */
const ANSWER_LIMIT_MS = 10_000
/** Longest answer that is read, in characters: the longest token, and its rules a second time. */
const MAX_ANSWER_LENGTH = 65_536

/** A login, and for how long it is of use, by the clock for durations. */
interface Kept {
  readonly details: ConnectionDetails
  readonly newUntil: number
  readonly goodUntil: number
}

/**
 * Makes logins of what a route answers, such as `tokenRoute` of `devicehub/hono`. Nothing is fetched until
 * it is asked. Cookies go along to the page's own origin alone.
 *
 * A connection that was made with one is made anew before it ends, with the next one, and the session goes
 * on where `sessionExpiry` lets the broker keep it: see `docs/tokens.md`.
 *
 * @param route Where it is: an address, or a path of the page's own origin.
 *
 * @example
 * ```ts
 * import { tokenLogin } from 'devicehub'
 * import { mqtt } from 'devicehub/mqtt'
 *
 * const login = tokenLogin('/broker-token')
 * export async function connect() {
 *   const { url } = await login.details()
 *   return mqtt({ url, credentials: login.credentials, sessionExpiry: 3_600 })
 * }
 * ```
 */
export function tokenLogin(route: string): TokenLogin {
  let kept: Kept | undefined
  let isUsed = false
  let fetching: Promise<Kept> | undefined

  async function fetchNext(): Promise<Kept> {
    const details = await fetchDetails(route)
    kept = keep(details)
    isUsed = false
    return kept
  }

  /** Several that ask at once are given the same. */
  function next(): Promise<Kept> {
    fetching ??= fetchNext().finally(() => {
      fetching = undefined
    })
    return fetching
  }

  return {
    async details() {
      return (kept ?? (await next())).details
    },

    async credentials() {
      const before = kept
      if (before && !isUsed && monotonicNow() < before.newUntil) {
        isUsed = true
        return renewed(before.details)
      }
      try {
        const { details } = await next()
        isUsed = true
        return renewed(details)
      } catch (error) {
        const isRefused = error instanceof TokenLoginError && (error.status ?? 500) < 500
        if (isRefused || !before || monotonicNow() >= before.goodUntil) throw error
        return before.details
      }
    },
  }
}

/** A login that was not used before. */
function renewed(details: ConnectionDetails) {
  const delay = renewalDelay(details.username, details.password, Date.now())
  return delay === undefined ? details : { ...details, renewAfter: delay / 1000 }
}

function keep(details: ConnectionDetails): Kept {
  const { username, password } = details
  const times = readTokenTimes(username, password)
  // It was just issued: its own time counts, and no clock of this machine, which may be wrong.
  const time = times ? times.expiresAt - times.issuedAt - 1_000 : 0
  const now = monotonicNow()
  return { details, newUntil: now + time * NEW_FOR, goodUntil: now + time }
}

async function fetchDetails(route: string): Promise<ConnectionDetails> {
  let response: Response
  let text: string
  try {
    response = await fetch(route, {
      method: 'POST',
      // Where it would lead to, nobody said that a login is to be taken from there.
      redirect: 'error',
      signal: AbortSignal.timeout(ANSWER_LIMIT_MS),
    })
    text = await response.text()
  } catch (cause) {
    throw new TokenLoginError(toError(cause).message, undefined, undefined, { cause })
  }
  const answer = text.length > MAX_ANSWER_LENGTH ? undefined : parse(text)
  const { status } = response
  if (!response.ok) {
    const { code } = answer ?? {}
    const problem = typeof code === 'string' ? code.slice(0, 64) : undefined
    throw new TokenLoginError(`it answered ${problem ?? status}`, status, problem)
  }
  if (isDetails(answer)) return answer
  throw new TokenLoginError('what it answered is none', status)
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? { ...value } : undefined
  } catch {
    return undefined
  }
}

function isDetails(answer: unknown): answer is ConnectionDetails {
  const { url, username, password, principal } = (answer ?? {}) as Partial<ConnectionDetails>
  const isText = (value: unknown) => typeof value === 'string' && value !== ''
  return isText(url) && isText(username) && isText(password) && typeof principal === 'object'
}
