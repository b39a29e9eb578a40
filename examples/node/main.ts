/**
 * The routes that brokers ask, on Node: `node --import tsx examples/node/main.ts`
 *
 * @module
 */
import { serve } from '@hono/node-server'
import { createSite } from '../site/site.ts'

serve(
  {
    fetch: createSite(process.env).fetch,
    hostname: '127.0.0.1',
    port: Number(process.env.PORT ?? 8000),
    serverOptions: { keepAliveTimeout: 75_000 }, // milliseconds, longer than brokers keep idle connections
  },
  ({ port }) => console.log(`routes at http://127.0.0.1:${port}/iot/broker`),
)
