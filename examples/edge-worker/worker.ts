/**
 * One fleet at the edge: what EMQX asks, tokens for people, and the operators' routes, on D1.
 *
 * @module
 */
import { commandSender } from 'devicehub'
import { deviceAdmin } from 'devicehub/admin'
import { emqxPublisher } from 'devicehub/emqx'
import { brokerAuth } from 'devicehub/hono'
import { emqx } from 'devicehub/products'
import type { ExecutionContext } from 'hono'
import { Hono } from 'hono/tiny'
import { checkEnv, type Env } from './env.ts'
import { makeFleet } from './fleet.ts'
import { tokens } from './tokens.ts'

let app: Hono | undefined

function makeApp(env: Env): Hono {
  checkEnv(env)
  const fleet = makeFleet(env)
  const api = { url: env.EMQX_URL, key: env.EMQX_KEY, secret: env.EMQX_SECRET }
  const hub = commandSender(fleet, { publishers: { default: emqxPublisher(api) } })
  return new Hono()
    .route('/iot/broker', brokerAuth(fleet, { secret: env.BROKER_SECRET, products: [emqx] }))
    .route('/watch', tokens(fleet, env))
    .route('/admin', deviceAdmin(fleet, { secret: env.ADMIN_SECRET, hub }))
}

export default {
  fetch(request: Request, env: Env, context: ExecutionContext): Response | Promise<Response> {
    // Once per isolate: the fleet holds what is remembered.
    app ??= makeApp(env)
    return app.fetch(request, env, context)
  },
}
