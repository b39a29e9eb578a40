/**
 * One hub as a process of its own: handles counters and prints each, until its input ends.
 * Usage: hub-process.ts URL
 *
 * @module
 */
import * as v from 'valibot'
import { mqtt } from '../../adapters/mqtt/index.ts'
import { createFleet, createHub, defineDeviceType, memoryStore } from '../../src/index.ts'

export const counter = defineDeviceType('counter', { data: v.object({ n: v.number() }) })

/** The ids of the devices that count. */
export const COUNTERS: readonly string[] = Array.from({ length: 10 }, (_, i) => `C-${i}`)

async function main(url: string): Promise<void> {
  const fleet = createFleet({ types: [counter], store: memoryStore() })
  for (const id of COUNTERS) await fleet.provision(counter, id)
  const hub = createHub(fleet, { brokers: { default: mqtt({ url }) } })
  hub.onData(counter, ({ data }) => console.log(`handled ${data.n}`))
  hub.onRejected(({ code }) => console.log(`rejected ${code}`))
  await hub.start()
  console.log('ready')
  for await (const _ of process.stdin) {
    // Nothing is said to it but that it ends.
  }
  await hub.close()
}

const [url] = process.argv.slice(2)
if (url) await main(url)
