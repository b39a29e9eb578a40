/**
 * The routes in workerd as Cloudflare runs it. `/refusals` tells how often the bound on PBKDF2 was met.
 *
 * @module
 */
import { site } from '../hono/site.ts'
import { countRefusals, onCloudflare } from './cloudflare.ts'

export default {
  fetch: onCloudflare((request) => {
    const { pathname } = new URL(request.url)
    return pathname === '/refusals' ? new Response(`${countRefusals()}`) : site.fetch(request)
  }),
}
