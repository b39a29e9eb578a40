/**
 * Faults between a broker and its user: without any it keeps the contract, and each does what it says.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  type BrokerStatus,
  type Message,
  memoryBroker,
  memoryServer,
  type Qos,
} from '../../src/index.ts'
import { bytes, text } from '../../src/testing/broker/bench.ts'
import {
  brokerContract,
  type FaultOptions,
  faultyBroker,
  randomFaults,
  virtualClock,
} from '../../src/testing/index.ts'
import { declareContract } from '../support/contract.ts'
import { Collector, deferred, within } from '../support/wait.ts'

const server = memoryServer()
declareContract('the broker contract over faults that do not happen', brokerContract, {
  open: (options) => faultyBroker(memoryBroker(server, options)),
  openLosable() {
    const inner = memoryBroker(server)
    return { broker: faultyBroker(inner), lose: () => server.cut(inner) }
  },
})

/** A broker with faults that has subscribed to all, and another one that publishes to it. */
async function pair(
  options: FaultOptions = {},
  handle: (message: Message) => void | Promise<void> = () => {},
) {
  const server = memoryServer()
  const other = memoryBroker(server)
  const inner = memoryBroker(server)
  const broker = faultyBroker(inner, options)
  const [received, heard] = [new Collector<string>(), new Collector<string>()]
  const statuses: BrokerStatus['kind'][] = []
  const told = (async () => {
    for await (const { kind } of broker.status()) statuses.push(kind)
  })()
  await other.connect({ onMessage: (message) => heard.push(text(message)) })
  await other.subscribe([{ filter: 'out', qos: 2 }])
  await broker.connect({
    onMessage(message) {
      received.push(text(message))
      return handle(message)
    },
  })
  await broker.subscribe([{ filter: 'in', qos: 2 }])
  return {
    broker,
    received,
    heard,
    statuses,
    cut: () => server.cut(inner),
    say: (body: string, qos: Qos = 1) => other.publish({ topic: 'in', payload: bytes(body), qos }),
    publish: (body: string, qos: Qos = 1) =>
      broker.publish({ topic: 'out', payload: bytes(body), qos }),
    async close() {
      await within(Promise.all([broker.close(), other.close(), told]), 'close')
    },
  }
}

describe('what arrives', () => {
  test('is dropped, duplicated and left as the script says, by its index', async () => {
    const seen: [string, number][] = []
    const there = await pair({
      onReceive(message, index) {
        seen.push([text(message), index])
        return ([undefined, 'drop', 'duplicate'] as const)[index]
      },
    })
    for (const body of ['a', 'b', 'c', 'd']) await there.say(body)
    await there.received.reach(4, 'messages')
    assert.deepEqual(there.received.items, ['a', 'c', 'c', 'd'])
    assert.deepEqual(
      seen,
      ['a', 'b', 'c', 'd'].map((body, i) => [body, i]),
    )
    await there.close()
  })

  test('comes later when it is delayed, and those behind it do not wait', async () => {
    using clock = virtualClock()
    const onReceive = (_: Message, index: number) => (index === 0 ? { delay: 5 } : undefined)
    const there = await pair({ onReceive })
    await there.say('late')
    await there.say('next')
    await clock.advance(4.999)
    assert.deepEqual(there.received.items, ['next'])
    await clock.advance(0.001)
    assert.deepEqual(there.received.items, ['next', 'late'])
    await there.close()
  })

  test('is not acknowledged before it is handled, so the window holds', async () => {
    using clock = virtualClock()
    const server = memoryServer()
    const broker = faultyBroker(memoryBroker(server, { receiveMaximum: 2 }), {
      onReceive: () => ({ delay: 1 }),
    })
    const received: string[] = []
    await broker.connect({ onMessage: (message) => void received.push(text(message)) })
    await broker.subscribe([{ filter: 'x' }])
    for (const n of '12345') await broker.publish({ topic: 'x', payload: bytes(n) })
    const seen: string[] = []
    for (let i = 0; i < 3; i++) {
      await clock.advance(1)
      seen.push(received.splice(0).join(''))
    }
    assert.deepEqual(seen, ['12', '34', '5'])
    await broker.close()
  })
})

