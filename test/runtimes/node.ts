/**
 * The routes on Node, as a process of their own. It ends when its standard input does.
 *
 * @module
 */
import { serve } from '@hono/node-server'
import { site } from '../hono/site.ts'

serve({ fetch: site.fetch, hostname: '127.0.0.1', port: 0 }, ({ port }) => {
  console.log(JSON.stringify({ port }))
})
process.stdin.resume().once('end', () => process.exit())
