/**
 * Connections over TCP and over WebSocket side by side in one process, and what goes over them.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { createWebSocketStream, WebSocketServer } from 'ws'
import { type Mosquitto, mosquittoMissing, startMosquitto } from '../support/mosquitto.ts'
import { bytes, connectClient, text } from './client.ts'
import { type Relay, webSocketRelay } from './relay.ts'

describe('connections in one process', { skip: mosquittoMissing }, () => {
  let mosquitto: Mosquitto
  let relay: Relay
  before(async () => {
    mosquitto = await startMosquitto()
    relay = await webSocketRelay(mosquitto.port)
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
    let frames = 0
    const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
    await once(server, 'listening')
    server.on('connection', (webSocket) => {
      const upstream = connect(mosquitto.port, '127.0.0.1')
      const client = createWebSocketStream(webSocket)
      webSocket.on('message', () => frames++)
      client.pipe(upstream).pipe(client)
      client.on('error', () => upstream.destroy())
      upstream.on('error', () => client.destroy())
      client.on('close', () => upstream.destroy())
    })
    try {
      const { port } = server.address() as AddressInfo
      await using client = await connectClient({ url: `ws://127.0.0.1:${port}/` })
      await client.broker.subscribe([{ filter: 'a' }])
      frames = 0
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
      assert.ok(frames <= 2, `${frames} frames`)
    } finally {
      server.close()
      await mosquitto.stop()
    }
  })
})
