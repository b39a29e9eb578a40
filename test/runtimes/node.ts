/**
 * The routes on Node, as a process of their own. It ends when its standard input does.
 *
 * @module
 */
import { serve } from '@hono/node-server'
import { KEEP_ALIVE } from '../../adapters/cli/dev/routes.ts'
import { site } from '../hono/site.ts'

const address = { hostname: '127.0.0.1', port: 0 }
serve({ ...address, fetch: site.fetch, serverOptions: KEEP_ALIVE }, ({ port }) => {
  console.log(JSON.stringify({ port }))
})
process.stdin.resume().once('end', () => process.exit())
