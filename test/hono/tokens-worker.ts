/**
 * The route of tokens in a worker. The fleet and the routes are made before the first request, as workers
 * do it.
 *
 * @module
 */
import { Hono } from 'hono'
import * as v from 'valibot'
import { brokerAuth, tokenRoute } from '../../adapters/hono/index.ts'
import { createFleet, defineDeviceType, memoryStore } from '../../src/index.ts'
import { emqx } from '../../src/product/index.ts'

const pump = defineDeviceType('pump', { data: v.object({ rpm: v.number() }) })
const quiet = { info() {}, warn() {}, error() {} }
const pepper = 'a pepper of more than 16 bytes'
const fleet = createFleet({ types: [pump], store: memoryStore(), pepper })
const secret = 'the secret of the broker'
const tokens = tokenRoute(fleet, {
  url: 'wss://broker.example.com/mqtt',
  authorize: ({ headers }) =>
    headers.get('cookie') === 'session=dana'
      ? {
          subject: 'dana',
          rules: [{ effect: 'allow', actions: ['subscribe'], filter: '{prefix}/pump/+/data' }],
        }
      : undefined,
  logger: quiet,
})

export default new Hono()
  .route('/broker-token', tokens)
  .route('/iot/broker', brokerAuth(fleet, { secret, products: [emqx], logger: quiet }))
  .post('/revoke', async (context) => context.json(await fleet.revokeTokens('dana')))