describe('what is published', () => {
  test('is dropped: told with QoS 1 and 2, and not with QoS 0', async () => {
    const there = await pair({ onPublish: (_, index) => (index < 3 ? 'drop' : undefined) })
    await there.publish('0', 0)
    for (const qos of [1, 2] as const) {
      await assert.rejects(there.publish(`${qos}`, qos), { code: 'ERR_BROKER_TIMEOUT' })
    }
    await there.publish('end')
    assert.deepEqual(await there.heard.reach(1, 'message'), ['end'])
    await there.close()
  })

  test('comes twice', async () => {
    const there = await pair({ onPublish: (_, index) => (index === 0 ? 'duplicate' : undefined) })
    for (const body of ['a', 'end']) await there.publish(body)
    assert.deepEqual(await there.heard.reach(3, 'messages'), ['a', 'a', 'end'])
    await there.close()
  })

  test('is sent later, as it was given', async () => {
    using clock = virtualClock()
    const there = await pair({ onPublish: (_, index) => (index === 0 ? { delay: 2 } : undefined) })
    const payload = bytes('late')
    const late = there.broker.publish({ topic: 'out', payload })
    payload.fill(0)
    await there.publish('next')
    await clock.advance(1.999)
    assert.deepEqual(there.heard.items, ['next'])
    await clock.advance(0.001)
    await late
    assert.deepEqual(there.heard.items, ['next', 'late'])
    await there.close()
  })

  for (const [how, end, code] of [
    ['lost', 'disconnect', 'ERR_BROKER_CONNECTION_LOST'],
    ['closed', 'close', 'ERR_BROKER_CLOSED'],
  ] as const) {
    test(`is not sent when the connection is ${how} before that`, async () => {
      using clock = virtualClock()
      const there = await pair({ onPublish: () => ({ delay: 2 }) })
      const late = there.publish('late')
      void there.broker[end]()
      await assert.rejects(late, { code })
      await clock.advance(3)
      assert.deepEqual(there.heard.items, [])
      await there.close()
    })
  }
})

describe('a connection that is lost', () => {
  test('is told, and had back', async () => {
    const there = await pair()
    for (let i = 0; i < 2; i++) {
      there.broker.disconnect()
      there.broker.disconnect()
      there.broker.reconnect()
      there.broker.reconnect()
    }
    await there.close()
    const round = ['disconnected', 'connected']
    assert.deepEqual(there.statuses, ['connected', ...round, ...round, 'closed'])
  })

  test('asks nothing of the message broker', async () => {
    const there = await pair()
    there.broker.disconnect()
    const code = 'ERR_BROKER_NOT_CONNECTED'
    await assert.rejects(there.publish('x'), { code })
    await assert.rejects(there.broker.subscribe([{ filter: 'x' }]), { code })
    await assert.rejects(there.broker.unsubscribe(['in']), { code })
    await assert.rejects(there.broker.subscribe([{ filter: 'a/#/b' }]), {
      name: 'InvalidTopicError',
    })
    there.broker.reconnect()
    await there.publish('again')
    assert.deepEqual(await there.heard.reach(1, 'message'), ['again'])
    await there.close()
  })

  test('has what came meanwhile with QoS 1 and 2 when it is back, in order', async () => {
    const there = await pair()
    await there.say('before')
    await there.received.reach(1, 'message')
    there.broker.disconnect()
    for (const [body, qos] of [
      ['a', 1],
      ['lost', 0],
      ['b', 2],
      ['c', 1],
    ] as const) {
      await there.say(body, qos)
    }
    assert.deepEqual(there.received.items, ['before'])
    there.broker.reconnect()
    await there.say('end')
    assert.deepEqual(await there.received.reach(5, 'messages'), ['before', 'a', 'b', 'c', 'end'])
    await there.close()
  })

  for (const [qos, expected] of [
    [0, ['x', 'end']],
    [1, ['x', 'x', 'end']],
    [2, ['x', 'end']],
  ] as const) {
    test(`QoS ${qos}: a message whose handler runs is handled ${expected.length - 1} times`, async () => {
      const begun = deferred()
      const turn = deferred()
      const there = await pair({}, (message) => {
        if (text(message) === 'end') return
        begun.resolve()
        return turn.promise
      })
      await there.say('x', qos)
      await within(begun.promise, 'handler')
      there.broker.disconnect()
      turn.resolve()
      await turn.promise
      there.broker.reconnect()
      await there.say('end')
      assert.deepEqual(await there.received.reach(expected.length, 'messages'), expected)
      await there.close()
    })
  }

  test('one that was acknowledged does not come again', async () => {
    const there = await pair()
    await there.say('x')
    await there.received.reach(1, 'message')
    await there.say('y')
    await there.received.reach(2, 'messages')
    await Promise.resolve()
    there.broker.disconnect()
    there.broker.reconnect()
    await there.say('end')
    assert.deepEqual(await there.received.reach(3, 'messages'), ['x', 'y', 'end'])
    await there.close()
  })

  test('may be closed, whatever waits in it', async () => {
    const there = await pair()
    there.broker.disconnect()
    await there.say('never')
    await there.close()
    assert.deepEqual(there.received.items, [])
    assert.deepEqual(there.statuses, ['connected', 'disconnected', 'closed'])
    there.broker.reconnect()
    await assert.rejects(there.publish('x'), { code: 'ERR_BROKER_CLOSED' })
  })

  test('tells of a handler that fails after it', async () => {
    const begun = deferred()
    const turn = deferred()
    let count = 0
    const there = await pair({}, async () => {
      begun.resolve()
      await turn.promise
      if (count++ === 0) throw new Error('failed')
    })
    await there.say('x')
    await within(begun.promise, 'handler')
    there.broker.disconnect()
    turn.resolve()
    there.broker.reconnect()
    await there.received.reach(2, 'messages')
    await there.close()
    assert.deepEqual(there.statuses, ['connected', 'disconnected', 'connected', 'error', 'closed'])
  })

  test('and one that is really lost is told as ever', async () => {
    const there = await pair()
    there.cut()
    await there.say('x')
    await there.received.reach(1, 'message')
    await there.close()
    assert.deepEqual(there.statuses, ['connected', 'disconnected', 'connected', 'closed'])
  })
})

