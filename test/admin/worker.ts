/**
 * The operators' routes in a worker, on D1.
 *
 * @module
 */
import { toJsonSchema } from '@valibot/to-json-schema'
import * as v from 'valibot'
import { deviceAdmin } from '../../adapters/admin/index.ts'
import { type D1Binding, d1, sqlStore } from '../../adapters/sql/index.ts'
import { createFleet, defineDeviceType, type LoginRequest } from '../../src/index.ts'

const pump = defineDeviceType('pump', { data: v.object({ rpm: v.number() }) })
const quiet = { info() {}, warn() {}, error() {} }

export default {
  async fetch(request: Request, env: { readonly DB: D1Binding }): Promise<Response> {
    const store = sqlStore(d1(env.DB))
    const pepper = 'a pepper of more than 16 bytes'
    const fleet = createFleet({ types: [pump], store, pepper })
    const { pathname } = new URL(request.url)
    if (pathname === '/migrate') {
      await store.migrate()
      return new Response('done')
    }
    if (pathname === '/login') {
      return Response.json(await fleet.authenticate((await request.json()) as LoginRequest))
    }
    const routes = deviceAdmin(fleet, {
      authorize: ({ headers }) => {
        const name = headers.get('x-operator')
        if (name === 'admin') return { name }
        return name === 'north' ? { name, attributes: { tenant: 'north' } } : undefined
      },
      toJsonSchema,
      logger: quiet,
    })
    return routes.fetch(request)
  },
}
