/**
 * Runs both workers on this machine until Ctrl-C, that of the pages on the port behind the other's:
 * `node --import tsx examples/edge-live/main.ts`
 *
 * @module
 */
import { SECRETS } from '../edge-worker/env.ts'
import { runWorkers } from '../edge-worker/local.ts'

const folders = ['../edge-worker/', './'].map((folder) => new URL(folder, import.meta.url))
const [routes, pages] = await runWorkers(folders, SECRETS)
console.log(`routes at ${new URL('/iot/broker', routes)}`)
console.log(`pages at ${new URL('/live/pump/', pages)}`)
