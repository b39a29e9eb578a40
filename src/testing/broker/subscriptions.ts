/**
 * The cases of subscriptions.
 *
 * @module
 */

import { InvalidTopicError } from '../../base/errors.ts'
import type { MessageHandler } from '../../broker/broker.ts'
import * as assert from '../assert.ts'
import { Collector, within } from '../wait.ts'
import { type BrokerCases, bytes, text } from './bench.ts'

export const subscriptions: BrokerCases = {
  'members of a share group get each message once among them': async (bench) => {
    const a = await bench.connect()
    const both = new Collector<string>()
    const collectBoth: MessageHandler = async (message) => both.push(text(message))
    const members = [await bench.connect(collectBoth), await bench.connect(collectBoth)]
    for (const { broker } of members) {
      const [result] = await broker.subscribe([{ filter: bench.topic('+/data'), shared: true }])
      assert.deepEqual(result, { filter: bench.topic('+/data'), qos: 1, shared: true })
      await broker.subscribe([{ filter: bench.topic('end') }])
    }
    const numbers = Array.from({ length: 100 }, (_, i) => String(i))
    for (const n of numbers) {
      await a.broker.publish({ topic: bench.topic(`d${n}/data`), payload: bytes(n) })
    }
    await a.broker.publish({ topic: bench.topic('end'), payload: bytes('end') })
    const all = await both.reach(102, 'messages')
    const shared = all.filter((body) => body !== 'end').sort((x, y) => Number(x) - Number(y))
    assert.deepEqual(shared, numbers)
    for (const { received } of members) assert.ok(received.items.length > 1, 'both take part')
  },

  'a subscription that is not shared gets every message beside a share group': async (bench) => {
    const [a, plain, member] = [await bench.connect(), await bench.connect(), await bench.connect()]
    await plain.broker.subscribe([{ filter: bench.topic('x') }])
    await member.broker.subscribe([{ filter: bench.topic('x'), shared: true }])
    for (const body of ['1', '2']) {
      await a.broker.publish({ topic: bench.topic('x'), payload: bytes(body) })
    }
    assert.deepEqual((await plain.received.reach(2, 'messages')).map(text), ['1', '2'])
    assert.deepEqual((await member.received.reach(2, 'messages')).map(text), ['1', '2'])
  },

  'a filter subscribed twice stays one subscription': async (bench) => {
    const [a, b] = [await bench.connect(), await bench.connect()]
    await b.broker.subscribe([{ filter: bench.topic('x'), qos: 0 }])
    const again = await b.broker.subscribe([{ filter: bench.topic('x'), qos: 1 }])
    assert.deepEqual(again, [{ filter: bench.topic('x'), qos: 1, shared: false }])
    for (const body of ['1', '2']) {
      await a.broker.publish({ topic: bench.topic('x'), payload: bytes(body) })
    }
    const messages = await b.received.reach(2, 'messages')
    assert.deepEqual(
      messages.map((message) => [text(message), message.qos]),
      [
        ['1', 1],
        ['2', 1],
      ],
    )
  },

  'a filter that is twice in one call is one subscription': async (bench) => {
    const [a, b] = [await bench.connect(), await bench.connect()]
    const topic = bench.topic('x')
    const asked = [{ filter: topic }, { filter: bench.topic('y') }, { filter: topic }]
    assert.deepEqual(
      await b.broker.subscribe(asked),
      asked.map(({ filter }) => ({ filter, qos: 1, shared: false })),
    )
    for (const body of ['1', '2']) await a.broker.publish({ topic, payload: bytes(body) })
    assert.deepEqual((await b.received.reach(2, 'messages')).map(text), ['1', '2'])
  },

  'with a malformed filter nothing is subscribed': async (bench) => {
    const [a, b] = [await bench.connect(), await bench.connect()]
    await b.broker.subscribe([{ filter: bench.topic('end') }])
    for (const bad of ['', 'a/#/b', 'a+/b', 'a\0b', '\ud800']) {
      await assert.rejects(
        b.broker.subscribe([{ filter: bench.topic('good') }, { filter: bad }]),
        InvalidTopicError,
      )
    }
    await a.broker.publish({ topic: bench.topic('good'), payload: bytes('good') })
    await a.broker.publish({ topic: bench.topic('end'), payload: bytes('end') })
    assert.deepEqual((await b.received.reach(1, 'message')).map(text), ['end'])
  },

  'an unsubscribed filter brings no more messages': async (bench) => {
    const [a, b] = [await bench.connect(), await bench.connect()]
    for (const shared of [false, true]) {
      const topic = bench.topic(`shared/${shared}`)
      await b.broker.subscribe([{ filter: topic, shared }, { filter: bench.topic('end') }])
      await a.broker.publish({ topic, payload: bytes('before') })
      await b.received.reach(1, 'message')
      assert.equal(await within(b.broker.unsubscribe([topic]), 'answer'), undefined)
      await a.broker.publish({ topic, payload: bytes('after') })
      await a.broker.publish({ topic: bench.topic('end'), payload: bytes('end') })
      await b.received.reach(2, 'messages')
      assert.deepEqual(b.received.items.splice(0).map(text), ['before', 'end'])
    }
  },

  'an unsubscribed filter can be subscribed again': async (bench) => {
    const [a, b] = [await bench.connect(), await bench.connect()]
    for (const shared of [false, true]) {
      const topic = bench.topic(`shared/${shared}`)
      for (const body of ['first', 'second']) {
        await b.broker.subscribe([{ filter: topic, shared }])
        await a.broker.publish({ topic, payload: bytes(body) })
        await b.received.reach(1, 'message')
        assert.deepEqual(b.received.items.splice(0).map(text), [body])
        await within(b.broker.unsubscribe([topic]), 'answer')
      }
    }
  },

  'a filter that overlaps an unsubscribed one stands': async (bench) => {
    const [a, b] = [await bench.connect(), await bench.connect()]
    for (const [n, [ended, kept]] of [
      ['x', '+'],
      ['+', 'x'],
      ['#', '+'],
      ['+', '#'],
    ].entries()) {
      for (const shared of [false, true]) {
        const [end, keep] = [ended, kept].map((rest) => bench.topic(`${n}/${shared}/${rest}`))
        await b.broker.subscribe([{ filter: end!, shared }, { filter: keep! }])
        await within(b.broker.unsubscribe([end!]), 'answer')
        const topic = bench.topic(`${n}/${shared}/x`)
        for (const body of ['1', '2']) await a.broker.publish({ topic, payload: bytes(body) })
        await b.received.reach(2, 'messages')
        assert.deepEqual(b.received.items.splice(0).map(text), ['1', '2'])
      }
    }
  },

  'a filter subscribed shared and not is ended as a whole': async (bench) => {
    const [a, b] = [await bench.connect(), await bench.connect()]
    const topic = bench.topic('x')
    await b.broker.subscribe([{ filter: topic }, { filter: bench.topic('end') }])
    await b.broker.subscribe([{ filter: topic, shared: true }])
    await within(b.broker.unsubscribe([topic]), 'answer')
    await a.broker.publish({ topic, payload: bytes('x') })
    await a.broker.publish({ topic: bench.topic('end'), payload: bytes('end') })
    assert.deepEqual((await b.received.reach(1, 'message')).map(text), ['end'])
  },

  'unsubscribing is for one connection alone': async (bench) => {
    const [a, b, other] = [await bench.connect(), await bench.connect(), await bench.connect()]
    const topic = bench.topic('x')
    for (const { broker } of [b, other]) await broker.subscribe([{ filter: topic }])
    await within(b.broker.unsubscribe([topic]), 'answer')
    await a.broker.publish({ topic, payload: bytes('x') })
    assert.deepEqual((await other.received.reach(1, 'message')).map(text), ['x'])
    assert.deepEqual(b.received.items, [])
  },

  'a filter that is not subscribed may be unsubscribed, twice too': async (bench) => {
    const [a, b] = [await bench.connect(), await bench.connect()]
    const topic = bench.topic('x')
    await b.broker.subscribe([{ filter: topic }])
    await within(b.broker.unsubscribe([]), 'answer')
    for (let i = 0; i < 2; i++) {
      await within(b.broker.unsubscribe([bench.topic('y'), bench.topic('y'), 'z/+']), 'answer')
    }
    await a.broker.publish({ topic, payload: bytes('x') })
    assert.deepEqual((await b.received.reach(1, 'message')).map(text), ['x'])
  },

  'with a malformed filter nothing is unsubscribed': async (bench) => {
    const [a, b] = [await bench.connect(), await bench.connect()]
    const topic = bench.topic('x')
    await b.broker.subscribe([{ filter: topic }])
    for (const bad of ['', 'a/#/b', 'a+/b', 'a\0b']) {
      await assert.rejects(b.broker.unsubscribe([topic, bad]), InvalidTopicError)
    }
    for (const wrong of [[topic, '$share/mine/x'], topic, undefined]) {
      await assert.rejects(b.broker.unsubscribe(wrong as string[]), TypeError)
    }
    await a.broker.publish({ topic, payload: bytes('x') })
    assert.deepEqual((await b.received.reach(1, 'message')).map(text), ['x'])
  },

  'a share prefix in a filter is refused': async (bench) => {
    const { broker } = await bench.connect()
    await assert.rejects(broker.subscribe([{ filter: '$share/mine/x' }]), TypeError)
  },
}
