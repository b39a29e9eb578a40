/**
 * The cases of message delivery.
 *
 * @module
 */

import type { Message, OutgoingMessage } from '../../broker/broker.ts'
import * as assert from '../assert.ts'
import { type Bench, type BrokerCases, bytes, text } from './bench.ts'

/** Publishes one message, subscribed to by its own topic, and gives it as it arrived. */
async function roundTrip(bench: Bench, message: Omit<OutgoingMessage, 'topic'>): Promise<Message> {
  const [a, b] = [await bench.connect(), await bench.connect()]
  await b.broker.subscribe([{ filter: bench.topic('x'), qos: 2 }])
  await a.broker.publish({ topic: bench.topic('x'), ...message })
  const [arrived] = await b.received.reach(1, 'message', 15_000)
  assert.equal(arrived!.topic, bench.topic('x'))
  return arrived!
}

export const delivery: BrokerCases = {
  'delivers to a matching filter on another connection': async (bench) => {
    const [a, b] = [await bench.connect(), await bench.connect()]
    const results = await b.broker.subscribe([{ filter: bench.topic('d1/data') }])
    assert.deepEqual(results, [{ filter: bench.topic('d1/data'), qos: 1, shared: false }])
    await a.broker.publish({ topic: bench.topic('d1/data'), payload: bytes('on') })
    const [message] = await b.received.reach(1, 'message')
    assert.deepEqual(message, {
      topic: bench.topic('d1/data'),
      payload: bytes('on'),
      qos: 1,
      retain: false,
    })
  },

  'does not deliver what no filter matches': async (bench) => {
    const [a, b] = [await bench.connect(), await bench.connect()]
    await b.broker.subscribe([{ filter: bench.topic('d1/data') }])
    for (const rest of ['d2/data', 'd1', 'd1/data/x', 'd1/Data', 'd1/data']) {
      await a.broker.publish({ topic: bench.topic(rest), payload: bytes(rest) })
    }
    const messages = await b.received.reach(1, 'message')
    assert.deepEqual(messages.map(text), ['d1/data'])
  },

  'wildcards match one level and all levels': async (bench) => {
    const [a, b] = [await bench.connect(), await bench.connect()]
    await b.broker.subscribe([
      { filter: bench.topic('one/+/data') },
      { filter: bench.topic('all/#') },
    ])
    const topics = ['one/data', 'one/d1/data', 'one/d1/x/data', 'one/d1/cmd', 'all', 'all/a/b']
    for (const rest of [...topics, 'one/end/data']) {
      await a.broker.publish({ topic: bench.topic(rest), payload: bytes(rest) })
    }
    const messages = await b.received.reach(4, 'messages')
    assert.deepEqual(messages.map(text), ['one/d1/data', 'all', 'all/a/b', 'one/end/data'])
  },

  'an empty payload arrives': async (bench) => {
    const { payload } = await roundTrip(bench, { payload: new Uint8Array(0) })
    assert.deepEqual(payload, new Uint8Array(0))
  },

  'a binary payload arrives intact, and only the part that was given': async (bench) => {
    const all = Uint8Array.from({ length: 300 }, (_, i) => i % 256)
    const { payload } = await roundTrip(bench, { payload: all.subarray(10, 290) })
    assert.deepEqual(payload, all.slice(10, 290))
  },

  'a payload of 100,000 bytes arrives intact': async (bench) => {
    const sent = Uint8Array.from({ length: 100_000 }, (_, i) => (i * 31) % 251)
    const { payload } = await roundTrip(bench, { payload: sent })
    assert.deepEqual(payload, sent)
  },

  'user properties arrive, with one value and with several': async (bench) => {
    const userProperties = { single: 'ü', several: ['1', '2', '1'] }
    const message = await roundTrip(bench, { payload: bytes('x'), userProperties })
    assert.deepEqual({ ...message.userProperties }, userProperties)
  },

  'no user properties arrive as none': async (bench) => {
    const message = await roundTrip(bench, { payload: bytes('x'), userProperties: {} })
    assert.deepEqual({ ...message.userProperties }, {})
  },

  'correlation data, response topic and content type arrive': async (bench) => {
    const properties = {
      correlationData: Uint8Array.of(0, 255, 128),
      responseTopic: bench.topic('reply'),
      contentType: 'application/json',
    }
    const message = await roundTrip(bench, { payload: bytes('x'), ...properties })
    const { correlationData, responseTopic, contentType } = message
    assert.deepEqual({ correlationData, responseTopic, contentType }, properties)
  },

  'a message with an expiry arrives before that': async (bench) => {
    const { messageExpiry } = await roundTrip(bench, { payload: bytes('x'), messageExpiry: 60 })
    assert.ok(messageExpiry! > 50 && messageExpiry! <= 60, `${messageExpiry}`)
  },

  'a retained message reaches a later subscriber, marked': async (bench) => {
    const [a, b] = [await bench.connect(), await bench.connect()]
    const topic = bench.topic('retained')
    await a.broker.publish({ topic, payload: bytes('kept'), retain: true })
    await b.broker.subscribe([{ filter: topic }])
    await b.received.reach(1, 'retained message')
    await a.broker.publish({ topic, payload: bytes('live'), retain: true })
    const messages = await b.received.reach(2, 'messages')
    assert.deepEqual(
      messages.map((message) => [text(message), message.retain]),
      [
        ['kept', true],
        ['live', false],
      ],
    )
    await a.broker.publish({ topic, payload: new Uint8Array(0), retain: true })
  },

  'a message has the lower QoS of publisher and subscription': async (bench) => {
    const [a, b] = [await bench.connect(), await bench.connect()]
    const qoses = [0, 1, 2] as const
    const pairs = qoses.flatMap((granted) => qoses.map((qos) => ({ granted, qos })))
    const topicOf = (pair: object) => bench.topic(Object.values(pair).join('/'))
    const results = await b.broker.subscribe(
      pairs.map((pair) => ({ filter: topicOf(pair), qos: pair.granted })),
    )
    assert.deepEqual(
      results.map(({ qos }) => qos),
      pairs.map(({ granted }) => granted),
    )
    for (const pair of pairs) {
      const { granted, qos } = pair
      const payload = bytes(`${Math.min(granted, qos)}`)
      await a.broker.publish({ topic: topicOf(pair), payload, qos })
    }
    const messages = await b.received.reach(pairs.length, 'messages')
    assert.equal(messages.length, pairs.length)
    for (const message of messages) assert.equal(String(message.qos), text(message), message.topic)
  },

  'a message has the lower QoS with a wildcard too': async (bench) => {
    const [a, b] = [await bench.connect(), await bench.connect()]
    await b.broker.subscribe([{ filter: bench.topic('+'), qos: 1 }])
    await a.broker.publish({ topic: bench.topic('x'), payload: bytes('x'), qos: 2 })
    const [message] = await b.received.reach(1, 'message')
    assert.equal(message?.qos, 1)
  },

  'messages of one publisher arrive in order': async (bench) => {
    const [a, b] = [await bench.connect(), await bench.connect()]
    await b.broker.subscribe([{ filter: bench.topic('#') }])
    const numbers = Array.from({ length: 200 }, (_, i) => String(i))
    await Promise.all(
      numbers.map((n) =>
        a.broker.publish({ topic: bench.topic(`${Number(n) % 3}`), payload: bytes(n) }),
      ),
    )
    const messages = await b.received.reach(200, 'messages', 15_000)
    assert.deepEqual(messages.map(text), numbers)
  },
}
