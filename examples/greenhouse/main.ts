// main.ts
import { serve } from '@hono/node-server'
import { app } from './app.ts'
import { hub } from './hub.ts'

// Idle connections of brokers are kept for 75,000 ms.
const options = { hostname: '127.0.0.1', port: 8000, serverOptions: { keepAliveTimeout: 75_000 } }
serve({ fetch: app.fetch, ...options }, ({ port }) => {
  console.log(`the greenhouse is at http://localhost:${port}`)
})

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, async () => {
    await hub.close() // Handlers that run come to their end.
    process.exit()
  })
}
