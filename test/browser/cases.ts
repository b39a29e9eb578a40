/**
 * What a page or an edge worker does with a broker, as cases that import no test runner.
 *
 * @module
 */
import assert from 'node:assert/strict'
import * as v from 'valibot'
import { browserBroker, createWatcher, defineDeviceType } from '../../adapters/browser/index.ts'
import { type BrokerConfig, mqtt } from '../../adapters/mqtt/index.ts'
import { ConfigError } from '../../src/base/errors.ts'
import { refusalTitle } from '../conformance/cells.ts'
import { bytes, connectClient, makeClient, text, typesOf } from '../mqtt/client.ts'
import { Collector, within } from '../support/wait.ts'
import { cut, type Place } from './place.ts'

const pump = defineDeviceType('pump', { data: v.object({ rpm: v.number() }) })

/** Rejects if it does not hold. */
type Case = (place: Place) => Promise<void>

const CERTIFICATE = '-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----'
const KEY = '-----BEGIN PRIVATE KEY-----\nMA==\n-----END PRIVATE KEY-----'

/** What cannot be done there, and which key is at fault. */
const refused: Readonly<Record<string, readonly (readonly [config: BrokerConfig, key: string])[]>> =
  {
    [refusalTitle('TCP')]: [
      [{}, 'url'],
      [{ host: 'broker' }, 'host'],
      [{ port: 1883 }, 'url'],
      [{ url: 'mqtt://broker' }, 'url'],
    ],
    [refusalTitle('TLS')]: [
      [{ url: 'mqtts://broker' }, 'tls'],
      [{ host: 'broker', tls: true }, 'tls'],
    ],
    [refusalTitle('mutual TLS')]: [
      [{ url: 'wss://broker/mqtt', certFile: CERTIFICATE, keyFile: KEY }, 'certFile'],
      [{ url: 'mqtts://broker', certFile: CERTIFICATE, keyFile: KEY }, 'certFile'],
    ],
    'an authority of its own is refused by name': [
      [{ url: 'wss://broker/mqtt', caCerts: CERTIFICATE }, 'caCerts'],
      [{ url: 'wss://broker/mqtt', caCerts: '/etc/ca.crt' }, 'caCerts'],
    ],
  }

/** The cases of {@link refused}. */
const refusals = Object.fromEntries(
  Object.entries(refused).map(([title, configs]): [string, Case] => [
    title,
    async () => {
      for (const [config, key] of configs) {
        assert.throws(
          () => mqtt(config),
          (error: unknown) => {
            assert.ok(error instanceof ConfigError, String(error))
            assert.equal(error.key, `mqtt.${key}`)
            return true
          },
        )
      }
    },
  ]),
)

