/**
 * Slow handlers: what waits for them waits in the broker, and the connection stands.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Mosquitto, mosquittoMissing, startMosquitto } from '../support/mosquitto.ts'
import { Collector, type Deferred, deferred } from '../support/wait.ts'
import { bytes, connectClient, text, typesOf } from './client.ts'
import { tcpRelay, webSocketRelay } from './relay.ts'

const MEGABYTE = 1_000_000

describe('slow handlers', { skip: mosquittoMissing }, () => {
  let mosquitto: Mosquitto
  before(async () => {
    mosquitto = await startMosquitto({ config: ['max_queued_messages 0'] })
  })
  after(() => mosquitto.stop())

  for (const scheme of ['mqtt', 'ws'] as const) {
    test(`over ${scheme}: stop reading when the window is full, and then get it all`, async () => {
      // Not Mosquitto's own listener: its pace would hide who reads.
      await using webSocket = await webSocketRelay(mosquitto.port)
      const port = scheme === 'ws' ? Number(new URL(webSocket.url).port) : mosquitto.port
      await using relay = await tcpRelay(port, scheme)
      const turn = deferred()
      const config = { url: relay.url, receiveMaximum: 2 }
      await using slow = await connectClient(config, () => turn.promise)
      await using other = await connectClient({ url: mosquitto.url })
      for (const { broker } of [slow, other]) await broker.subscribe([{ filter: 'f', qos: 0 }])
      for (let n = 0; n < 60; n++) {
        await other.broker.publish({ topic: 'f', payload: new Uint8Array(MEGABYTE), qos: 0 })
      }
      await other.received.reach(60, 'messages elsewhere', 20_000)
      assert.equal(slow.received.items.length, 2)
      // What the operating system buffers on the way has been taken as well.
      assert.ok(relay.forwarded < 30 * MEGABYTE, `${relay.forwarded} bytes were read`)
      turn.resolve()
      await slow.received.reach(60, 'messages', 20_000)
      assert.deepEqual(typesOf(slow), ['connected'])
    })
  }

  for (const qos of [0, 1, 2] as const) {
    test(`QoS ${qos}: handlers longer than the keepalive keep the connection`, async () => {
      const turns = new Collector<Deferred<void>>()
      const config = { url: mosquitto.url, keepalive: 1, receiveMaximum: 1 }
      await using client = await connectClient(config, () => {
        const turn = deferred()
        turns.push(turn)
        return turn.promise
      })
      await using other = await connectClient({ url: mosquitto.url })
      await client.broker.subscribe([{ filter: `slow/${qos}`, qos }])
      for (const body of ['1', '2', '3']) {
        await other.broker.publish({ topic: `slow/${qos}`, payload: bytes(body), qos })
      }
      await turns.reach(1, 'handler')
      // There is no event for nothing happening: the broker gives up after 1.5 s, the client too.
      await new Promise((resolve) => setTimeout(resolve, 3_500))
      for (let n = 1; n <= 3; n++) (await turns.reach(n, 'handlers'))[n - 1]!.resolve()
      assert.deepEqual(client.received.items.map(text), ['1', '2', '3'])
      assert.deepEqual(typesOf(client), ['connected'])
    })
  }
})
