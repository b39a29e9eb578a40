/**
 * The cases of a connection's life.
 *
 * @module
 */

import { BrokerError, type BrokerErrorCode, InvalidTopicError } from '../../base/errors.ts'
import type {
  Broker,
  BrokerStatus,
  Message,
  MessageHandler,
  OutgoingMessage,
  Subscription,
} from '../../broker/broker.ts'
import * as assert from '../assert.ts'
import { show } from '../show.ts'
import { Collector, deferred, within } from '../wait.ts'
import { type BrokerCases, bytes, text } from './bench.ts'

async function rejectsWith(promise: Promise<unknown>, code: BrokerErrorCode): Promise<void> {
  const settled = promise.then(
    () => 'it resolved',
    (error: unknown) => error,
  )
  const came = await within(settled, `rejection with ${code}`)
  assert.ok(came instanceof BrokerError, `expected a BrokerError (${code}): ${show(came)}`)
  assert.equal(came.code, code)
}

async function collect(statuses: AsyncIterable<BrokerStatus>): Promise<BrokerStatus[]> {
  const all: BrokerStatus[] = []
  for await (const status of statuses) all.push(status)
  return all
}

export const lifecycle: BrokerCases = {
  'publishing to a malformed topic rejects, and the connection still works': async (bench) => {
    const a = await bench.connect()
    await a.broker.subscribe([{ filter: bench.topic('x') }])
    for (const topic of ['a/+', 'a/#', '', 'a\0b', '\udc00', 'x'.repeat(65_536)]) {
      await assert.rejects(a.broker.publish({ topic, payload: bytes('x') }), InvalidTopicError)
    }
    const responseTopic = 'reply/+'
    const topic = bench.topic('x')
    await assert.rejects(
      a.broker.publish({ topic, payload: bytes('x'), responseTopic }),
      InvalidTopicError,
    )
    await a.broker.publish({ topic, payload: bytes('works') })
    assert.deepEqual((await a.received.reach(1, 'message')).map(text), ['works'])
  },

  'a wrong argument rejects with a TypeError, and the connection still works': async (bench) => {
    const a = await bench.connect()
    const topic = bench.topic('x')
    await a.broker.subscribe([{ filter: topic }])
    for (const message of [
      undefined,
      { topic, payload: 'text' },
      { topic, payload: bytes('x'), qos: 3 },
      { topic, payload: bytes('x'), retain: 'yes' },
      { topic, payload: bytes('x'), messageExpiry: 0.5 },
    ]) {
      await assert.rejects(a.broker.publish(message as unknown as OutgoingMessage), TypeError)
    }
    for (const subscriptions of [{ filter: topic }, [topic], [{ filter: topic, qos: 3 }]]) {
      const wrong = subscriptions as unknown as Subscription[]
      await assert.rejects(a.broker.subscribe(wrong), TypeError)
    }
    await a.broker.publish({ topic, payload: bytes('works') })
    assert.deepEqual((await a.received.reach(1, 'message')).map(text), ['works'])
  },

  'before connect there is nothing to publish or subscribe with': async (bench) => {
    const broker = await bench.open()
    const topic = bench.topic('x')
    await rejectsWith(broker.publish({ topic, payload: bytes('x') }), 'ERR_BROKER_NOT_CONNECTED')
    await rejectsWith(broker.subscribe([{ filter: topic }]), 'ERR_BROKER_NOT_CONNECTED')
    await rejectsWith(broker.unsubscribe([topic]), 'ERR_BROKER_NOT_CONNECTED')
  },

  'after close everything rejects': async (bench) => {
    const { broker } = await bench.connect()
    await broker.close()
    const topic = bench.topic('x')
    await rejectsWith(broker.publish({ topic, payload: bytes('x') }), 'ERR_BROKER_CLOSED')
    await rejectsWith(broker.subscribe([{ filter: topic }]), 'ERR_BROKER_CLOSED')
    await rejectsWith(broker.unsubscribe([topic]), 'ERR_BROKER_CLOSED')
    await rejectsWith(broker.connect({ onMessage: async () => {} }), 'ERR_BROKER_CLOSED')
  },

  'connecting twice rejects, and the connection stands': async (bench) => {
    const { broker, received } = await bench.connect()
    await rejectsWith(broker.connect({ onMessage: async () => {} }), 'ERR_BROKER_CLOSED')
    await broker.subscribe([{ filter: bench.topic('x') }])
    await broker.publish({ topic: bench.topic('x'), payload: bytes('x') })
    await received.reach(1, 'message')
  },

  'an aborted connect rejects with the reason': async (bench) => {
    const broker = await bench.open()
    const reason = new Error('changed my mind')
    const signal = AbortSignal.abort(reason)
    await assert.rejects(broker.connect({ onMessage: async () => {}, signal }), reason)
  },

  'a signal has no effect on a connection that stands': async (bench) => {
    const broker = await bench.open()
    const abort = new AbortController()
    const received = new Collector<Message>()
    const onMessage: MessageHandler = async (message) => received.push(message)
    await broker.connect({ onMessage, signal: abort.signal })
    abort.abort()
    await broker.subscribe([{ filter: bench.topic('x') }])
    await broker.publish({ topic: bench.topic('x'), payload: bytes('x') })
    await received.reach(1, 'message')
  },

  'close waits for a running handler, and the next message is not handled': async (bench) => {
    const [a, other] = [await bench.connect(), await bench.connect()]
    const begun = deferred()
    const turn = deferred()
    const b = await bench.connect(
      async () => {
        begun.resolve()
        await turn.promise
      },
      { receiveMaximum: 1 },
    )
    for (const { broker } of [b, other]) await broker.subscribe([{ filter: bench.topic('x') }])
    for (const body of ['1', '2']) {
      await a.broker.publish({ topic: bench.topic('x'), payload: bytes(body) })
    }
    await within(begun.promise, 'handler')
    await other.received.reach(2, 'messages elsewhere')
    let closed = false
    const closing = b.broker.close().then(() => {
      closed = true
    })
    await a.broker.publish({ topic: bench.topic('x'), payload: bytes('3') })
    await other.received.reach(3, 'messages elsewhere')
    assert.equal(closed, false)
    turn.resolve()
    await within(closing, 'close')
    assert.deepEqual(b.received.items.map(text), ['1'])
  },

  'close settles twice, and before connect too': async (bench) => {
    const { broker } = await bench.connect()
    await within(Promise.all([broker.close(), broker.close()]), 'close')
    await within(broker.close(), 'close')
    const unused = await bench.open()
    await within(unused.close(), 'close')
    await rejectsWith(unused.connect({ onMessage: async () => {} }), 'ERR_BROKER_CLOSED')
  },

  'await using closes at the end of a block': async (bench) => {
    let used: Broker
    {
      await using broker = await bench.open()
      used = broker
      await broker.connect({ onMessage: async () => {} })
    }
    await rejectsWith(
      used.publish({ topic: bench.topic('x'), payload: bytes('x') }),
      'ERR_BROKER_CLOSED',
    )
    await within(used[Symbol.asyncDispose](), 'second close')
  },

  'status tells of connected and closed to every reader, and ends': async (bench) => {
    const broker = await bench.open()
    const readers = [collect(broker.status()), collect(broker.status())]
    const capabilities = await broker.connect({ onMessage: async () => {} })
    const late = collect(broker.status())
    await broker.close()
    for (const reader of readers) {
      const statuses = await within(reader, 'end of status')
      assert.deepEqual(statuses, [{ kind: 'connected', capabilities }, { kind: 'closed' }])
    }
    assert.deepEqual(await within(late, 'end of status'), [{ kind: 'closed' }])
    assert.deepEqual(await within(collect(broker.status()), 'end of status'), [{ kind: 'closed' }])
  },
}
