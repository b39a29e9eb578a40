/**
 * A worker with Hono that EMQX asks, with devices in D1: what is asked here is about a service account,
 * which is not there.
 *
 * @module
 */
import { Hono } from 'hono/tiny'
import { brokerAuth } from '../../adapters/hono/index.ts'
import { d1, sqlStore } from '../../adapters/sql/index.ts'
import { createFleet, defineDeviceType } from '../../src/index.ts'
import { emqx } from '../../src/product/index.ts'
import { SECRET } from '../http/site.ts'

const data = {
  '~standard': { version: 1 as const, vendor: 'bench', validate: (value: unknown) => ({ value }) },
}
const pump = defineDeviceType('pump', { data })
const unused = () => {
  throw new Error('Nothing is asked of the database')
}
const store = sqlStore(d1({ prepare: unused, batch: unused }))
const fleet = createFleet({
  types: [pump],
  store,
  keys: store.keys,
  pepper: 'a pepper of more than 16 bytes',
  services: [{ username: 'hub', password: 'password-0123456789', rules: 'hub' }],
})
const auth = brokerAuth(fleet, { secret: SECRET, products: [emqx] })
const app = new Hono().route('/iot/broker', auth)

export default { fetch: (request: Request): Response | Promise<Response> => app.fetch(request) }
