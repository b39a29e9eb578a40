/**
 * Publishing while a connection is lost: what waits is sent in order, and each promise tells what became
 * of its message.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { BrokerError } from '../../src/base/errors.ts'
import type { OutgoingMessage, Qos } from '../../src/broker/broker.ts'
import { OfflineQueue } from '../../src/client/offline-queue.ts'
import { mosquittoMissing, startMosquitto } from '../support/mosquitto.ts'
import { Collector, deferred, within } from '../support/wait.ts'
import { bytes, connectClient, makeClient, text, typesOf } from './client.ts'
import { CONNECT, connackProperty, PUBLISH, SUBSCRIBE, scriptedBroker } from './scripted-broker.ts'
import { issueToken } from './tokens.ts'

const LIMIT = 20_000
/** More than the calls that Deno's stack takes within each other while a socket is written. */
const MANY = 3_000
const offlineQueue = { limit: 10, whenFull: 'reject' } as const
const message = (topic: string): OutgoingMessage => ({ topic, payload: bytes(topic) })

describe('a message that waits for a connection', () => {
  test('is sent after the subscriptions are made again, and before newer ones', async () => {
    const topics = new Collector<string>()
    await using server = await scriptedBroker({
      publish(topic, answer) {
        topics.push(topic)
        answer(0)
      },
    })
    await using client = await connectClient({ url: server.url, offlineQueue })
    await client.broker.subscribe([{ filter: 'a' }])
    server.disconnect(0x8b)
    await client.statuses.reach(2, 'statuses')
    const waiting = ['1', '2', '3'].map((topic) => client.broker.publish(message(topic)))
    await client.statuses.reach(3, 'statuses', LIMIT)
    const newer = client.broker.publish(message('4'))
    await within(Promise.all([...waiting, newer]), 'publishes')
    assert.deepEqual(topics.items, ['1', '2', '3', '4'])
    const packets = server.packets.slice(server.packets.lastIndexOf(CONNECT))
    assert.deepEqual(packets, [CONNECT, SUBSCRIBE, PUBLISH, PUBLISH, PUBLISH, PUBLISH])
    assert.deepEqual(typesOf(client), ['connected', 'disconnected', 'connected'])
  })

  test('is checked at once, and what is refused does not wait', async () => {
    await using server = await scriptedBroker()
    await using client = await connectClient({ url: server.url, offlineQueue })
    server.disconnect(0x8b)
    await client.statuses.reach(2, 'statuses')
    const { broker } = client
    await assert.rejects(broker.publish(message('a/+')), { code: 'ERR_TOPIC_INVALID' })
    const wrong = { ...message('a'), qos: 3 } as unknown as OutgoingMessage
    await assert.rejects(broker.publish(wrong), { name: 'TypeError', message: /^qos / })
  })

  test('is not there before the first connection', async () => {
    await using server = await scriptedBroker()
    await using client = makeClient({ url: server.url, offlineQueue })
    await assert.rejects(client.broker.publish(message('a')), { code: 'ERR_BROKER_NOT_CONNECTED' })
    await client.connect()
    await within(client.broker.publish(message('a')), 'publish')
  })

  test('rejects when the broker is closed, and so does what comes after', async () => {
    let isAway = false
    await using server = await scriptedBroker({ connect: () => ({ reason: isAway ? 0x88 : 0 }) })
    await using client = await connectClient({ url: server.url, offlineQueue })
    isAway = true
    server.disconnect(0x8b)
    await client.statuses.reach(2, 'statuses')
    const waiting = assert.rejects(client.broker.publish(message('a')), {
      code: 'ERR_BROKER_CLOSED',
      message: /"a"/,
    })
    await within(Promise.all([client.broker.close(), waiting]), 'close')
    await assert.rejects(client.broker.publish(message('a')), { code: 'ERR_BROKER_CLOSED' })
  })

  test('waits on while the login is refused, for no longer than its time', async () => {
    let isRefused = false
    await using server = await scriptedBroker({ connect: () => ({ reason: isRefused ? 0x87 : 0 }) })
    await using client = await connectClient({ url: server.url, offlineQueue })
    isRefused = true
    server.disconnect(0x8b)
    await client.statuses.reach(2, 'statuses')
    const waiting = client.broker.publish(message('a'))
    const expiring = client.broker.publish({ ...message('b'), messageExpiry: 1 })
    await assert.rejects(within(expiring, 'expiry'), { code: 'ERR_BROKER_MESSAGE_EXPIRED' })
    await client.failedReconnects.reach(2, 'refusals', LIMIT)
    isRefused = false
    await within(waiting, 'publish', LIMIT)
  })

  test('rejects with the reason when a token that has expired is refused', async () => {
    const { username, password } = issueToken(-1)
    await using server = await scriptedBroker({
      connect: (n) => ({ reason: n === 1 ? 0 : 0x87 }),
    })
    await using client = await connectClient({ url: server.url, offlineQueue, username, password })
    server.disconnect(0x87)
    await client.statuses.reach(2, 'statuses')
    const publish = client.broker.publish(message('a'))
    await within(
      assert.rejects(publish, (error) => {
        assert.ok(error instanceof BrokerError && error.cause instanceof BrokerError)
        assert.equal(error.code, 'ERR_BROKER_CLOSED')
        assert.equal(error.cause.code, 'ERR_BROKER_LOGIN_REFUSED')
        return true
      }),
      'rejection',
      LIMIT,
    )
  })

  test('may wait for longer than the broker has to answer', async () => {
    let isAway = false
    await using server = await scriptedBroker({ connect: () => ({ reason: isAway ? 0x88 : 0 }) })
    const config = { url: server.url, offlineQueue, publishTimeout: 0.05 }
    await using client = await connectClient(config)
    isAway = true
    server.disconnect(0x8b)
    await client.statuses.reach(2, 'statuses')
    const publish = client.broker.publish(message('a'))
    await sleep(150)
    isAway = false
    await within(publish, 'publish', LIMIT)
  })

  test('rejects when its time has passed, and makes room', async () => {
    let isAway = false
    await using server = await scriptedBroker({ connect: () => ({ reason: isAway ? 0x88 : 0 }) })
    const config = { url: server.url, offlineQueue: { limit: 1 } }
    await using client = await connectClient(config)
    isAway = true
    server.disconnect(0x8b)
    await client.statuses.reach(2, 'statuses')
    const expiring = client.broker.publish({ ...message('a'), messageExpiry: 1 })
    const full = client.broker.publish(message('b'))
    await assert.rejects(full, { code: 'ERR_BROKER_QUEUE_FULL', message: /"b"/ })
    await within(assert.rejects(expiring, { code: 'ERR_BROKER_MESSAGE_EXPIRED' }), 'rejection')
    const publish = client.broker.publish(message('c'))
    isAway = false
    await within(publish, 'publish', LIMIT)
  })

  test('goes on waiting if the connection is lost before its turn, and is sent once', async () => {
    const topics = new Collector<string>()
    const answers: (() => void)[] = []
    await using server = await scriptedBroker({
      connect: () => ({ properties: connackProperty.receiveMaximum(2) }),
      publish(topic, answer) {
        topics.push(topic)
        answers.push(() => answer(0))
        if (topics.items.length > 2) answer(0)
      },
    })
    await using client = await connectClient({ url: server.url, offlineQueue })
    server.disconnect(0x8b)
    await client.statuses.reach(2, 'statuses')
    const all = Array.from({ length: 6 }, (_, n) => client.broker.publish(message(`${n}`)))
    const outcomes = Promise.allSettled(all)
    await topics.reach(2, 'messages', LIMIT)
    server.disconnect(0x8b)
    const codes = (await within(outcomes, 'publishes', LIMIT)).map((one) =>
      one.status === 'rejected' ? (one.reason as BrokerError).code : 'done',
    )
    const lost = 'ERR_BROKER_CONNECTION_LOST'
    assert.deepEqual(codes, [lost, lost, 'done', 'done', 'done', 'done'])
    assert.deepEqual(topics.items, ['0', '1', '2', '3', '4', '5'])
  })
})

