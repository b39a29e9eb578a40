/**
 * Brokers at odds with the protocol: what they say is not believed, the connection ends and is made
 * again, and with it every subscription.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { BrokerError } from '../../src/base/errors.ts'
import { bytes, connectClient, makeClient, typesOf } from './client.ts'
import { connackProperty, scriptedBroker } from './scripted-broker.ts'

const LIMIT = 20_000
/** A CONNACK as bytes. */
const CONNACK = { 5: Uint8Array.of(0x20, 3, 0, 0, 0), 4: Uint8Array.of(0x20, 2, 0, 0) }

function protocolError(error: unknown, text: RegExp): void {
  assert.ok(error instanceof BrokerError)
  assert.deepEqual([error.code, error.reasonCode], ['ERR_BROKER_PROTOCOL', 0x82])
  assert.match(error.message, text)
}

describe('a second CONNACK', () => {
  for (const protocolVersion of [5, 4] as const) {
    for (const keeps of [false, true]) {
      const session = keeps ? 'the session kept' : 'no session'
      test(`MQTT ${protocolVersion}, ${session}: ends the connection, and all is subscribed anew`, async () => {
        await using server = await scriptedBroker({
          connect: (n) => ({ sessionPresent: keeps && n > 1 }),
          publish() {}, // Not answered.
        })
        const more = protocolVersion === 5 ? { sessionExpiry: keeps ? 60 : 0 } : {}
        const cleanStart = protocolVersion === 5 || !keeps
        const config = { url: server.url, protocolVersion, cleanStart, ...more }
        await using client = await connectClient(config)
        await client.broker.subscribe([{ filter: 'a' }, { filter: 'b' }])
        const asked = client.broker.publish({ topic: 'a', payload: bytes('x') })
        const lost = assert.rejects(asked, { code: 'ERR_BROKER_CONNECTION_LOST' })
        await server.send(CONNACK[protocolVersion])
        await lost
        const [, ended, again] = await client.statuses.reach(3, 'statuses', LIMIT)
        assert.equal(ended?.kind, 'disconnected')
        protocolError(ended.error, /a second CONNACK came/)
        assert.equal(again?.kind, 'connected')
        assert.deepEqual(server.disconnects.items, protocolVersion === 5 ? [0x82] : [])
        const name = (filter: string) => filter.replace('$share/devicehub/', '')
        assert.deepEqual(server.filters.map(name), ['a', 'b', 'a', 'b'])
      })
    }
  }
})

describe('a CONNACK that is no answer to its CONNECT', () => {
  for (const [what, connack, text, protocolVersion] of [
    ['a session after a clean start', { sessionPresent: true }, /to begin anew/, 5],
    ['a session after a clean session', { sessionPresent: true }, /to begin anew/, 4],
    [
      'a receive maximum of 0',
      { properties: connackProperty.receiveMaximum(0) },
      /receive maximum of 0/,
      5,
    ],
    [
      'a maximum packet size of 0',
      { properties: connackProperty.maximumPacketSize(0) },
      /maximum packet size of 0/,
      5,
    ],
  ] as const) {
    test(`${what}, at first (MQTT ${protocolVersion}): connecting rejects`, async () => {
      await using server = await scriptedBroker({ connect: () => connack })
      await using client = makeClient({ url: server.url, protocolVersion })
      await assert.rejects(client.connect(), (error) => {
        protocolError(error, text)
        return true
      })
      if (protocolVersion === 5) {
        assert.deepEqual(await server.disconnects.reach(1, 'DISCONNECT'), [0x82])
      }
    })

    test(`${what}, at a reconnect (MQTT ${protocolVersion}): it is tried again, and subscribes`, async () => {
      await using server = await scriptedBroker({ connect: (n) => (n === 2 ? connack : {}) })
      await using client = await connectClient({ url: server.url, protocolVersion })
      await client.broker.subscribe([{ filter: 'a' }])
      server.cut()
      await client.statuses.reach(3, 'statuses', LIMIT)
      const [failed] = await client.failedReconnects.reach(1, 'failed reconnect')
      protocolError(failed!.error, text)
      assert.deepEqual(typesOf(client), ['connected', 'disconnected', 'connected'])
      assert.equal(server.filters.length, 2)
    })
  }

  for (const [what, connack] of [
    ['a receive maximum of 1', { properties: connackProperty.receiveMaximum(1) }],
    ['no session', { sessionPresent: false }],
  ] as const) {
    test(`${what} is well`, async () => {
      await using server = await scriptedBroker({ connect: () => connack })
      await using client = await connectClient({ url: server.url })
      await client.broker.publish({ topic: 'a', payload: bytes('x') })
    })
  }

  test('a session that was asked for is well', async () => {
    await using server = await scriptedBroker({ connect: () => ({ sessionPresent: true }) })
    await using client = await connectClient({ url: server.url, cleanStart: false })
    await client.broker.publish({ topic: 'a', payload: bytes('x') })
  })
})

describe('another server that a broker names', () => {
  const named = connackProperty.serverReference('b.example:1884')
  for (const code of [0x9c, 0x9d]) {
    test(`in CONNACK (0x${code.toString(16)}) is in the error`, async () => {
      await using server = await scriptedBroker({
        connect: () => ({ reason: code, properties: named }),
      })
      await using client = makeClient({ url: server.url })
      await assert.rejects(client.connect(), (error) => {
        assert.ok(error instanceof BrokerError)
        assert.deepEqual([error.reasonCode, error.serverReference], [code, 'b.example:1884'])
        assert.match(error.message, /; it names "b\.example:1884"$/)
        return true
      })
    })

    test(`in DISCONNECT (0x${code.toString(16)}) is in the status`, async () => {
      await using server = await scriptedBroker()
      await using client = await connectClient({ url: server.url })
      server.disconnect(code, named)
      const [, ended] = await client.statuses.reach(2, 'statuses', LIMIT)
      assert.equal(ended?.kind, 'disconnected')
      const { reasonCode, serverReference, message } = ended.error as BrokerError
      assert.deepEqual([reasonCode, serverReference], [code, 'b.example:1884'])
      assert.match(message, /; it names "b\.example:1884"$/)
    })
  }

  test('that it does not name is not there', async () => {
    await using server = await scriptedBroker({ connect: () => ({ reason: 0x9c }) })
    await using client = makeClient({ url: server.url })
    await assert.rejects(client.connect(), { reasonCode: 0x9c, serverReference: undefined })
  })
})

describe('an address of IPv6', () => {
  for (const host of ['::1', '[::1]']) {
    test(`${host} stands in brackets in what is told`, async () => {
      await using client = makeClient({ host, port: 9 })
      await assert.rejects(client.connect(), (error) => {
        assert.ok(error instanceof BrokerError)
        assert.equal(error.code, 'ERR_BROKER_UNREACHABLE')
        assert.match(error.message, /^Cannot connect to mqtt:\/\/\[::1\]:9: /)
        // It is an address, which no name server is asked for.
        assert.doesNotMatch(error.message, /ENOTFOUND|getaddrinfo/)
        return true
      })
    })
  }
})
