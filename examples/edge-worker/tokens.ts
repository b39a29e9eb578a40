/**
 * Tokens for people: who is signed in may watch the pumps of their own tenant.
 *
 * @module
 */
import type { Fleet } from 'devicehub'
import { type TokenGrant, tokenRoute } from 'devicehub/hono'
import type { Context } from 'hono'
import { Hono } from 'hono/tiny'
import type { Env } from './env.ts'
import { pumpOf, tenantOf } from './session.ts'

/** Seconds. */
const LIFETIME = 900

/** Makes the route: `POST /pump/:id`, which a page asks by `tokenLogin`. */
export function tokens(fleet: Fleet, { SESSION_KEY, BROKER_URL }: Env): Hono {
  async function authorize(_: Request, context: Context): Promise<TokenGrant | undefined> {
    const tenant = await tenantOf(context, SESSION_KEY)
    const device = tenant && (await pumpOf(tenant, context.req.param('id') ?? '', fleet.store))
    if (!device) return undefined
    return {
      // One for each pump, since the rules of all tokens of a subject are to be the same.
      subject: `${tenant}/${device.id}`,
      rules: [{ effect: 'allow', actions: ['subscribe'], filter: '{prefix}/pump/{deviceId}/data' }],
      attributes: { deviceId: device.id },
      expiresIn: LIFETIME,
    }
  }
  return new Hono().route('/pump/:id', tokenRoute(fleet, { url: BROKER_URL, authorize }))
}
