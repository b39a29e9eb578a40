/**
 * The routes that brokers ask, on Bun: `npx bun examples/bun/main.ts`
 *
 * @module
 */
import { createSite } from '../site/site.ts'

export default {
  fetch: createSite(process.env).fetch,
  hostname: '127.0.0.1',
  port: Number(process.env.PORT ?? 8000),
  idleTimeout: 75, // seconds, longer than brokers keep idle connections
}
