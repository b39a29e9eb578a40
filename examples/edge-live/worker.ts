/**
 * Pages that watch pumps at the edge: `new EventSource('/live/pump/P-1')`.
 *
 * @module
 */
import { d1, sqlStore } from 'devicehub/sql'
import { Hono } from 'hono/tiny'
import { pumpOf, tenantOf } from '../edge-worker/session.ts'
import { checkEnv, type Env } from './env.ts'

export { Live } from './live.ts'

let app: Hono | undefined

function makeApp(env: Env): Hono {
  checkEnv(env)
  const store = sqlStore(d1(env.DB))
  return new Hono().get('/live/pump/:id', async (c) => {
    const tenant = await tenantOf(c, env.SESSION_KEY)
    if (!tenant) return c.text('Sign in first', 401)
    const device = await pumpOf(tenant, c.req.param('id'), store)
    if (!device) return c.text('No such pump', 404)
    const path = [tenant, device.id].map(encodeURIComponent).join('/')
    const live = env.LIVE.get(env.LIVE.idFromName(tenant))
    // Ends with the page, at once.
    return live.fetch(new Request(`https://live/${path}`, { signal: c.req.raw.signal }))
  })
}

export default {
  fetch(request: Request, env: Env): Response | Promise<Response> {
    app ??= makeApp(env)
    return app.fetch(request, env)
  },
}
