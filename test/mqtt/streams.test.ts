/**
 * Connections over TCP and over WebSocket side by side in one process, and what goes over them.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Mosquitto, mosquittoMissing, startMosquitto } from '../support/mosquitto.ts'
import { bytes, connectClient, text } from './client.ts'
import { type Relay, tcpRelay, webSocketRelay } from './relay.ts'

describe('connections in one process', { skip: mosquittoMissing }, () => {
  let mosquitto: Mosquitto
  let relay: Relay
  before(async () => {
    mosquitto = await startMosquitto({ listeners: { ws: { protocol: 'websockets' } } })
    relay = await tcpRelay(mosquitto.ports.get('ws')!, 'ws')
  })
  after(async () => {
    await relay?.[Symbol.asyncDispose]()
    await mosquitto?.stop()
  })

  for (const order of [
    ['ws', 'mqtt'],
    ['mqtt', 'ws'],
  ] as const) {
    test(`each goes over its own transport, first ${order[0]}: and then ${order[1]}:`, async () => {
      const urlOf = { ws: relay.url, mqtt: mosquitto.url }
      const before = relay.forwarded
      await using first = await connectClient({ url: urlOf[order[0]] })
      const between = relay.forwarded
      await using second = await connectClient({ url: urlOf[order[1]] })
      // Bytes come through the relay for the one over WebSocket, and for no other.
      assert.equal(between > before, order[0] === 'ws')
      assert.equal(relay.forwarded > between, order[1] === 'ws')
      await first.broker.subscribe([{ filter: 'a' }])
      await second.broker.publish({ topic: 'a', payload: bytes('x') })
      await first.received.reach(1, 'message')
      assert.deepEqual(first.received.items.map(text), ['x'])
    })
  }
})

describe('a WebSocket', { skip: mosquittoMissing }, () => {
  test('carries all that is published in one turn in one frame', async () => {
    const mosquitto = await startMosquitto()
    try {
      await using relay = await webSocketRelay(mosquitto.port)
      await using client = await connectClient({ url: relay.url })
      await client.broker.subscribe([{ filter: 'a' }])
      const before = relay.frames
      const publish = (i: number, qos: 0 | 1) =>
        client.broker.publish({ topic: 'a', payload: bytes(`${i}`), qos })
      const waiting = Array.from({ length: 100 }, (_, i) => publish(i, 0))
      await Promise.all([...waiting, publish(100, 1)])
      await client.received.reach(101, 'messages')
      assert.deepEqual(
        client.received.items.map(text),
        Array.from({ length: 101 }, (_, i) => `${i}`),
      )
      // The messages, and the acknowledgement of the last one, which comes back.
      const frames = relay.frames - before
      assert.ok(frames <= 2, `${frames} frames`)
    } finally {
      await mosquitto.stop()
    }
  })
})
