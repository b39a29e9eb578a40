/**
 * A handler that fails for one device does not keep the others from being handled.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { embeddedBroker } from '../../adapters/embedded/index.ts'
import { mqtt } from '../../adapters/mqtt/index.ts'
import {
  type Broker,
  createFleet,
  createHub,
  type Fleet,
  memoryBroker,
  memoryServer,
  memoryStore,
} from '../../src/index.ts'
import { mosquittoMissing, startMosquitto } from '../support/mosquitto.ts'
import { Collector } from '../support/wait.ts'
import { sensor } from './types.ts'

const MESSAGES = 200
/** Pauses of 100, 200 and 400 milliseconds: with them all, the messages take more than two minutes. */
const ATTEMPTS = 4
/** What an operator would not wait for any more. */
const LIMIT = 60_000
const PASSWORD = 'a password for both'

/** A message broker: connections to it, and its end. */
interface Place {
  connect(username: 'hub' | 'field'): Broker
  stop(): Promise<void>
}

const places: Readonly<Record<string, (fleet: Fleet) => Promise<Place>>> = {
  async 'in memory'() {
    const server = memoryServer()
    return { connect: () => memoryBroker(server), async stop() {} }
  },

  async 'on the embedded broker'(fleet) {
    const { url, close } = await embeddedBroker(fleet, { port: 0 })
    return { connect: (username) => mqtt({ url, username, password: PASSWORD }), stop: close }
  },

  // Its window is 20 messages, whatever the hub asks for.
  async 'on Mosquitto'() {
    const { url, stop } = await startMosquitto()
    return { connect: () => mqtt({ url }), stop }
  },
}

describe(`while the handler fails for ${MESSAGES} messages of one device`, () => {
  for (const [where, open] of Object.entries(places)) {
    const skip = where === 'on Mosquitto' && mosquittoMissing
    test(`${where} another device is handled`, { skip, timeout: 4 * LIMIT }, async () => {
      const rules = [
        { effect: 'allow', actions: ['publish'], filter: 'things/sensor/+/data' },
      ] as const
      const fleet = createFleet({
        types: [sensor],
        store: memoryStore(),
        services: [
          { username: 'hub', password: PASSWORD, rules: 'hub' },
          { username: 'field', password: PASSWORD, rules },
        ],
      })
      for (const id of ['A', 'B']) await fleet.provision(sensor, id)
      const place = await open(fleet)
      const tries: number[] = []
      const given = new Collector<number>()
      const handled = new Collector<number>()
      const hub = createHub(fleet, {
        brokers: { default: place.connect('hub') },
        retry: { attempts: ATTEMPTS, delay: 0.1 },
        deadLetter({ message, attempts }) {
          assert.equal(attempts, ATTEMPTS)
          given.push(JSON.parse(new TextDecoder().decode(message.payload)).sequence)
        },
        logger: { info() {}, warn() {}, error: console.error },
      })
      hub.onData(sensor, ({ device, data }) => {
        if (device.id === 'B') return handled.push(given.items.length)
        tries.push(data.sequence)
        throw new Error('no such column')
      })
      const field = place.connect('field')
      try {
        await hub.start()
        await field.connect({ onMessage() {} })
        const publish = (id: string, sequence: number) => {
          const payload = new TextEncoder().encode(JSON.stringify({ sequence }))
          return field.publish({ topic: `things/sensor/${id}/data`, payload })
        }
        const sent = Array.from({ length: MESSAGES }, (_, sequence) => sequence)
        await Promise.all(sent.map((sequence) => publish('A', sequence)))
        await publish('B', 0)
        const [before] = await handled.reach(1, 'messages of the other device', LIMIT)
        assert.ok(before! < MESSAGES, 'the other one waited for all')

        assert.deepEqual(await given.reach(MESSAGES, 'dead letters', LIMIT), sent)
        assert.deepEqual(
          tries,
          sent.flatMap((sequence) => Array.from({ length: ATTEMPTS }, () => sequence)),
        )
      } finally {
        await Promise.all([hub.close(), field.close()])
        await place.stop()
      }
    })
  }
})
