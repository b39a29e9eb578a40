/**
 * What `status()` tells of reconnects that fail, and `await using`.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { mqtt } from '../../adapters/mqtt/index.ts'
import { BrokerError, type BrokerErrorCode } from '../../src/base/errors.ts'
import type { BrokerStatus } from '../../src/broker/broker.ts'
import { outageFilter } from '../../src/broker/outage.ts'
import { mosquittoMissing, startMosquitto } from '../support/mosquitto.ts'
import { within } from '../support/wait.ts'
import { bytes, connectClient, typesOf } from './client.ts'
import { scriptedBroker } from './scripted-broker.ts'

const LIMIT = 20_000

/** Makes the pauses before reconnects this part of the longest they may be, until disposed. */
function pausesOf(part: number): Disposable {
  const { random } = Math
  Math.random = () => part
  return {
    [Symbol.dispose]() {
      Math.random = random
    },
  }
}

describe('a reconnect that fails', () => {
  test('is told with its reason, its number and the time until the next', async () => {
    using _ = pausesOf(0.01)
    const answers = [0, 0x88, 'hang-up', 0x97, 0, 0x9f, 'hang-up', 0] as const
    await using server = await scriptedBroker({
      connect(n) {
        const answer = answers[n - 1]!
        return answer === 'hang-up' ? answer : { reason: answer }
      },
    })
    await using client = await connectClient({ url: server.url })
    server.disconnect(0x8b)
    await client.statuses.reach(3, 'statuses', LIMIT)
    server.disconnect(0x8b)
    await client.statuses.reach(5, 'statuses', LIMIT)
    assert.deepEqual(
      client.failedReconnects.items.map(({ attempt, error, delay }) => {
        assert.ok(error instanceof BrokerError)
        return [attempt, error.code, error.reasonCode, delay]
      }),
      [
        [1, 'ERR_BROKER_UNREACHABLE', 0x88, 0.505],
        [2, 'ERR_BROKER_UNREACHABLE', undefined, 0.02],
        [3, 'ERR_BROKER_UNREACHABLE', 0x97, 1.01],
        // A connection that is lost at once is no reason to begin with short pauses again.
        [1, 'ERR_BROKER_UNREACHABLE', 0x9f, 2.02],
        [2, 'ERR_BROKER_UNREACHABLE', undefined, 0.08],
      ],
    )
  })

  test('is followed by pauses that double, up to 30 seconds', async () => {
    using _ = pausesOf(0.001)
    await using server = await scriptedBroker({ connect: (n) => (n === 1 ? {} : 'hang-up') })
    await using client = await connectClient({ url: server.url })
    server.disconnect(0x8b)
    const failed = await client.failedReconnects.reach(7, 'failures', LIMIT)
    const delays = failed.slice(0, 7).map(({ delay }) => delay)
    assert.deepEqual(delays, [0.002, 0.004, 0.008, 0.016, 0.03, 0.03, 0.03])
  })

  test('comes between disconnected and connected, and is no error beside it', async () => {
    let isAway = false
    await using server = await scriptedBroker({ connect: () => ({ reason: isAway ? 0x88 : 0 }) })
    await using broker = mqtt({ url: server.url })
    const types: BrokerStatus['kind'][] = []
    const watching = (async () => {
      for await (const { kind: type } of broker.status()) {
        types.push(type)
        if (type === 'disconnected') isAway = true
        if (type === 'reconnect-failed') isAway = false
        if (type === 'connected' && types.length > 1) return
      }
    })()
    await within(broker.connect({ onMessage() {} }), 'connection')
    isAway = true
    server.disconnect(0x8b)
    await within(watching, 'reconnect', LIMIT)
    assert.deepEqual(types, ['connected', 'disconnected', 'reconnect-failed', 'connected'])
  })

  test('is not told of one that close ends', async () => {
    await using server = await scriptedBroker({ connect: (n) => (n === 1 ? {} : 'silence') })
    await using client = await connectClient({ url: server.url })
    server.disconnect(0x8b)
    await server.logins.reach(2, 'connections', LIMIT)
    await within(client.broker.close(), 'close')
    assert.deepEqual(typesOf(client), ['connected', 'disconnected', 'closed'])
    assert.deepEqual(client.failedReconnects.items, [])
  })

  test('is unreachable where nobody listens', { skip: mosquittoMissing }, async () => {
    const mosquitto = await startMosquitto()
    await using client = await connectClient({ url: mosquitto.url })
    await mosquitto.stop()
    const [failure] = await client.failedReconnects.reach(1, 'failure', LIMIT)
    assert.equal((failure!.error as BrokerError).code, 'ERR_BROKER_UNREACHABLE')
    assert.equal(failure!.attempt, 1)
  })
})

test('await using closes the broker at the end of its block', async () => {
  await using server = await scriptedBroker()
  let used: ReturnType<typeof mqtt>
  {
    await using broker = mqtt({ url: server.url })
    used = broker
    await within(broker.connect({ onMessage() {} }), 'connection')
    await within(broker.publish({ topic: 'a', payload: bytes('x') }), 'publish')
  }
  const late = used.publish({ topic: 'a', payload: bytes('x') })
  await assert.rejects(late, { code: 'ERR_BROKER_CLOSED' })
})

describe('what of an outage is news', () => {
  const failed = (code: BrokerErrorCode): BrokerStatus => ({
    kind: 'reconnect-failed',
    attempt: 1,
    error: new BrokerError(code, 'no connection'),
    delay: 1,
  })
  const connected = { kind: 'connected' } as BrokerStatus
  const rows: [status: BrokerStatus, isNews: boolean][] = [
    [failed('ERR_BROKER_UNREACHABLE'), true],
    [failed('ERR_BROKER_UNREACHABLE'), false],
    [failed('ERR_BROKER_CERTIFICATE'), true],
    [failed('ERR_BROKER_UNREACHABLE'), false],
    [failed('ERR_BROKER_CERTIFICATE'), false],
    [{ kind: 'disconnected' }, true],
    [{ kind: 'error', error: new Error('a handler') }, true],
    [{ kind: 'error', error: new Error('a handler') }, true],
    [failed('ERR_BROKER_UNREACHABLE'), false],
    [connected, true],
    [failed('ERR_BROKER_UNREACHABLE'), true],
  ]

  test('the first failure of each kind, and everything else', () => {
    const isNews = outageFilter()
    assert.deepEqual(
      rows.map(([status]) => isNews(status)),
      rows.map(([, expected]) => expected),
    )
  })

  test('for each broker by itself', () => {
    const [first, second] = [outageFilter(), outageFilter()]
    assert.equal(first(failed('ERR_BROKER_UNREACHABLE')), true)
    assert.equal(second(failed('ERR_BROKER_UNREACHABLE')), true)
  })
})