export const cases: Readonly<Record<string, Case>> = {
  'a device logs in, subscribes, publishes and gets its message': async ({ url, device }) => {
    await using client = await connectClient({ url, ...device })
    const [granted] = await client.broker.subscribe([{ filter: 'notes/P-1/#', qos: 2 }])
    assert.deepEqual(granted, { filter: 'notes/P-1/#', qos: 2, shared: false })
    for (const qos of [0, 1, 2] as const) {
      await client.broker.publish({ topic: `notes/P-1/${qos}`, payload: bytes(`${qos}`), qos })
    }
    const messages = await client.received.reach(3, 'messages')
    assert.deepEqual(
      messages.map((message) => [message.topic, text(message), message.qos]),
      [
        ['notes/P-1/0', '0', 0],
        ['notes/P-1/1', '1', 1],
        ['notes/P-1/2', '2', 2],
      ],
    )
  },

  'a message arrives with its properties': async ({ url, device }) => {
    await using client = await connectClient({ url, ...device })
    await client.broker.subscribe([{ filter: 'notes/P-1/x' }])
    const properties = {
      userProperties: { a: '1', b: ['2', '3'] },
      correlationData: bytes('id'),
      responseTopic: 'notes/P-1/reply',
      contentType: 'text/plain',
    }
    const topic = 'notes/P-1/x'
    await client.broker.publish({ topic, payload: bytes('ü'), ...properties })
    const [message] = await client.received.reach(1, 'message')
    const { payload, correlationData, userProperties, responseTopic, contentType } = message!
    assert.deepEqual([...payload], [0xc3, 0xbc])
    assert.deepEqual([...correlationData!], [...properties.correlationData])
    assert.deepEqual(
      { userProperties, responseTopic, contentType },
      {
        userProperties: properties.userProperties,
        responseTopic: 'notes/P-1/reply',
        contentType: 'text/plain',
      },
    )
  },

  'a message of 200 kB and a thousand small ones go both ways': async ({ url, device }) => {
    await using client = await connectClient({ url, ...device })
    await client.broker.subscribe([{ filter: 'notes/P-1/#' }])
    const payload = new Uint8Array(200_000).map((_, n) => n * 31)
    await client.broker.publish({ topic: 'notes/P-1/large', payload })
    const small = Array.from({ length: 1_000 }, (_, n) => `${n}`)
    await Promise.all(
      small.map((n) => client.broker.publish({ topic: 'notes/P-1/small', payload: bytes(n) })),
    )
    const [large, ...others] = await client.received.reach(1_001, 'messages', 20_000)
    assert.equal(large!.payload.length, payload.length)
    assert.ok(large!.payload.every((byte, n) => byte === payload[n]))
    assert.deepEqual(others.map(text), small)
  },

  'a device is denied a foreign topic, and stays connected': async ({ url, device }) => {
    await using client = await connectClient({ url, ...device })
    const denied = { code: 'ERR_BROKER_NOT_AUTHORIZED' }
    for (const qos of [1, 2] as const) {
      const topic = 'things/pump/P-2/data'
      await assert.rejects(client.broker.publish({ topic, payload: bytes('{}'), qos }), denied)
    }
    await assert.rejects(client.broker.subscribe([{ filter: 'things/#' }]), denied)
    await assert.rejects(client.broker.subscribe([{ filter: 'notes/#' }]), denied)
    await client.broker.publish({ topic: 'things/pump/P-1/data', payload: bytes('{"rpm":1}') })
    assert.deepEqual(typesOf(client), ['connected'])
  },

  'the holder of a token watches what it names, and does nothing else': async (place) => {
    await using device = await connectClient({ url: place.url, ...place.device })
    await using panel = await connectClient({ url: place.url, ...place.token })
    const denied = { code: 'ERR_BROKER_NOT_AUTHORIZED' }
    const topic = 'things/pump/P-1/data'
    await assert.rejects(panel.broker.subscribe([{ filter: 'things/pump/+/data' }]), denied)
    await assert.rejects(panel.broker.publish({ topic, payload: bytes('{}') }), denied)
    await panel.broker.subscribe([{ filter: topic }])
    await device.broker.publish({ topic, payload: bytes('{"rpm":1450}') })
    assert.deepEqual((await panel.received.reach(1, 'message')).map(text), ['{"rpm":1450}'])
  },

  'a device is watched, typed, over the small client': async ({ url, hub, device }) => {
    await using sender = await connectClient({ url, ...device })
    const send = (text: string) =>
      sender.broker.publish({ topic: 'things/pump/P-1/data', payload: bytes(text), retain: true })
    await send('{"rpm":1450}')
    try {
      await using watcher = createWatcher(browserBroker({ url, ...hub }))
      await within(watcher.start(), 'start')
      const seen = new Collector<number | undefined>()
      watcher.watch(pump, { id: 'P-1' }).subscribe(({ data }) => seen.push(data?.rpm))
      assert.deepEqual(await seen.reach(2, 'values'), [undefined, 1450])
    } finally {
      await send('')
    }
  },

  'a wrong password is refused, and not tried again': async ({ url, device }) => {
    await using client = makeClient({ url, ...device, password: 'wrong-password-0123456789' })
    await assert.rejects(client.connect(), { code: 'ERR_BROKER_LOGIN_REFUSED' })
    assert.deepEqual(typesOf(client), ['closed'])
  },

  'with a certificate that is trusted it connects over wss:': async ({ secureUrl, device }) => {
    await using client = await connectClient({ url: secureUrl, ...device })
    await client.broker.subscribe([{ filter: 'notes/P-1/#' }])
    await client.broker.publish({ topic: 'notes/P-1/x', payload: bytes('x') })
    assert.deepEqual((await client.received.reach(1, 'message')).map(text), ['x'])
  },

  'with a certificate that is not it does not': async ({ distrustedUrl, device }) => {
    await using client = makeClient({ url: distrustedUrl, ...device })
    await assert.rejects(client.connect(), { code: 'ERR_BROKER_UNREACHABLE' })
  },

  'where nothing listens, or not at that path, it is unreachable': async ({ url, closedUrl }) => {
    for (const wrong of [closedUrl, new URL('/elsewhere', url).href]) {
      await using client = makeClient({ url: wrong })
      await assert.rejects(client.connect(), { code: 'ERR_BROKER_UNREACHABLE' })
      assert.deepEqual(typesOf(client), ['closed'])
    }
  },

  'a lost connection is told, and made again with its subscriptions': async (place) => {
    await using client = await connectClient({ url: place.relayUrl, ...place.device })
    await client.broker.subscribe([{ filter: 'notes/P-1/#' }])
    for (let round = 1; round <= 2; round++) {
      await cut(place, place.relayUrl)
      await client.statuses.reach(2 * round, 'statuses')
      await client.statuses.reach(2 * round + 1, 'statuses', 20_000)
      const topic = `notes/P-1/${round}`
      await client.broker.publish({ topic, payload: bytes(`${round}`) })
      await client.received.reach(round, 'messages')
    }
    const pair = ['disconnected', 'connected']
    assert.deepEqual(typesOf(client), ['connected', ...pair, ...pair])
    assert.deepEqual(client.received.items.map(text), ['1', '2'])
  },

  'a silent connection is kept alive': async ({ url, device }) => {
    // The broker would end it after 3 seconds.
    await using client = await connectClient({ url, ...device, keepalive: 2 })
    await new Promise((resolve) => setTimeout(resolve, 4_000))
    assert.deepEqual(typesOf(client), ['connected'])
  },

  'close ends the connection and the statuses': async ({ url, device }) => {
    const client = await connectClient({ url, ...device })
    await within(client.broker.close(), 'close')
    await client.statuses.reach(2, 'statuses')
    assert.deepEqual(typesOf(client), ['connected', 'closed'])
    await assert.rejects(client.broker.publish({ topic: 'notes/P-1/x', payload: bytes('x') }), {
      code: 'ERR_BROKER_CLOSED',
    })
  },

  ...refusals,
}
