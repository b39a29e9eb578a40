/**
 * Runs the edge worker on this machine until Ctrl-C:
 * `node --import tsx examples/edge-worker/main.ts`
 *
 * @module
 */
import { SECRETS } from './env.ts'
import { runWorkers } from './local.ts'

const [address] = await runWorkers([new URL('.', import.meta.url)], SECRETS)
console.log(`routes at ${new URL('/iot/broker', address)}`)
