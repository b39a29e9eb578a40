/**
 * A subscription that is refused when it is made again: brokers refuse what they cannot ask about, and
 * a hub without it would be connected and hear nothing.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { connectClient } from './client.ts'
import { scriptedBroker } from './scripted-broker.ts'

const NOT_AUTHORIZED = 0x87
const LIMIT = 60_000

/** A broker that refuses a filter so many times after the first connection. */
async function refusing(times: number, keepsSession = false) {
  let left = 0
  const broker = await scriptedBroker({
    connect: (connection) => ({ sessionPresent: keepsSession && connection > 2 }),
    subscribe: (filter) => (filter === 'b' && left-- > 0 ? NOT_AUTHORIZED : 1),
  })
  return { broker, refuse: () => (left = times) }
}

describe('a subscription that is refused after a reconnect', () => {
  for (const times of [1, 2, 3]) {
    test(`${times} times is asked for until it is granted, and the others are not`, async () => {
      const { broker, refuse } = await refusing(times)
      await using _broker = broker
      await using client = await connectClient({ url: broker.url })
      await client.broker.subscribe([{ filter: 'a' }, { filter: 'b' }])
      refuse()
      broker.cut()
      const count = 2 + times + 2
      const statuses = await client.statuses.reach(count, 'statuses', LIMIT)
      const types = statuses.map((status) => status.kind)
      const later = Array(times - 1).fill('error')
      assert.deepEqual(types, [
        'connected',
        'disconnected',
        'error',
        'connected',
        ...later,
        'connected',
      ])
      for (const status of statuses) {
        if (status.kind !== 'error') continue
        assert.equal((status.error as { code?: string }).code, 'ERR_BROKER_NOT_AUTHORIZED')
      }
      assert.deepEqual(broker.filters, ['a', 'b', 'a', 'b', ...Array(times).fill('b')])
      assert.equal(broker.connections, 2)
    })
  }

  test('is asked for at the next one as well, where the session was kept', async () => {
    const { broker, refuse } = await refusing(1, true)
    await using _broker = broker
    await using client = await connectClient({ url: broker.url, sessionExpiry: 60 })
    await client.broker.subscribe([{ filter: 'a' }, { filter: 'b' }])
    refuse()
    broker.cut()
    await client.statuses.reach(4, 'statuses', LIMIT)
    broker.cut()
    await client.statuses.reach(6, 'statuses', LIMIT)
    assert.deepEqual(broker.filters, ['a', 'b', 'a', 'b', 'b'])
  })

  test('is not asked for any more once the broker is closed', async () => {
    const { broker, refuse } = await refusing(1_000_000)
    await using _broker = broker
    const client = await connectClient({ url: broker.url })
    await client.broker.subscribe([{ filter: 'b' }])
    refuse()
    broker.cut()
    await client.statuses.reach(5, 'statuses', LIMIT)
    await client[Symbol.asyncDispose]()
    assert.equal(client.statuses.items.at(-1)!.kind, 'closed')
  })

  test('and is granted to a call meanwhile is in place', async () => {
    const { broker, refuse } = await refusing(1)
    await using _broker = broker
    await using client = await connectClient({ url: broker.url })
    await client.broker.subscribe([{ filter: 'b' }])
    refuse()
    broker.cut()
    await client.statuses.reach(4, 'statuses', LIMIT)
    await client.broker.subscribe([{ filter: 'b' }])
    await client.statuses.reach(5, 'statuses', LIMIT)
    assert.equal(broker.filters.length, 3)
  })
})