describe('the queue on its way to a connection', () => {
  test('hands over no more than can be answered in time, and newer messages wait behind', async () => {
    const queue = new OfflineQueue({ limit: MANY, whenFull: 'reject' })
    const handedOver: string[] = []
    const answers: (() => void)[] = []
    let most = 0
    const publishes = Array.from({ length: 1_000 }, (_, n) => queue.publish(message(`${n}`)))
    queue.resume(({ topic }) => {
      handedOver.push(topic)
      const answer = deferred()
      answers.push(answer.resolve)
      most = Math.max(most, answers.length)
      return answer.promise
    })
    publishes.push(queue.publish(message('1000')))
    assert.ok(handedOver.length < 1_000)
    const first = handedOver.length
    while (answers.length > 0) {
      answers.shift()!()
      await sleep(0)
    }
    await within(Promise.all(publishes), 'publishes')
    assert.equal(most, first)
    assert.deepEqual(
      handedOver,
      Array.from({ length: 1_001 }, (_, n) => `${n}`),
    )
  })

  test('gives nothing more to one that is lost, and goes on with the next', async () => {
    const queue = new OfflineQueue({ limit: MANY, whenFull: 'reject' })
    const publishes = Array.from({ length: 1_000 }, (_, n) => queue.publish(message(`${n}`)))
    const outcomes = Promise.allSettled(publishes)
    const handedOver: [string[], string[]] = [[], []]
    queue.resume(async ({ topic }) => {
      handedOver[0].push(topic)
      throw new BrokerError('ERR_BROKER_CONNECTION_LOST', 'lost')
    })
    await sleep(0)
    queue.resume(async ({ topic }) => void handedOver[1].push(topic))
    const fulfilled = (await within(outcomes, 'publishes')).map(({ status }) => status)
    assert.ok(handedOver[0].length < 1_000)
    assert.deepEqual(
      handedOver.flat(),
      Array.from({ length: 1_000 }, (_, n) => `${n}`),
    )
    assert.equal(fulfilled.indexOf('fulfilled'), handedOver[0].length)
  })

  test('sends nothing once it is closed, though a connection comes', async () => {
    const queue = new OfflineQueue(offlineQueue)
    queue.close(undefined)
    queue.resume(() => assert.fail('it was sent'))
    await assert.rejects(queue.publish(message('a')), { code: 'ERR_BROKER_CLOSED' })
  })

  test('tells what the connection refuses, and goes on', async () => {
    const queue = new OfflineQueue(offlineQueue)
    const refused = queue.publish(message('refused'))
    const taken = queue.publish(message('taken'))
    queue.resume(({ topic }) => {
      if (topic === 'refused') throw new BrokerError('ERR_BROKER_REFUSED', 'it is too large')
      return Promise.resolve()
    })
    await assert.rejects(refused, { code: 'ERR_BROKER_REFUSED' })
    await within(taken, 'publish')
  })

  test('holds the message as it was published', async () => {
    const queue = new OfflineQueue(offlineQueue)
    const payload = bytes('before')
    const correlationData = bytes('before')
    const userProperties = { key: ['before'] }
    const publish = queue.publish({ topic: 'a', payload, correlationData, userProperties })
    payload.set(bytes('after!'))
    correlationData.set(bytes('after!'))
    userProperties.key[0] = 'after!'
    const sent = deferred<OutgoingMessage>()
    queue.resume(async (outgoing) => sent.resolve(outgoing))
    await within(publish, 'publish')
    const outgoing = await sent.promise
    assert.deepEqual(outgoing.payload, bytes('before'))
    assert.deepEqual(outgoing.correlationData, bytes('before'))
    assert.deepEqual(outgoing.userProperties, { key: ['before'] })
  })
})