describe('faults by chance', () => {
  const draw = (options: Parameters<typeof randomFaults>[0]) => {
    const script = randomFaults(options)
    const message = { topic: 'x', payload: bytes('x') }
    return Array.from({ length: 2_000 }, (_, i) => script(message, i))
  }

  test('are the same for one seed, and others for another', () => {
    const shares = { drop: 0.2, duplicate: 0.2, delay: 0.2, maxDelay: 3 }
    assert.deepEqual(draw({ seed: 1, ...shares }), draw({ seed: 1, ...shares }))
    assert.notDeepEqual(draw({ seed: 1, ...shares }), draw({ seed: 2, ...shares }))
  })

  test('come as often as they are to', () => {
    const all = draw({ seed: 7, drop: 0.1, duplicate: 0.2, delay: 0.3, maxDelay: 3 })
    const delays = all.flatMap((fault) => (typeof fault === 'object' ? fault.delay : []))
    const share = (count: number) => Math.round((10 * count) / all.length) / 10
    assert.equal(share(all.filter((fault) => fault === 'drop').length), 0.1)
    assert.equal(share(all.filter((fault) => fault === 'duplicate').length), 0.2)
    assert.equal(share(delays.length), 0.3)
    assert.ok(delays.every((delay) => delay >= 0 && delay < 3))
    assert.ok(Math.max(...delays) > 2.5)
  })

  test('do not come unasked, and always where they are to', () => {
    assert.ok(draw({ seed: 1 }).every((fault) => fault === undefined))
    assert.ok(draw({ seed: 1, drop: 1 }).every((fault) => fault === 'drop'))
  })

  for (const [key, options] of [
    ['seed', { seed: 0.5 }],
    ['seed', {}],
    ['drop', { seed: 1, drop: -0.1 }],
    ['duplicate', { seed: 1, duplicate: 1.1 }],
    ['delay', { seed: 1, delay: 'x' }],
    ['drop', { seed: 1, drop: 0.5, duplicate: 0.6 }],
    ['maxDelay', { seed: 1, maxDelay: 0 }],
    ['lose', { seed: 1, lose: 1 }],
  ] as const) {
    test(`${JSON.stringify(options)} is refused for ${key}`, () => {
      const wrong = options as unknown as Parameters<typeof randomFaults>[0]
      assert.throws(() => randomFaults(wrong), { name: 'ConfigError', key })
    })
  }
})

describe('what makes a broker with faults is refused', () => {
  for (const [key, broker, options] of [
    ['broker', undefined, {}],
    ['broker.subscribe', { connect() {} }, {}],
    ['onReceive', memoryBroker(), { onReceive: 'drop' }],
    ['onSend', memoryBroker(), { onSend() {} }],
  ] as const) {
    test(key, () => {
      const wrong = [broker, options] as unknown as Parameters<typeof faultyBroker>
      assert.throws(() => faultyBroker(...wrong), { name: 'ConfigError', key })
    })
  }
})
