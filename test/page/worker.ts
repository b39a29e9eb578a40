/**
 * The page in a worker, over a store that lasts as long as it does.
 *
 * @module
 */
import { Hono } from 'hono'
import * as v from 'valibot'
import { fleetPage } from '../../adapters/page/index.ts'
import { createFleet, defineDeviceType, memoryStore, type StateReport } from '../../src/index.ts'

const pump = defineDeviceType('pump', { data: v.object({ rpm: v.number() }) })
const store = memoryStore()
const fleet = createFleet({ types: [pump], store })

const app = new Hono()
  .post('/devices/:id', async (context) => {
    const tenant = context.req.query('tenant')!
    await fleet.provision(pump, context.req.param('id'), { attributes: { tenant } })
    return context.text('done')
  })
  .post('/told', async (context) => {
    await store.states!.write([(await context.req.json()) as StateReport], Date.now())
    return context.text('done')
  })
  .route(
    '/fleet',
    fleetPage(fleet, {
      authorize: ({ headers }) => {
        const name = headers.get('x-operator')
        if (name === 'admin') return { name }
        return name === 'north' ? { name, attributes: { tenant: 'north' } } : undefined
      },
      logger: { info() {}, warn() {}, error() {} },
    }),
  )

export default app
