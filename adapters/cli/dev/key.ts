/**
 * A way in for whoever started `devicehub dev`, and for nobody else of those on this machine: an address with
 * a key that is good once, and is exchanged for a cookie.
 *
 * @module
 */
import type { MiddlewareHandler } from 'hono'
import { equalConstantTime } from '../../../src/base/constant-time.ts'

/** Ends with the browser, and with this process, which alone knows it. */
const COOKIE_SETTINGS = 'HttpOnly; SameSite=Lax'

/** Who has been let in. */
export interface KeyedAccess {
  /** Lets in who comes with the key, and sends them on to the address without it. */
  readonly exchange: MiddlewareHandler
  /** Whether a request comes from somebody who was let in. */
  isKnown(request: Request): boolean
  /** The query of the next address. */
  query(): string
}

/**
 * Makes it.
 *
 * @param options `cookie` is the name of the cookie, `path` where it is sent to, and `onUsed` is called when
 * the key was used: the next one is another.
 */
export function keyedAccess(options: {
  readonly cookie: string
  readonly path: string
  readonly onUsed: () => void
}): KeyedAccess {
  const { cookie, path, onUsed } = options
  const session = randomWord()
  let key = randomWord()

  return {
    async exchange(context, next) {
      const sent = context.req.query('key')
      if (sent === undefined) return next()
      // A browser that fetches what somebody has only begun to type must not use it up.
      const isRead = context.req.header('sec-purpose') === undefined
      const headers = new Headers({ 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' })
      if (isRead && equalConstantTime(sent, key)) {
        key = randomWord()
        headers.set('set-cookie', `${cookie}=${session}; Path=${path}; ${COOKIE_SETTINGS}`)
        onUsed()
      }
      headers.set('location', `${path}/`)
      return new Response(null, { status: 303, headers })
    },

    isKnown({ headers }) {
      const sent = (headers.get('cookie') ?? '').split(/; */)
      return sent.some((one) => equalConstantTime(one, `${cookie}=${session}`))
    },

    query: () => `?key=${key}`,
  }
}

/** 256 random bits as text. */
function randomWord(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(32)), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('')
}
