/**
 * Calls of a broker's management API over HTTP: one at a time, each with a deadline and a bounded
 * answer.
 *
 * @module
 */
import { BrokerError, ConfigError } from './errors.ts'

/** What is called, and how. */
export interface ManagementApiSetup {
  /** What the broker is called in errors, such as `EMQX`. */
  readonly product: string
  /** Where the API listens, as it was given for the option `url`. */
  readonly url: string
  /** Where it begins below that, such as `/api/v5`. */
  readonly path: string
  /** The header by which the caller is known. */
  readonly authorization: string
  /** What to check where the broker does not let the caller in. */
  readonly advice: string
}

/** What was answered. */
export interface ManagementAnswer {
  readonly status: number
  /** The body, if it is JSON; else `undefined`. */
  readonly body: unknown
}

/** Calls the API. */
export type ManagementCall = (
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  body?: unknown,
) => Promise<ManagementAnswer>

/** How long a call may take, its answer included. */
const CALL_LIMIT_MS = 5_000
/** Largest answer that is read, in bytes: a page of clients with ids of the greatest length. */
const MAX_ANSWER_BYTES = 8 * 1024 * 1024

/**
 * Makes a function that calls the API. It settles with any answer but that the login is refused.
 *
 * @throws {ConfigError} If the address is none.
 */
export function managementApi(setup: ManagementApiSetup): ManagementCall {
  const { product, path: root, authorization, advice } = setup
  const base = readUrl(setup.url)
  return async (method, path, body) => {
    const cut = new AbortController()
    const timer = setTimeout(() => cut.abort(), CALL_LIMIT_MS)
    const what = `${product}, ${method} ${path.replace(/\?.*/s, '').slice(0, 200)}`
    try {
      const response = await fetch(base + root + path, {
        method,
        headers: {
          authorization,
          accept: 'application/json',
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        // The login is for this address alone.
        redirect: 'manual',
        signal: cut.signal,
      })
      const answer = { status: response.status, body: await readBody(response, product) }
      if (answer.status === 401 || answer.status === 403) {
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

/** The header of HTTP basic authentication (RFC 7617): what comes before its first colon is the name. */
export function basicAuthorization(name: string, secret: string): string {
  const login = new TextEncoder().encode(`${name}:${secret}`)
  return `Basic ${btoa(String.fromCharCode(...login))}`
}

/**
 * A regular expression for a text, byte by byte, so that no character of it means anything to whoever
 * reads it, or what it is put into.
 */
export function bytePattern(text: string): string {
  return [...new TextEncoder().encode(text)]
    .map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`)
    .join('')
}

/** An answer that was not hoped for. */
export function refusal(
  code: 'ERR_BROKER_LOGIN_REFUSED' | 'ERR_BROKER_REFUSED',
  what: string,
  { status, body }: ManagementAnswer,
  advice = '',
): BrokerError {
  const word = (body as { code?: unknown } | null | undefined)?.code
  // A word or a number of the broker's, such as NODE_DOWN. Anything else is not repeated.
  const isWord = typeof word === 'number' || (typeof word === 'string' && WORD.test(word))
  return new BrokerError(code, `${what}: answered ${status}${isWord ? ` ${word}` : ''}${advice}`)
}

const WORD = /^[A-Z0-9_]{1,50}$/

async function readBody(response: Response, product: string): Promise<unknown> {
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
      throw new BrokerError('ERR_BROKER_REFUSED', `${product}: ${problem}`)
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
    throw new ConfigError('url', 'must hold an address and a path only: the login stands apart')
  }
  return url.origin + url.pathname.replace(/\/+$/, '')
}
