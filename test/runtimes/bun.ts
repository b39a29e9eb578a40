/**
 * The routes on Bun, as a process of their own. It ends when its standard input does.
 *
 * @module
 */
import { site } from '../hono/site.ts'

const { port } = Bun.serve({
  fetch: site.fetch,
  hostname: '127.0.0.1',
  port: 0,
  // In seconds, as long as `KEEP_ALIVE` on Node.
  idleTimeout: 75,
})
console.log(JSON.stringify({ port }))
process.stdin.resume().once('end', () => process.exit())
