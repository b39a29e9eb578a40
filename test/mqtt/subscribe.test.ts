/**
 * Subscribing: the answer for each filter, and what takes the place of a shared subscription.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Mosquitto, mosquittoMissing, startMosquitto } from '../support/mosquitto.ts'
import { within } from '../support/wait.ts'
import { bytes, connectClient, text, typesOf } from './client.ts'
import { connackProperty, scriptedBroker } from './scripted-broker.ts'

const noShared = () => ({ properties: connackProperty.noSharedSubscriptions })
const refuseShared = (filter: string) => (filter.startsWith('$share/') ? 0x9e : 1)

describe('a shared subscription', () => {
  test('joins the group of the share name', async () => {
    await using server = await scriptedBroker()
    await using client = await connectClient({ url: server.url, shareName: 'mine' })
    const [result] = await client.broker.subscribe([{ filter: 'a/#', shared: true, qos: 2 }])
    assert.deepEqual(result, { filter: 'a/#', qos: 2, shared: true })
    assert.deepEqual(server.filters, ['$share/mine/a/#'])
  })

  test('is a plain one where the broker says that it has none', async () => {
    await using server = await scriptedBroker({ connect: noShared })
    await using client = await connectClient({ url: server.url })
    assert.deepEqual(await client.broker.subscribe([{ filter: 'a', shared: true }]), [
      { filter: 'a', qos: 1, shared: false, unsharedBecause: 'broker-has-none' },
    ])
    assert.deepEqual(server.filters, ['a'])
  })

  test('is a plain one where the broker refuses it as not supported', async () => {
    await using server = await scriptedBroker({ subscribe: refuseShared })
    await using client = await connectClient({ url: server.url })
    const subscriptions = [{ filter: 'a', shared: true }, { filter: 'b' }]
    assert.deepEqual(await client.broker.subscribe(subscriptions), [
      { filter: 'a', qos: 1, shared: false, unsharedBecause: 'broker-has-none' },
      { filter: 'b', qos: 1, shared: false },
    ])
    assert.deepEqual(server.filters, ['$share/devicehub/a', 'b', 'a'])
  })

  test('is a plain one where it is turned off', async () => {
    await using server = await scriptedBroker()
    await using client = await connectClient({ url: server.url, sharedSubscriptions: false })
    assert.deepEqual(await client.broker.subscribe([{ filter: 'a', shared: true }]), [
      { filter: 'a', qos: 1, shared: false, unsharedBecause: 'turned-off' },
    ])
  })

  for (const [name, script] of [
    ['says that it has none', { connect: noShared }],
    ['refuses it', { subscribe: refuseShared }],
  ] as const) {
    test(`if required is an error where the broker ${name}; the others stand`, async () => {
      await using server = await scriptedBroker(script)
      await using client = await connectClient({ url: server.url, sharedSubscriptions: 'required' })
      const subscribe = client.broker.subscribe([{ filter: 'a', shared: true }, { filter: 'b' }])
      await assert.rejects(subscribe, { code: 'ERR_BROKER_REFUSED', reasonCode: 0x9e })
      assert.ok(server.filters.includes('b'))
      assert.ok(!server.filters.includes('a'))
    })
  }

  test('is a plain one with MQTT 3.1.1, and an error if required', {
    skip: mosquittoMissing,
  }, async () => {
    const mosquitto = await startMosquitto()
    try {
      const config = { url: mosquitto.url, protocolVersion: 4 } as const
      await using client = await connectClient(config)
      assert.deepEqual(await client.broker.subscribe([{ filter: 'a', shared: true }]), [
        { filter: 'a', qos: 1, shared: false, unsharedBecause: 'protocol-has-none' },
      ])
      await using strict = await connectClient({ ...config, sharedSubscriptions: 'required' })
      const subscribe = strict.broker.subscribe([{ filter: 'a', shared: true }])
      await assert.rejects(subscribe, { code: 'ERR_BROKER_REFUSED' })
    } finally {
      await mosquitto.stop()
    }
  })
})

describe('the answer to a subscribe', () => {
  for (const [reasonCode, code] of [
    [0x80, 'ERR_BROKER_REFUSED'],
    [0x87, 'ERR_BROKER_NOT_AUTHORIZED'],
    [0x97, 'ERR_BROKER_REFUSED'],
  ] as const) {
    test(`0x${reasonCode.toString(16)} for one filter is ${code}, naming it`, async () => {
      const subscribe = (filter: string) => (filter === 'bad' ? reasonCode : 1)
      await using server = await scriptedBroker({ subscribe })
      await using client = await connectClient({ url: server.url })
      const subscriptions = ['good', 'bad', 'fine'].map((filter) => ({ filter }))
      const message = /"bad"/
      await assert.rejects(client.broker.subscribe(subscriptions), { code, reasonCode, message })
      assert.deepEqual(server.filters, ['good', 'bad', 'fine'])
      assert.deepEqual(typesOf(client), ['connected'])
    })
  }

  test('may grant a lower QoS', async () => {
    await using server = await scriptedBroker({ subscribe: () => 0 })
    await using client = await connectClient({ url: server.url })
    const [result] = await client.broker.subscribe([{ filter: 'a', qos: 2 }])
    assert.equal(result?.qos, 0)
  })

  test('goes to each filter, whatever their order and names', async () => {
    const granted: Record<string, number> = { 10: 2, 2: 0, resubscribe: 1, __proto: 0 }
    await using server = await scriptedBroker({ subscribe: (filter) => granted[filter] ?? 0x8f })
    await using client = await connectClient({ url: server.url })
    const subscriptions = Object.keys(granted)
      .reverse()
      .map((filter, i) => ({ filter, qos: (i % 3) as 0 | 1 | 2 }))
    const results = await client.broker.subscribe(subscriptions)
    assert.deepEqual(
      results.map(({ filter, qos }) => [filter, qos]),
      subscriptions.map(({ filter }) => [filter, granted[filter]]),
    )
  })

  for (const denial of [0x80, 0x87]) {
    test(`0x${denial.toString(16)} for all filters together is asked again one by one`, async () => {
      const subscribe = (filter: string, count: number) =>
        count > 1 || filter === 'bad' ? denial : 1
      await using server = await scriptedBroker({ subscribe })
      await using client = await connectClient({ url: server.url })
      const good = [{ filter: 'a' }, { filter: 'b', shared: true }]
      assert.deepEqual(await client.broker.subscribe(good), [
        { filter: 'a', qos: 1, shared: false },
        { filter: 'b', qos: 1, shared: true },
      ])
      const shared = '$share/devicehub/b'
      assert.deepEqual(server.filters, ['a', shared, 'a', shared])
      await assert.rejects(client.broker.subscribe([{ filter: 'c' }, { filter: 'bad' }]), {
        reasonCode: denial,
        message: /"bad"/,
      })
    })
  }

  test('is asked for once where one filter of several is denied, or one alone', async () => {
    const subscribe = (filter: string) => (filter === 'bad' ? 0x87 : 1)
    await using server = await scriptedBroker({ subscribe })
    await using client = await connectClient({ url: server.url })
    await assert.rejects(client.broker.subscribe([{ filter: 'bad' }]))
    await assert.rejects(client.broker.subscribe([{ filter: 'a' }, { filter: 'bad' }]))
    assert.deepEqual(server.filters, ['bad', 'a', 'bad'])
  })

  test('is waited for no longer than allowed', { skip: mosquittoMissing }, async () => {
    const mosquitto = await startMosquitto()
    await using client = await connectClient({ url: mosquitto.url, publishTimeout: 0.2 })
    mosquitto.freeze()
    const subscribe = client.broker.subscribe([{ filter: 'a' }])
    await within(assert.rejects(subscribe, { code: 'ERR_BROKER_TIMEOUT' }), 'rejection')
    // The connection is as good as dead, and close settles all the same.
    await within(client.broker.close(), 'close')
    await mosquitto.stop()
  })
})

describe('subscribing to Mosquitto', { skip: mosquittoMissing }, () => {
  let mosquitto: Mosquitto
  before(async () => {
    mosquitto = await startMosquitto()
  })
  after(() => mosquitto.stop())

  test('the same filter shared and plain gives both', async () => {
    await using client = await connectClient({ url: mosquitto.url })
    await client.broker.subscribe([{ filter: 'a', shared: true }, { filter: 'a' }])
    await client.broker.publish({ topic: 'a', payload: bytes('x') })
    assert.deepEqual((await client.received.reach(2, 'messages')).map(text), ['x', 'x'])
  })
})
