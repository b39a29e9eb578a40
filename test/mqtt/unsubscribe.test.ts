/**
 * Unsubscribing: the answer for each filter, and what is subscribed after a reconnect.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { within } from '../support/wait.ts'
import { connectClient, typesOf } from './client.ts'
import { scriptedBroker } from './scripted-broker.ts'

const RECONNECT_LIMIT = 10_000

describe('the answer to an unsubscribe', () => {
  for (const [reasonCode, code] of [
    [0x80, 'ERR_BROKER_REFUSED'],
    [0x87, 'ERR_BROKER_NOT_AUTHORIZED'],
    [0x8f, 'ERR_BROKER_REFUSED'],
  ] as const) {
    test(`0x${reasonCode.toString(16)} is ${code}, naming the filter, which stands alone`, async () => {
      const unsubscribe = (filter: string) => (filter === 'bad' ? reasonCode : 0)
      await using server = await scriptedBroker({ unsubscribe })
      await using client = await connectClient({ url: server.url })
      const filters = ['good', 'bad', 'fine']
      await client.broker.subscribe(filters.map((filter) => ({ filter })))
      const message = /^Unsubscribing from "bad"/
      await assert.rejects(client.broker.unsubscribe(filters), { code, reasonCode, message })
      assert.deepEqual(server.unsubscribed, filters)
      server.cut()
      await client.statuses.reach(3, 'statuses', RECONNECT_LIMIT)
      assert.deepEqual(server.filters, [...filters, 'bad'])
      assert.deepEqual(typesOf(client), ['connected', 'disconnected', 'connected'])
    })
  }

  test('0x11, no subscription existed, is none to complain of', async () => {
    await using server = await scriptedBroker({ unsubscribe: () => 0x11 })
    await using client = await connectClient({ url: server.url })
    assert.equal(await client.broker.unsubscribe(['a']), undefined)
  })

  test('has no reason codes in MQTT 3.1.1', async () => {
    await using server = await scriptedBroker()
    await using client = await connectClient({ url: server.url, protocolVersion: 4 })
    await client.broker.subscribe([{ filter: 'a', shared: true }, { filter: 'b' }])
    await within(client.broker.unsubscribe(['a']), 'answer')
    assert.deepEqual(server.unsubscribed, ['a'])
    server.cut()
    await client.statuses.reach(3, 'statuses', RECONNECT_LIMIT)
    assert.deepEqual(server.filters, ['a', 'b', 'b'])
  })

  test('that does not come is a timeout, and the subscription is made again', async () => {
    await using server = await scriptedBroker({ unsubscribe: () => undefined })
    await using client = await connectClient({ url: server.url, publishTimeout: 0.1 })
    await client.broker.subscribe([{ filter: 'a' }])
    const unsubscribe = client.broker.unsubscribe(['a'])
    const message = /^Unsubscribing from "a": no answer/
    const code = 'ERR_BROKER_TIMEOUT'
    await within(assert.rejects(unsubscribe, { code, message }), 'rejection')
    await client.statuses.reach(3, 'statuses', RECONNECT_LIMIT)
    assert.deepEqual(server.filters, ['a', 'a'])
  })

  test('that is lost leaves the subscription in doubt, so it is made again in a kept session', async () => {
    const connect = (connection: number) => ({ sessionPresent: connection > 1 })
    const unsubscribe = (filter: string) => {
      if (filter === 'a') server.cut()
      return filter === 'a' ? undefined : 0
    }
    await using server = await scriptedBroker({ connect, unsubscribe })
    const config = { url: server.url, sessionExpiry: 60 }
    await using client = await connectClient(config)
    await client.broker.subscribe([{ filter: 'a' }, { filter: 'b' }])
    const code = 'ERR_BROKER_CONNECTION_LOST'
    await within(assert.rejects(client.broker.unsubscribe(['a']), { code }), 'rejection')
    await client.statuses.reach(3, 'statuses', RECONNECT_LIMIT)
    assert.deepEqual(server.filters, ['a', 'b', 'a'])
  })
})

describe('what is unsubscribed', () => {
  test('is the plain filter, and the shared one where that was subscribed', async () => {
    await using server = await scriptedBroker()
    await using client = await connectClient({ url: server.url, shareName: 'mine' })
    await client.broker.subscribe([{ filter: 'a', shared: true }, { filter: 'b' }])
    await client.broker.unsubscribe(['a', 'b', 'a'])
    assert.deepEqual(server.unsubscribed, ['a', '$share/mine/a', 'b'])
  })

  test('is the shared one too where the session may be of an earlier process', async () => {
    await using server = await scriptedBroker()
    const config = { url: server.url, clientId: 'durable', cleanStart: false }
    await using client = await connectClient(config)
    await client.broker.unsubscribe(['a'])
    assert.deepEqual(server.unsubscribed, ['a', '$share/devicehub/a'])
  })

  test('is the plain one that is there where the broker turns out to have no shared ones', async () => {
    const subscribe = (filter: string) => (filter.startsWith('$share/') ? 0x9e : 1)
    const unsubscribe = (filter: string) => (filter.startsWith('$share/') ? 0x11 : 0)
    await using server = await scriptedBroker({ subscribe, unsubscribe })
    await using client = await connectClient({ url: server.url })
    await client.broker.subscribe([{ filter: 'a', shared: true }])
    await client.broker.unsubscribe(['a'])
    server.cut()
    await client.statuses.reach(3, 'statuses', RECONNECT_LIMIT)
    assert.deepEqual(server.filters, ['$share/devicehub/a', 'a'])
  })

  test('is so after a subscribe that was not answered yet, in all its rounds', async () => {
    const asked: string[] = []
    const subscribe = (filter: string) => {
      asked.push(`+${filter}`)
      return filter.startsWith('$share/') ? 0x9e : 1
    }
    const unsubscribe = (filter: string) => {
      asked.push(`-${filter}`)
      return 0
    }
    await using server = await scriptedBroker({ subscribe, unsubscribe })
    await using client = await connectClient({ url: server.url })
    const subscribed = client.broker.subscribe([{ filter: 'a', shared: true }])
    const unsubscribed = client.broker.unsubscribe(['a'])
    const again = client.broker.subscribe([{ filter: 'a' }])
    await within(Promise.all([subscribed, unsubscribed, again]), 'answers')
    const share = '$share/devicehub/a'
    assert.deepEqual(asked, [`+${share}`, '+a', '-a', `-${share}`, '+a'])
    server.cut()
    await client.statuses.reach(3, 'statuses', RECONNECT_LIMIT)
    assert.deepEqual(asked.slice(5), ['+a'])
  })

  test('is not asked for any more where it was refused after a reconnect', async () => {
    let isRefused = false
    const subscribe = (filter: string) => (isRefused && filter === 'a' ? 0x87 : 1)
    await using server = await scriptedBroker({ subscribe })
    await using client = await connectClient({ url: server.url })
    await client.broker.subscribe([{ filter: 'a' }, { filter: 'b' }])
    isRefused = true
    server.cut()
    await client.statuses.reach(4, 'statuses', RECONNECT_LIMIT)
    const count = server.filters.length
    await client.broker.unsubscribe(['a'])
    // All that is left to be in place is: that is told.
    await client.statuses.reach(5, 'statuses', RECONNECT_LIMIT)
    assert.equal(server.filters.length, count)
    const before = ['connected', 'disconnected', 'error', 'connected']
    assert.deepEqual(typesOf(client), [...before, 'connected'])
  })
})
