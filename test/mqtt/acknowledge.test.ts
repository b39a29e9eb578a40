/**
 * A message is acknowledged when its handler is done, and not before.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { BrokerConfig } from '../../adapters/mqtt/index.ts'
import { type Mosquitto, mosquittoMissing, startMosquitto } from '../support/mosquitto.ts'
import { Collector, type Deferred, deferred, within } from '../support/wait.ts'
import { bytes, connectClient, makeClient, text, typesOf } from './client.ts'
import { tcpRelay } from './relay.ts'
import { scriptedBroker } from './scripted-broker.ts'

describe('acknowledgement', { skip: mosquittoMissing }, () => {
  let mosquitto: Mosquitto
  before(async () => {
    mosquitto = await startMosquitto()
  })
  after(() => mosquitto.stop())

  const durable = (url: string, clientId: string): BrokerConfig => ({
    url,
    clientId,
    cleanStart: false,
    sessionExpiry: 60,
  })

  for (const [version, config] of [
    ['5', {}],
    ['3.1.1', { protocolVersion: 4, sessionExpiry: 0 }],
  ] as const) {
    for (const qos of [1, 2] as const) {
      const name = `MQTT ${version}, QoS ${qos}`

      test(`${name}: what was not handled when the process died comes again`, async () => {
        const topic = `died/${version}/${qos}`
        const options = (url: string) => ({ ...durable(url, topic), ...config })
        await using relay = await tcpRelay(mosquitto.port)
        const hang = deferred()
        const first = await connectClient(options(relay.url), (message) =>
          text(message) === 'pending' ? hang.promise : Promise.resolve(),
        )
        await first.broker.subscribe([{ filter: topic, qos }])
        for (const body of ['settled', 'pending', 'settled too']) {
          await first.broker.publish({ topic, payload: bytes(body), qos })
        }
        await first.received.reach(3, 'messages')
        // A round trip, so that the broker has the acknowledgements of the settled ones.
        await first.broker.publish({ topic: 'elsewhere', payload: bytes('') })
        await relay[Symbol.asyncDispose]() // It cannot connect again.
        hang.resolve()
        await within(first.broker.close(), 'close')

        await using second = await connectClient(options(mosquitto.url))
        await second.broker.publish({ topic, payload: bytes('end'), qos })
        const messages = await second.received.reach(2, 'messages')
        assert.deepEqual(messages.map(text), ['pending', 'end'])
      })

      test(`${name}: what was handled before close does not come again`, async () => {
        const topic = `closed/${version}/${qos}`
        const options = { ...durable(mosquitto.url, topic), ...config }
        const turn = deferred()
        const first = await connectClient(options, () => turn.promise)
        await first.broker.subscribe([{ filter: topic, qos }])
        await first.broker.publish({ topic, payload: bytes('handled'), qos })
        await first.received.reach(1, 'message')
        const closing = first.broker.close()
        turn.resolve()
        await within(closing, 'close')

        await using second = await connectClient(options)
        await second.broker.publish({ topic, payload: bytes('end'), qos })
        assert.deepEqual((await second.received.reach(1, 'message')).map(text), ['end'])
      })
    }
  }

  test('QoS 1: a message whose handler runs while the connection is made again comes again', async () => {
    await using relay = await tcpRelay(mosquitto.port)
    const turns = new Collector<Deferred<void>>()
    await using client = await connectClient(durable(relay.url, 'again-1'), () => {
      const turn = deferred()
      turns.push(turn)
      return turn.promise
    })
    await client.broker.subscribe([{ filter: 'again-1' }])
    await client.broker.publish({ topic: 'again-1', payload: bytes('x') })
    await turns.reach(1, 'handler')
    relay.cut()
    for (const turn of await turns.reach(2, 'handlers', 10_000)) turn.resolve()
    await client.broker.publish({ topic: 'again-1', payload: bytes('y') })
    const [, , last] = await turns.reach(3, 'handlers')
    last!.resolve()
    assert.deepEqual(client.received.items.map(text), ['x', 'x', 'y'])
  })

  for (const [when, count] of [
    ['before', 2],
    ['after', 3],
  ] as const) {
    test(`QoS 2: such a message is handled once, if that ends ${when} the reconnect`, async () => {
      const topic = `once/${when}`
      await using relay = await tcpRelay(mosquitto.port)
      const turn = deferred()
      // With a window of one the broker sends nothing more until it has the acknowledgement.
      const config = { ...durable(relay.url, topic), receiveMaximum: 1 }
      await using client = await connectClient(config, (message) =>
        text(message) === 'x' ? turn.promise : Promise.resolve(),
      )
      await client.broker.subscribe([{ filter: topic, qos: 2 }])
      await client.broker.publish({ topic, payload: bytes('x'), qos: 2 })
      await client.received.reach(1, 'message')
      relay.cut()
      await client.statuses.reach(count, 'statuses', 10_000)
      turn.resolve()
      await client.statuses.reach(3, 'statuses', 10_000)
      for (const body of ['y', 'z']) {
        await client.broker.publish({ topic, payload: bytes(body), qos: 2 })
      }
      const messages = await client.received.reach(3, 'messages')
      assert.deepEqual(messages.map(text), ['x', 'y', 'z'])
    })
  }

  for (const [qos, expected] of [
    [1, ['x', 'x', 'y', 'end']],
    [2, ['x', 'y', 'end']],
  ] as const) {
    test(`QoS ${qos}: what waited for its handler when the connection was lost is handled once`, async () => {
      const topic = `queued/${qos}`
      await using relay = await tcpRelay(mosquitto.port)
      const turn = deferred()
      // The broker knows of no window here, so that more arrives than can be handled.
      const config = { ...durable(relay.url, topic), protocolVersion: 4, sessionExpiry: 0 } as const
      await using client = await connectClient({ ...config, receiveMaximum: 1 }, () => turn.promise)
      await using other = await connectClient({ url: mosquitto.url })
      await client.broker.subscribe([{ filter: topic, qos }])
      for (const body of ['x', 'y']) {
        await other.broker.publish({ topic, payload: bytes(body), qos })
      }
      await client.received.reach(1, 'message')
      // Its answer is read after the second message, which waits from then on.
      await client.broker.publish({ topic: 'elsewhere', payload: bytes('') })
      relay.cut()
      await client.statuses.reach(3, 'statuses', 10_000)
      turn.resolve()
      await other.broker.publish({ topic, payload: bytes('end'), qos })
      const messages = await client.received.reach(expected.length, 'messages')
      assert.deepEqual(messages.map(text), expected)
    })
  }

  test('a message whose handler rejects does not come again', async () => {
    for (const qos of [1, 2] as const) {
      const clientId = `rejected-${qos}`
      const first = await connectClient(durable(mosquitto.url, clientId), () =>
        Promise.reject(new Error('rejected')),
      )
      await first.broker.subscribe([{ filter: clientId, qos }])
      await first.broker.publish({ topic: clientId, payload: bytes('bad'), qos })
      await first.statuses.reach(2, 'statuses')
      assert.deepEqual(typesOf(first), ['connected', 'error'])
      await first.broker.close()

      await using second = await connectClient(durable(mosquitto.url, clientId))
      await second.broker.publish({ topic: clientId, payload: bytes('end'), qos })
      assert.deepEqual((await second.received.reach(1, 'message')).map(text), ['end'])
    }
  })

  test('what a durable session has waiting reaches the handler, which can publish', async () => {
    const first = await connectClient(durable(mosquitto.url, 'waiting'))
    await first.broker.subscribe([{ filter: 'waiting' }])
    await first.broker.close()
    await using other = await connectClient({ url: mosquitto.url })
    await other.broker.subscribe([{ filter: 'answers' }])
    const numbers = Array.from({ length: 50 }, (_, n) => `${n}`)
    for (const n of numbers) await other.broker.publish({ topic: 'waiting', payload: bytes(n) })

    await using second = makeClient(durable(mosquitto.url, 'waiting'))
    await second.connect(async ({ payload }) => {
      await second.broker.publish({ topic: 'answers', payload })
    })
    const answers = await other.received.reach(50, 'answers')
    assert.deepEqual(answers.map(text), numbers)
    assert.deepEqual(typesOf(second), ['connected'])
  })

  test('a session goes on after a reconnect although the start was clean', async () => {
    await using relay = await tcpRelay(mosquitto.port)
    const config = { url: relay.url, clientId: 'goes-on', sessionExpiry: 60 }
    await using client = await connectClient(config)
    await using other = await connectClient({ url: mosquitto.url })
    await client.broker.subscribe([{ filter: 'goes-on' }])
    relay.cut()
    await client.statuses.reach(2, 'statuses')
    await other.broker.publish({ topic: 'goes-on', payload: bytes('meanwhile') })
    assert.deepEqual((await client.received.reach(1, 'message', 10_000)).map(text), ['meanwhile'])
  })
})

describe('the acknowledgement', () => {
  for (const qos of [1, 2] as const) {
    test(`of QoS ${qos} says whether the handler failed`, async () => {
      await using server = await scriptedBroker()
      await using client = await connectClient({ url: server.url }, (message) =>
        text(message) === 'bad' ? Promise.reject(new Error('bad')) : Promise.resolve(),
      )
      for (const [i, body] of ['good', 'bad', 'good'].entries()) {
        server.deliver({ topic: 'a', text: body, qos, id: i + 1 })
        await server.acknowledgements.reach(i + 1, 'acknowledgement')
      }
      assert.deepEqual(server.acknowledgements.items, [
        { id: 1, reason: 0 },
        { id: 2, reason: 0x80 },
        { id: 3, reason: 0 },
      ])
      assert.equal(client.received.items.length, 3)
    })

    test(`of QoS ${qos} ends the use of its packet identifier`, async () => {
      await using server = await scriptedBroker()
      await using client = await connectClient({ url: server.url }, (message) =>
        text(message) === 'bad' ? Promise.reject(new Error('bad')) : Promise.resolve(),
      )
      for (const [i, body] of ['good', 'bad', 'bad', 'good'].entries()) {
        server.deliver({ topic: 'a', text: body, qos, id: 7 })
        await server.acknowledgements.reach(i + 1, 'acknowledgement')
      }
      assert.deepEqual(client.received.items.map(text), ['good', 'bad', 'bad', 'good'])
    })
  }

  test('is sent in the order in which handlers end', async () => {
    await using server = await scriptedBroker()
    const turns = new Map<string, Deferred<void>>()
    await using client = await connectClient({ url: server.url }, (message) => {
      const turn = deferred()
      turns.set(text(message), turn)
      return turn.promise
    })
    for (const id of [1, 2, 3]) server.deliver({ topic: 'a', text: `${id}`, qos: 1, id })
    await client.received.reach(3, 'messages')
    assert.deepEqual(server.acknowledgements.items, [])
    for (const id of [2, 3, 1]) turns.get(`${id}`)!.resolve()
    const acknowledgements = await server.acknowledgements.reach(3, 'acknowledgements')
    assert.deepEqual(
      acknowledgements.map(({ id }) => id),
      [2, 3, 1],
    )
  })
})
