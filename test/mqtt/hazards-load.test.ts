/**
 * Many messages at once on a Mosquitto with its own limits, large ones over WebSocket, and how long
 * an answer takes.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Mosquitto, mosquittoMissing, startMosquitto } from '../support/mosquitto.ts'
import { within } from '../support/wait.ts'
import { bytes, connectClient, typesOf } from './client.ts'
import { webSocketRelay } from './relay.ts'

const LIMIT = 30_000
const MEGABYTE = 1_000_000

describe('a Mosquitto with its own limits', { skip: mosquittoMissing }, () => {
  let mosquitto: Mosquitto
  before(async () => {
    mosquitto = await startMosquitto()
  })
  after(() => mosquitto.stop())

  for (const [count, qos] of [
    [5_000, 0],
    [5_000, 1],
    [2_000, 2],
  ] as const) {
    test(`takes ${count} publishes of QoS ${qos} made at once, without a warning`, async () => {
      const warnings: string[] = []
      const warn = ({ name }: Error) => warnings.push(name)
      process.on('warning', warn)
      try {
        await using client = await connectClient({ url: mosquitto.url })
        const publish = (n: number) =>
          client.broker.publish({ topic: `many/${qos}`, payload: bytes(`${n}`), qos })
        await within(Promise.all(Array.from({ length: count }, (_, n) => publish(n))), 'all', LIMIT)
        await within(client.broker.publish({ topic: 'end', payload: bytes('') }), 'publish')
        assert.deepEqual(typesOf(client), ['connected'])
        assert.ok(!warnings.includes('MaxListenersExceededWarning'), warnings.join())
      } finally {
        process.off('warning', warn)
      }
    })
  }

  test('carries a megabyte over WebSocket in both directions', async () => {
    // Mosquitto's own listener takes 25 seconds for it.
    await using relay = await webSocketRelay(mosquitto.port)
    await using client = await connectClient({ url: relay.url })
    await client.broker.subscribe([{ filter: 'large' }])
    const payload = Uint8Array.from({ length: MEGABYTE }, (_, n) => (n * 31) % 251)
    await within(client.broker.publish({ topic: 'large', payload }), 'publish', LIMIT)
    const [message] = await client.received.reach(1, 'message', LIMIT)
    assert.ok(Buffer.from(payload).equals(message!.payload))
  })
})
