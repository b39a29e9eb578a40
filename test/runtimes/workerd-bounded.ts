/**
 * The routes in workerd with the bound that Cloudflare puts on PBKDF2 and workerd alone does not
 * have. `/refusals` tells how often it was met.
 *
 * @module
 */
import { site } from '../hono/site.ts'

const MAX_ROUNDS = 100_000
const deriveBits = crypto.subtle.deriveBits.bind(crypto.subtle)
let refusals = 0

crypto.subtle.deriveBits = (algorithm, key, length) => {
  if (typeof algorithm === 'object' && Number(Reflect.get(algorithm, 'iterations')) > MAX_ROUNDS) {
    refusals++
    return Promise.reject(new DOMException('too many iterations', 'NotSupportedError'))
  }
  return deriveBits(algorithm, key, length)
}

export default {
  fetch(request: Request): Response | Promise<Response> {
    const { pathname } = new URL(request.url)
    return pathname === '/refusals' ? new Response(`${refusals}`) : site.fetch(request)
  },
}
