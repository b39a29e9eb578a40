/**
 * Calls of EMQX's management API: one at a time, each with a deadline and a bounded answer.
 *
 * @module
 */
import { BrokerError, ConfigError } from '../../src/base/errors.ts'
import { checkOptions } from '../../src/base/options.ts'

/** Where the management API is, and who calls it. */
export interface EmqxApiOptions {
  /**
   * Where the management API listens, such as `https://emqx.internal:18084`: EMQX's dashboard
   * listener, without `/api/v5`.
   */
  readonly url: string
  /** An API key of EMQX with the role `administrator`: others may not end clients. */
  readonly key: string
  /** The secret that EMQX showed with the key. */
  readonly secret: string
}

/** What EMQX answered. */
export interface EmqxAnswer {
  readonly status: number
  /** The body, if it is JSON; else `undefined`. */
  readonly body: unknown
}

/** Calls the API. See {@link emqxApi}. */
export type EmqxCall = (
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  body?: unknown,
) => Promise<EmqxAnswer>

/** How long a call may take, its answer included. */
export const CALL_LIMIT_MS = 5_000

/** Largest answer that is read, in bytes: a page of clients with ids of the greatest length. */
const MAX_ANSWER_BYTES = 8 * 1024 * 1024

/**
 * Makes a function that calls the API. It settles with any answer but that the login is refused.
 *
 * @throws {ConfigError} If an option is not valid.
 */
export function emqxApi(options: EmqxApiOptions): EmqxCall {
  checkOptions(options, { url: true, key: true, secret: true })
  const { url, key, secret } = options
  const base = readUrl(url)
  // RFC 7617: what comes before the first colon is the key.
  if (!key || key.includes(':')) throw new ConfigError('key', 'must be an API key, without ":"')
  if (!secret) throw new ConfigError('secret', 'is missing: EMQX shows it when a key is made')
  const login = new TextEncoder().encode(`${key}:${secret}`)
  const authorization = `Basic ${btoa(String.fromCharCode(...login))}`

  return async (method, path, body) => {
    const cut = new AbortController()
    const timer = setTimeout(() => cut.abort(), CALL_LIMIT_MS)
    const what = `EMQX, ${method} ${path.replace(/\?.*/s, '').slice(0, 200)}`
    try {
      const response = await fetch(`${base}/api/v5${path}`, {
        method,
        headers: {
          authorization,
          accept: 'application/json',
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        // The key is for this address alone.
        redirect: 'manual',
        signal: cut.signal,
      })
      const answer = { status: response.status, body: await readBody(response) }
      if (answer.status === 401 || answer.status === 403) {
        const advice = 'check the key, its secret, and that its role is administrator'
        throw refusal('ERR_BROKER_LOGIN_REFUSED', what, answer, `: ${advice}`)
      }
      return answer
    } catch (cause) {
      if (cause instanceof BrokerError) throw cause
      if (cut.signal.aborted) {
        const message = `${what}: no answer within ${CALL_LIMIT_MS} ms`
        throw new BrokerError('ERR_BROKER_TIMEOUT', message, { cause })
      }
      throw new BrokerError('ERR_BROKER_UNREACHABLE', `${what}: ${base} cannot be reached`, {
        cause,
      })
    } finally {
      clearTimeout(timer)
    }
  }
}

/** An answer that was not hoped for. */
export function refusal(
  code: 'ERR_BROKER_LOGIN_REFUSED' | 'ERR_BROKER_REFUSED',
  what: string,
  { status, body }: EmqxAnswer,
  advice = '',
): BrokerError {
  const word = (body as { code?: unknown } | null | undefined)?.code
  // A word of EMQX's, such as NODE_DOWN. Anything else is not repeated.
  const reason = typeof word === 'string' && /^[A-Z0-9_]{1,50}$/.test(word) ? ` ${word}` : ''
  return new BrokerError(code, `${what}: answered ${status}${reason}${advice}`)
}

async function readBody(response: Response): Promise<unknown> {
  const reader = response.body?.getReader()
  if (!reader) return undefined
  const decoder = new TextDecoder()
  let text = ''
  let length = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) break
    length += value.length
    if (length > MAX_ANSWER_BYTES) {
      await reader.cancel()
      const problem = `its answer is longer than ${MAX_ANSWER_BYTES} bytes`
      throw new BrokerError('ERR_BROKER_REFUSED', `EMQX: ${problem}`)
    }
    text += decoder.decode(value, { stream: true })
  }
  try {
    return JSON.parse(text + decoder.decode())
  } catch {
    return undefined
  }
}

function readUrl(text: string): string {
  let url: URL
  try {
    url = new URL(text)
  } catch {
    // Not as it stands: it may hold a secret.
    throw new ConfigError('url', 'is not a URL')
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new ConfigError('url', 'must begin with http:// or https://')
  }
  if (url.username || url.password || url.search || url.hash) {
    throw new ConfigError('url', 'must hold an address and a path only; key and secret stand apart')
  }
  return url.origin + url.pathname.replace(/\/+$/, '')
}
