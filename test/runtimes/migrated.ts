/**
 * Fleets with slow passwords from elsewhere, in a worker that is told of them: `PUT /<name>` makes one,
 * and mounts its routes there. `GET /<name>` tells how often they answered what.
 *
 * @module
 */
import { Hono } from 'hono'
import * as v from 'valibot'
import { brokerAuth, outcomeCounters } from '../../adapters/hono/index.ts'
import { createFleet, defineDeviceType, memoryStore } from '../../src/index.ts'
import { emqx } from '../../src/product/index.ts'

export const SECRET = 'broker-secret-0123456789'

/** What a fleet is made of. */
export interface Hashes {
  /** Of the devices `pump/P-0`, `pump/P-1` and so on. */
  readonly devices: readonly string[]
  /** Of the service account `hub`. */
  readonly hub: string
}

const pump = defineDeviceType('pump', { data: v.object({ rpm: v.number() }) })
const logger = { info() {}, warn() {}, error() {} }
const apps = new Map<string, Hono>()

async function makeApp({ devices, hub }: Hashes, name: string): Promise<Hono> {
  const services = [{ username: 'hub', passwordHash: hub, rules: 'hub' as const }]
  const fleet = createFleet({ types: [pump], store: memoryStore(), services })
  for (const [i, hash] of devices.entries()) await fleet.importDevice(pump, `P-${i}`, hash)
  const counters = outcomeCounters()
  const auth = brokerAuth(fleet, { secret: SECRET, products: [emqx], counters, logger })
  return new Hono()
    .get(name, (context) => {
      const counts = counters.list().map(({ code, count }) => [code, count])
      return context.json(Object.fromEntries(counts))
    })
    .route(name, auth)
}

/** Answers a request of a test, or of a broker. */
export async function answer(request: Request): Promise<Response> {
  const name = new URL(request.url).pathname.split('/', 2).join('/')
  if (request.method === 'PUT') {
    apps.set(name, await makeApp(JSON.parse(await request.text()) as Hashes, name))
    return new Response()
  }
  return (await apps.get(name)?.fetch(request)) ?? new Response(null, { status: 404 })
}
