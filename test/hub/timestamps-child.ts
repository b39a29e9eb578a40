/**
 * Publishes messages through a hub on whatever runtime and in whatever zone this is: a JSON text on
 * standard input says which, and one on standard output what became of each.
 *
 * @module
 */
import process from 'node:process'
import { text } from 'node:stream/consumers'
import * as v from 'valibot'
import {
  createFleet,
  createHub,
  defineDeviceType,
  memoryBroker,
  memoryServer,
  memoryStore,
} from '../../src/index.ts'

const stamped: readonly string[] = JSON.parse(await text(process.stdin))
const type = defineDeviceType('t', { data: v.any() })
const fleet = createFleet({ types: [type], store: memoryStore() })
const server = memoryServer()
await using hub = createHub(fleet, { brokers: { default: memoryBroker(server) } })
const outcomes = new Map<string, string>()
hub.onData(type, ({ device, timestamp }) => {
  outcomes.set(device.id, timestamp ? timestamp.toISOString() : 'none')
})
hub.onRejected(({ device, code }) => {
  outcomes.set(device!.id, code)
})
await hub.start()
await using devices = memoryBroker(server)
await devices.connect({ onMessage: async () => {} })
for (const [i, json] of stamped.entries()) {
  await fleet.provision(type, `D-${i}`)
  const payload = new TextEncoder().encode(`{"timestamp":${json}}`)
  await devices.publish({ topic: `things/t/D-${i}/data`, payload })
}
await hub.close()
const offset = new Date(2025, 0, 15).getTimezoneOffset()
const told = stamped.map((_, i) => outcomes.get(`D-${i}`))
process.stdout.write(`${JSON.stringify({ offset, told })}\n`)
