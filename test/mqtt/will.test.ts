/**
 * Wills: what goes out with each CONNECT, and who may have which.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Will } from '../../src/index.ts'
import { mosquittoMissing, startMosquitto } from '../support/mosquitto.ts'
import { bytes, connectClient, makeClient, text } from './client.ts'
import { tcpRelay } from './relay.ts'
import { scriptedBroker } from './scripted-broker.ts'

const RECONNECT_LIMIT = 10_000
const topic = 'things/pump/P-1/status'

const whole: Will = {
  topic,
  payload: bytes('gone'),
  qos: 2,
  retain: true,
  delay: 30,
  userProperties: { a: 'b' },
  correlationData: bytes('id'),
  responseTopic: 'reply',
  contentType: 'text/plain',
  messageExpiry: 60,
}

describe('CONNECT', () => {
  for (const [protocolVersion, properties] of [
    [5, { 2: 60, 3: 'text/plain', 8: 'reply', 9: 'id', 24: 30, 38: ['a', 'b'] }],
    [4, {}],
  ] as const) {
    test(`has the will each time, with all that MQTT ${protocolVersion} has for it`, async () => {
      await using server = await scriptedBroker()
      await using client = makeClient({ url: server.url, protocolVersion })
      await client.connect(undefined, whole)
      server.cut()
      await client.statuses.reach(3, 'statuses', RECONNECT_LIMIT)
      const will = { topic, payload: 'gone', qos: 2, retain: true, properties }
      assert.deepEqual(
        server.logins.items.map((packet) => packet.will),
        [will, will],
      )
    })
  }

  test('has a will with no more than it needs, beside a login', async () => {
    await using server = await scriptedBroker()
    await using client = makeClient({ url: server.url, username: 'ä', password: 'p' })
    const will = { topic: 'a', payload: new Uint8Array(0), delay: 0, userProperties: {} }
    await client.connect(undefined, will)
    const [packet] = server.logins.items
    const expected = { topic: 'a', payload: '', qos: 1, retain: false, properties: {} }
    assert.deepEqual(packet?.will, expected)
    assert.deepEqual([packet?.username, packet?.password], ['ä', 'p'])
  })

  test('has none unless one is given', async () => {
    await using server = await scriptedBroker()
    await using _client = await connectClient({ url: server.url })
    assert.equal(server.logins.items[0]?.will, undefined)
  })
})

test("a delay is the broker's to keep", { skip: mosquittoMissing }, async () => {
  const mosquitto = await startMosquitto()
  try {
    await using watcher = await connectClient({ url: mosquitto.url })
    await watcher.broker.subscribe([{ filter: topic }])
    const relay = await tcpRelay(Number(new URL(mosquitto.url).port))
    await using client = makeClient({ url: relay.url, sessionExpiry: 60 })
    await client.connect(undefined, { topic, payload: bytes('gone'), delay: 2 })
    const lost = Date.now()
    await relay[Symbol.asyncDispose]()
    assert.deepEqual((await watcher.received.reach(1, 'will', 10_000)).map(text), ['gone'])
    // Mosquitto counts whole seconds.
    assert.ok(Date.now() - lost >= 1_000)
  } finally {
    await mosquitto.stop()
  }
})
