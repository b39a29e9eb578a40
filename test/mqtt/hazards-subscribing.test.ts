/**
 * Subscribing on brokers that answer in every way there is: what is refused costs neither the
 * connection nor the others, and what is asked is sent.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Subscription } from '../../src/broker/broker.ts'
import { mosquittoMissing, startMosquitto } from '../support/mosquitto.ts'
import { within } from '../support/wait.ts'
import { bytes, connectClient, text, typesOf } from './client.ts'
import { CONNECT, SUBSCRIBE, scriptedBroker } from './scripted-broker.ts'

const RECONNECT_LIMIT = 20_000

describe('a subscription that cannot be made', () => {
  const rows: [title: string, subscription: object, name: string][] = [
    ['a share prefix without a filter', { filter: '$share/g' }, 'InvalidTopicError'],
    ['a share prefix without a name', { filter: '$share//a' }, 'InvalidTopicError'],
    ['a share prefix with a wildcard', { filter: '$share/+/a' }, 'InvalidTopicError'],
    ['a filter of 65,536 bytes', { filter: 'x'.repeat(65_536) }, 'InvalidTopicError'],
    ['a filter that is no text', { filter: 5 }, 'InvalidTopicError'],
    ['a QoS of 3', { filter: 'a', qos: 3 }, 'TypeError'],
  ]
  for (const [title, subscription, name] of rows) {
    test(`${title} is refused, and no byte of it is sent`, async () => {
      await using server = await scriptedBroker()
      await using client = await connectClient({ url: server.url })
      const asked = [{ filter: 'good' }, subscription as Subscription]
      await assert.rejects(client.broker.subscribe(asked), { name })
      await within(client.broker.subscribe([{ filter: 'b' }]), 'subscription')
      assert.deepEqual(server.packets, [CONNECT, SUBSCRIBE])
      assert.deepEqual(server.filters, ['b'])
      assert.deepEqual(typesOf(client), ['connected'])
    })
  }
})

describe('a filter that is subscribed again', () => {
  test('is sent each time, with a higher, the same or a lower QoS', async () => {
    await using server = await scriptedBroker()
    await using client = await connectClient({ url: server.url })
    for (const qos of [1, 2, 2, 1, 0] as const) {
      const [result] = await within(client.broker.subscribe([{ filter: 'a', qos }]), 'subscription')
      assert.deepEqual(result, { filter: 'a', qos, shared: false })
    }
    assert.deepEqual(server.filters, ['a', 'a', 'a', 'a', 'a'])
  })

  test('has its last QoS, after a reconnect too', { skip: mosquittoMissing }, async () => {
    const mosquitto = await startMosquitto()
    try {
      await using client = await connectClient({ url: mosquitto.url })
      for (const qos of [2, 0] as const) await client.broker.subscribe([{ filter: 'a', qos }])
      await client.broker.publish({ topic: 'a', payload: bytes('before'), qos: 2 })
      await client.received.reach(1, 'message')
      await mosquitto.kill()
      await mosquitto.restart()
      await client.statuses.reach(3, 'statuses', RECONNECT_LIMIT)
      await client.broker.publish({ topic: 'a', payload: bytes('after'), qos: 2 })
      const messages = await client.received.reach(2, 'messages')
      assert.deepEqual(
        messages.map((message) => [text(message), message.qos]),
        [
          ['before', 0],
          ['after', 0],
        ],
      )
    } finally {
      await mosquitto.stop()
    }
  })
})

describe('one refused filter of several', () => {
  test('leaves the others standing, after a reconnect too', async () => {
    await using server = await scriptedBroker({
      subscribe: (filter) => (filter === 'bad' ? 0x87 : 1),
    })
    await using client = await connectClient({ url: server.url })
    const asked = ['good', 'bad', 'fine'].map((filter) => ({ filter }))
    await assert.rejects(client.broker.subscribe(asked), { code: 'ERR_BROKER_NOT_AUTHORIZED' })
    server.deliver({ topic: 'good', text: 'x', qos: 1, id: 1 })
    assert.deepEqual((await client.received.reach(1, 'message')).map(text), ['x'])
    server.disconnect(0x8b)
    await client.statuses.reach(3, 'statuses', RECONNECT_LIMIT)
    assert.deepEqual(server.filters, ['good', 'bad', 'fine', 'good', 'fine'])
    assert.deepEqual(typesOf(client), ['connected', 'disconnected', 'connected'])
  })
})

describe('subscriptions after a reconnect', () => {
  for (const [title, sessionPresent, filters] of [
    ['are not made again in a session that the broker kept', true, ['a', 'b']],
    ['are made again in a new one', false, ['a', 'b', 'a', 'b']],
  ] as const) {
    test(title, async () => {
      await using server = await scriptedBroker({
        connect: (n) => ({ sessionPresent: sessionPresent && n > 1 }),
      })
      await using client = await connectClient({ url: server.url, sessionExpiry: 60 })
      await client.broker.subscribe([{ filter: 'a' }, { filter: 'b' }])
      server.disconnect(0x8b)
      await client.statuses.reach(3, 'statuses', RECONNECT_LIMIT)
      assert.deepEqual(server.filters, filters)
    })
  }

  test('are made again if that was cut short, though the session is there by then', async () => {
    let isDeaf = false
    await using server = await scriptedBroker({
      connect: (n) => ({ sessionPresent: n > 2 }),
      subscribe() {
        if (!isDeaf) return 1
        isDeaf = false
        server.disconnect(0x8b)
        return undefined
      },
    })
    await using client = await connectClient({ url: server.url, sessionExpiry: 60 })
    await client.broker.subscribe([{ filter: 'a' }])
    isDeaf = true
    server.disconnect(0x8b)
    await client.statuses.reach(3, 'statuses', RECONNECT_LIMIT)
    assert.deepEqual(server.filters, ['a', 'a', 'a'])
    assert.equal(server.connections, 3)
  })
})

test('a capability that the broker does not speak of is there', async () => {
  await using server = await scriptedBroker()
  await using client = await connectClient({ url: server.url })
  const [status] = await client.statuses.reach(1, 'status')
  assert.deepEqual(status, {
    kind: 'connected',
    capabilities: {
      sharedSubscriptions: true,
      retain: true,
      maxQos: 2,
      maxPacketSize: undefined,
    },
  })
})
