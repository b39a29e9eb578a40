/**
 * Losing the connection, and making it again.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { BrokerError } from '../../src/base/errors.ts'
import type { BrokerStatus } from '../../src/broker/broker.ts'
import { mosquittoMissing, startMosquitto } from '../support/mosquitto.ts'
import { within } from '../support/wait.ts'
import { bytes, type Client, connectClient, text, typesOf } from './client.ts'
import { tcpRelay } from './relay.ts'
import { scriptedBroker } from './scripted-broker.ts'

const RECONNECT_LIMIT = 20_000

async function statusesOf(client: Client, count: number): Promise<BrokerStatus[]> {
  return client.statuses.reach(count, 'statuses', RECONNECT_LIMIT)
}

describe('a lost connection', { skip: mosquittoMissing }, () => {
  test('is made again when the broker is back, with its subscriptions', async () => {
    const mosquitto = await startMosquitto()
    try {
      await using client = await connectClient({ url: mosquitto.url })
      await using sharing = await connectClient({ url: mosquitto.url })
      await client.broker.subscribe([{ filter: 'a/+' }, { filter: 'b', qos: 2 }])
      await sharing.broker.subscribe([{ filter: 'c', shared: true }])
      await mosquitto.kill()
      await statusesOf(client, 2)
      await assert.rejects(client.broker.publish({ topic: 'a/1', payload: bytes('x') }), {
        code: 'ERR_BROKER_NOT_CONNECTED',
      })
      await assert.rejects(client.broker.subscribe([{ filter: 'x' }]), {
        code: 'ERR_BROKER_NOT_CONNECTED',
      })
      await mosquitto.restart()
      await Promise.all([statusesOf(client, 3), statusesOf(sharing, 3)])
      for (const { statuses } of [client, sharing]) {
        const types = statuses.items.map(({ kind: type }) => type)
        assert.deepEqual(types, ['connected', 'disconnected', 'connected'])
      }
      for (const topic of ['a/1', 'b', 'c']) {
        await client.broker.publish({ topic, payload: bytes(topic), qos: 2 })
      }
      const messages = await client.received.reach(2, 'messages')
      assert.deepEqual(
        messages.map((message) => [text(message), message.qos]),
        [
          ['a/1', 1],
          ['b', 2],
        ],
      )
      assert.deepEqual((await sharing.received.reach(1, 'message')).map(text), ['c'])
    } finally {
      await mosquitto.stop()
    }
  })

  for (const scheme of ['mqtt', 'ws'] as const) {
    test(`is noticed and made again over ${scheme}:, time after time`, async () => {
      const mosquitto = await startMosquitto({ listeners: { ws: { protocol: 'websockets' } } })
      try {
        const port = { mqtt: mosquitto.port, ws: mosquitto.ports.get('ws')! }[scheme]
        await using relay = await tcpRelay(port, scheme)
        await using client = await connectClient({ url: relay.url })
        await client.broker.subscribe([{ filter: 'a' }])
        for (let round = 1; round <= 2; round++) {
          relay.cut()
          await statusesOf(client, 1 + 2 * round)
          await client.broker.publish({ topic: 'a', payload: bytes(`${round}`) })
          await client.received.reach(round, 'message')
        }
        assert.deepEqual(client.received.items.map(text), ['1', '2'])
        assert.equal(client.statuses.items.length, 5)
      } finally {
        await mosquitto.stop()
      }
    })
  }

  test('settles a publish in flight', async () => {
    const mosquitto = await startMosquitto()
    try {
      await using client = await connectClient({ url: mosquitto.url })
      mosquitto.freeze()
      const publish = client.broker.publish({ topic: 'a', payload: bytes('x') })
      const rejected = assert.rejects(publish, { code: 'ERR_BROKER_CONNECTION_LOST' })
      await mosquitto.kill()
      await within(rejected, 'rejection')
      // Once more: nothing of it lingers.
      await mosquitto.restart()
      await statusesOf(client, 3)
      await client.broker.publish({ topic: 'a', payload: bytes('y') })
    } finally {
      await mosquitto.stop()
    }
  })

  test('and silence count alike: a frozen broker is noticed by keepalive', async () => {
    const mosquitto = await startMosquitto()
    await using client = await connectClient({ url: mosquitto.url, keepalive: 1 })
    mosquitto.freeze()
    const [, lost] = await statusesOf(client, 2)
    assert.equal(lost!.kind, 'disconnected')
    await mosquitto.kill()
    await mosquitto.stop()
  })

  test('does not keep close from settling', async () => {
    const mosquitto = await startMosquitto()
    const client = await connectClient({ url: mosquitto.url })
    await mosquitto.kill()
    await statusesOf(client, 2)
    await within(client.broker.close(), 'close', 1_000)
    assert.deepEqual(typesOf(client), ['connected', 'disconnected', 'closed'])
    await mosquitto.stop()
  })
})

describe('connecting again', () => {
  test('tells why the broker ended the connection', async () => {
    await using server = await scriptedBroker()
    await using client = await connectClient({ url: server.url })
    server.disconnect(0x8b)
    const [, lost] = (await statusesOf(client, 3)) as { error?: BrokerError }[]
    assert.deepEqual(typesOf(client), ['connected', 'disconnected', 'connected'])
    assert.equal(lost!.error?.reasonCode, 0x8b)
  })

  test('reports a subscription that is refused this time', async () => {
    let refuse = false
    await using server = await scriptedBroker({
      subscribe: (filter) => (refuse && filter === 'b' ? 0x87 : 1),
    })
    await using client = await connectClient({ url: server.url })
    await client.broker.subscribe([{ filter: 'a' }, { filter: 'b' }])
    refuse = true
    server.disconnect(0x8b)
    const statuses = await statusesOf(client, 4)
    const [, , error] = statuses as { kind: string; error?: { code: string } }[]
    assert.deepEqual(
      statuses.map(({ kind: type }) => type),
      ['connected', 'disconnected', 'error', 'connected'],
    )
    assert.equal(error!.error?.code, 'ERR_BROKER_NOT_AUTHORIZED')
    assert.deepEqual(server.filters, ['a', 'b', 'a', 'b'])
  })
})