describe('a Mosquitto that is killed and started again', { skip: mosquittoMissing }, () => {
  for (const qos of [0, 1, 2] as const satisfies readonly Qos[]) {
    test(`gets ${MANY} messages of QoS ${qos} that waited for it, in order`, async () => {
      const mosquitto = await startMosquitto({ config: ['max_queued_messages 0'] })
      try {
        const config = { url: mosquitto.url, offlineQueue: { limit: MANY } }
        await using client = await connectClient(config)
        await client.broker.subscribe([{ filter: 'a', qos }])
        await mosquitto.kill()
        await client.statuses.reach(2, 'statuses')
        const publish = (n: number) =>
          client.broker.publish({ topic: 'a', payload: bytes(`${n}`), qos })
        const publishes = Array.from({ length: MANY }, (_, n) => publish(n))
        await assert.rejects(publish(MANY), { code: 'ERR_BROKER_QUEUE_FULL' })
        await mosquitto.restart()
        await within(Promise.all(publishes), 'publishes', LIMIT)
        await within(publish(MANY), 'publish')
        const received = await client.received.reach(MANY + 1, 'messages', LIMIT)
        assert.deepEqual(
          received.map(text),
          Array.from({ length: MANY + 1 }, (_, n) => `${n}`),
        )
      } finally {
        await mosquitto.stop()
      }
    })
  }
})
