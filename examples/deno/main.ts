/**
 * The routes that brokers ask, on Deno:
 * `npx deno serve --allow-env --host 127.0.0.1 --port 8000 examples/deno/main.ts`
 *
 * @module
 */
import process from 'node:process'
import { createSite } from '../site/site.ts'

export default createSite(process.env) satisfies { fetch: unknown }
