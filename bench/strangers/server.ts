/**
 * Migrated devices and a hub behind the routes, once for each part of the bench. Runs on Node, Bun and
 * Deno, with the path of the hashes; prints its port.
 *
 * @module
 */
import { readFileSync } from 'node:fs'
import process from 'node:process'
import { Hono } from 'hono'
import * as v from 'valibot'
import { brokerAuth } from '../../adapters/hono/index.ts'
import { createFleet, defineDeviceType, memoryStore } from '../../src/index.ts'
import { emqx } from '../../src/product/index.ts'
import { listen } from '../http/listen.ts'
import { type Hashes, PARTS, SECRET } from './site.ts'

const { devices, hub } = JSON.parse(readFileSync(process.argv[2]!, 'utf8')) as Hashes
const pump = defineDeviceType('pump', { data: v.object({ rpm: v.number() }) })
const logger = { info() {}, warn() {}, error() {} }
const app = new Hono()
for (const part of PARTS) {
  const fleet = createFleet({
    types: [pump],
    store: memoryStore(),
    pepper: 'a pepper of more than 16 bytes',
    services: [{ username: 'hub', passwordHash: hub, rules: 'hub' }],
  })
  for (const [i, hash] of devices.entries()) await fleet.importDevice(pump, `P-${i}`, hash)
  app.route(`/${part}`, brokerAuth(fleet, { secret: SECRET, products: [emqx], logger }))
}

console.log(`port ${await listen(app.fetch)}`)
