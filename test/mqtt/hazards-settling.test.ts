/**
 * What was asked of a connection that is lost or refuses it settles, and does not happen later.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { BrokerError } from '../../src/base/errors.ts'
import type { OutgoingMessage } from '../../src/broker/broker.ts'
import { mosquittoMissing, startMosquitto } from '../support/mosquitto.ts'
import { within } from '../support/wait.ts'
import { bytes, connectClient, text, typesOf } from './client.ts'
import { tcpRelay } from './relay.ts'
import { scriptedBroker } from './scripted-broker.ts'

const RECONNECT_LIMIT = 20_000

describe('a property of the wrong kind', () => {
  const buffer = new ArrayBuffer(1)
  for (const [field, message] of [
    ['correlationData', { correlationData: buffer }],
    ['userProperties.a', { userProperties: { a: buffer } }],
  ] as const) {
    test(`an ArrayBuffer as ${field} is refused, and no byte of it is sent`, async () => {
      await using server = await scriptedBroker()
      await using client = await connectClient({ url: server.url })
      const outgoing = { topic: 'a', payload: bytes('x'), ...message } as unknown as OutgoingMessage
      await assert.rejects(client.broker.publish(outgoing), (error) => {
        assert.ok(error instanceof TypeError)
        assert.ok(error.message.startsWith(`${field} must `), error.message)
        return true
      })
      await within(client.broker.publish({ topic: 'a', payload: bytes('x') }), 'publish')
      // CONNECT and the one PUBLISH.
      assert.deepEqual(server.packets, [1, 3])
      assert.deepEqual(typesOf(client), ['connected'])
    })
  }
})

describe('while the broker is away', { skip: mosquittoMissing }, () => {
  test('what is asked rejects at once with every QoS, and does not happen later', async () => {
    const mosquitto = await startMosquitto()
    try {
      await using client = await connectClient({ url: mosquitto.url })
      await client.broker.subscribe([{ filter: 'known' }])
      await mosquitto.kill()
      await client.statuses.reach(2, 'statuses')
      const code = 'ERR_BROKER_NOT_CONNECTED'
      for (const qos of [0, 1, 2] as const) {
        const publish = client.broker.publish({ topic: 'known', payload: bytes('lost'), qos })
        await within(assert.rejects(publish, { code }), 'rejection')
      }
      const subscribe = client.broker.subscribe([{ filter: 'refused' }])
      await within(assert.rejects(subscribe, { code }), 'rejection')
      await mosquitto.restart()
      await client.statuses.reach(3, 'statuses', RECONNECT_LIMIT)
      for (const topic of ['refused', 'known']) {
        await client.broker.publish({ topic, payload: bytes(topic) })
      }
      assert.deepEqual((await client.received.reach(1, 'message')).map(text), ['known'])
    } finally {
      await mosquitto.stop()
    }
  })

  test('a subscribe that was on its way has settled', async () => {
    const mosquitto = await startMosquitto()
    try {
      await using client = await connectClient({ url: mosquitto.url })
      mosquitto.freeze()
      const subscribe = client.broker.subscribe([{ filter: 'a' }])
      const rejected = assert.rejects(subscribe, { code: 'ERR_BROKER_CONNECTION_LOST' })
      await mosquitto.kill()
      await within(rejected, 'rejection')
    } finally {
      await mosquitto.stop()
    }
  })
})

describe('a broker that stands still', { skip: mosquittoMissing }, () => {
  test('and is dialled again does not keep close from settling', async () => {
    const mosquitto = await startMosquitto()
    try {
      await using relay = await tcpRelay(mosquitto.port)
      const client = await connectClient({ url: relay.url, connectTimeout: 60 })
      mosquitto.freeze()
      const dialled = relay.accepted.reach(2, 'connections', RECONNECT_LIMIT)
      relay.cut()
      await dialled
      await within(client.broker.close(), 'close')
      assert.deepEqual(typesOf(client), ['connected', 'disconnected', 'closed'])
    } finally {
      await mosquitto.kill()
      await mosquitto.stop()
    }
  })

  for (const qos of [0, 1, 2] as const) {
    test(`and is lost then leaves no publish of QoS ${qos} pending`, async () => {
      const mosquitto = await startMosquitto()
      try {
        await using client = await connectClient({ url: mosquitto.url })
        mosquitto.freeze()
        const payload = new Uint8Array(100_000)
        // More than the operating system buffers, so that those of QoS 0 wait as well.
        const publish = () => client.broker.publish({ topic: 'a', payload, qos })
        const outcomes = Promise.allSettled(Array.from({ length: 300 }, publish))
        await mosquitto.kill()
        const codes = (await within(outcomes, 'publishes')).flatMap((one) =>
          one.status === 'rejected' ? [(one.reason as BrokerError).code] : [],
        )
        assert.ok(codes.length > 0)
        for (const code of codes) {
          assert.match(code, /^ERR_BROKER_(CONNECTION_LOST|NOT_CONNECTED)$/)
        }
      } finally {
        await mosquitto.stop()
      }
    })
  }
})

test('a publish of QoS 2 that the broker denies rejects', { skip: mosquittoMissing }, async () => {
  const mosquitto = await startMosquitto({ acl: ['topic readwrite allowed'] })
  try {
    await using client = await connectClient({ url: mosquitto.url })
    const publish = client.broker.publish({ topic: 'denied', payload: bytes('x'), qos: 2 })
    await within(assert.rejects(publish, { name: 'BrokerError' }), 'rejection')
  } finally {
    await mosquitto.stop()
  }
})
