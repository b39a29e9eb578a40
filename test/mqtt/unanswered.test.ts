/**
 * SUBSCRIBEs go out one after another, and one that is never answered costs the connection.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { BrokerError } from '../../src/base/errors.ts'
import type { Subscription } from '../../src/broker/broker.ts'
import { within } from '../support/wait.ts'
import { bytes, connectClient, typesOf } from './client.ts'
import { CONNECT, PUBLISH, SUBSCRIBE, scriptedBroker } from './scripted-broker.ts'

const LIMIT = 30_000

describe('SUBSCRIBEs', () => {
  const all = ['a', 'b', 'c'].map((filter) => ({ filter }))
  const rows: [title: string, calls: Subscription[][], filters: string[]][] = [
    ['for what was denied together', [all], ['a b c', 'a', 'b', 'c']],
    ['of different QoS', [all.map((one, i) => ({ ...one, qos: i as 0 | 1 | 2 }))], ['a', 'b', 'c']],
    ['of different calls', all.map((one) => [one]), ['a', 'b', 'c']],
  ]
  for (const [title, calls, filters] of rows) {
    test(`${title} are sent one after another`, async () => {
      const asked: string[] = []
      const waiting: (() => void)[] = []
      await using server = await scriptedBroker({
        subscribeLater(packet, answer) {
          asked.push(packet.join(' '))
          // Whoever sends without waiting has sent the next before this one is answered.
          waiting.push(() => answer(packet.map(() => (packet.length > 1 ? 0x87 : 1))))
          setTimeout(() => {
            assert.equal(waiting.length, 1)
            waiting.pop()!()
          }, 50)
        },
      })
      await using client = await connectClient({ url: server.url })
      const answers = calls.map((subscriptions) => client.broker.subscribe(subscriptions))
      await within(Promise.all(answers), 'answers')
      assert.deepEqual(asked, filters)
    })
  }

  test('go out before what is published after them', async () => {
    await using server = await scriptedBroker()
    await using client = await connectClient({ url: server.url })
    const subscribe = client.broker.subscribe([{ filter: 'a' }])
    const publish = client.broker.publish({ topic: 'a', payload: bytes('x') })
    await within(Promise.all([subscribe, publish]), 'answers')
    assert.deepEqual(server.packets, [CONNECT, SUBSCRIBE, PUBLISH])
  })
})

describe('a SUBSCRIBE that is not answered', () => {
  const silentFor = (denied: string) => (filter: string) => (filter === denied ? undefined : 1)

  test('ends the connection, which is made again without it', async () => {
    await using server = await scriptedBroker({ subscribe: silentFor('denied') })
    await using client = await connectClient({ url: server.url, publishTimeout: 0.5 })
    await client.broker.subscribe([{ filter: 'a' }])
    const subscribe = client.broker.subscribe([{ filter: 'denied' }])
    await within(
      assert.rejects(subscribe, {
        code: 'ERR_BROKER_TIMEOUT',
        message: 'Subscribing to "denied": no answer from the broker within 0.5 s',
      }),
      'rejection',
    )
    const [, lost] = await client.statuses.reach(3, 'statuses', LIMIT)
    assert.deepEqual(typesOf(client), ['connected', 'disconnected', 'connected'])
    const { error } = lost as { error?: BrokerError }
    assert.equal(error?.code, 'ERR_BROKER_TIMEOUT')
    assert.deepEqual(server.filters, ['a', 'denied', 'a'])
    await within(client.broker.publish({ topic: 'a', payload: bytes('x') }), 'publish')
  })

  test('is waited for 10 seconds, whatever a publish may take', async () => {
    await using server = await scriptedBroker({ subscribe: () => undefined })
    await using client = await connectClient({ url: server.url })
    const started = performance.now()
    const subscribe = client.broker.subscribe([{ filter: 'a' }])
    const rejected = assert.rejects(subscribe, {
      code: 'ERR_BROKER_TIMEOUT',
      message: /within 10 s$/,
    })
    await within(rejected, 'rejection', 25_000)
    assert.ok(performance.now() - started >= 9_990)
  })

  test('leaves those behind it unsent', async () => {
    await using server = await scriptedBroker({ subscribe: () => undefined })
    await using client = await connectClient({ url: server.url, publishTimeout: 0.2 })
    const [first, second] = ['a', 'b'].map((filter) => client.broker.subscribe([{ filter }]))
    await assert.rejects(first!, { code: 'ERR_BROKER_TIMEOUT' })
    await assert.rejects(second!, { code: 'ERR_BROKER_NOT_CONNECTED' })
    assert.deepEqual(server.filters, ['a'])
  })

  test('at a reconnect is told each time, and asked again ever more slowly', async () => {
    const { random } = Math
    Math.random = () => 0.1
    try {
      let isDeaf = false
      await using server = await scriptedBroker({
        subscribe: () => (isDeaf ? undefined : 1),
      })
      await using client = await connectClient({ url: server.url, publishTimeout: 0.1 })
      await client.broker.subscribe([{ filter: 'a' }, { filter: 'b' }])
      isDeaf = true
      server.disconnect(0x8b)
      const failed = await client.failedReconnects.reach(3, 'failures', LIMIT)
      isDeaf = false
      await client.statuses.reach(3, 'statuses', LIMIT)
      assert.deepEqual(typesOf(client), ['connected', 'disconnected', 'connected'])
      assert.deepEqual(
        failed.slice(0, 3).map(({ attempt, error, delay }) => {
          assert.ok(error instanceof BrokerError)
          assert.match(error.message, /Subscribing to "a" and 1 more/)
          return [attempt, error.code, delay]
        }),
        [
          [1, 'ERR_BROKER_TIMEOUT', 0.2],
          [2, 'ERR_BROKER_TIMEOUT', 0.4],
          [3, 'ERR_BROKER_TIMEOUT', 0.8],
        ],
      )
    } finally {
      Math.random = random
    }
  })
})
