/**
 * What a broker can make a client hold in memory: so many bytes, whatever it sends and however slow the
 * handlers are.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { generate } from 'mqtt-packet'
import type { Link, LinkEvents } from '../../adapters/mqtt/link.ts'
import { PacketStream, type Violation } from '../../adapters/mqtt/packet-stream.ts'
import { BrokerError } from '../../src/base/errors.ts'
import { mosquittoMissing, startMosquitto } from '../support/mosquitto.ts'
import { deferred } from '../support/wait.ts'
import { bytes, type Client, connectClient, text, typesOf } from './client.ts'
import { tcpRelay } from './relay.ts'
import { scriptedBroker } from './scripted-broker.ts'

const MEGABYTE = 1_000_000
const LIMIT = 60_000

setFlagsFromString('--expose-gc')
const collectGarbage: () => void = runInNewContext('gc')

/** Bytes in use. */
async function inUse(): Promise<number> {
  // What is freed may be told of only when the event loop has turned.
  for (let i = 0; i < 3; i++) {
    collectGarbage()
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

function publish(
  qos: 0 | 1 | 2,
  size: number,
  messageId: number,
  userProperties?: Record<string, string>,
): Buffer {
  const payload = Buffer.alloc(size)
  const packet = { cmd: 'publish', topic: 't', payload, retain: false, dup: false } as const
  const more = userProperties && { properties: { userProperties } }
  return generate({ ...packet, qos, messageId, ...more }, { protocolVersion: 5 })
}

/** The error that a connection ended with. */
async function endOf({ statuses }: Client): Promise<BrokerError> {
  const [, ended] = await statuses.reach(2, 'statuses', LIMIT)
  assert.equal(ended?.kind, 'disconnected')
  assert.ok(ended.error instanceof BrokerError)
  return ended.error
}

describe('QoS 2 messages that the broker never releases', () => {
  for (const [how, onMessage] of [
    ['handled at once', () => {}],
    ['handled later', () => new Promise<void>((resolve) => setImmediate(resolve))],
  ] as const) {
    test(`hold no memory once they are ${how}, and are not handled twice`, async () => {
      await using server = await scriptedBroker({ releases: false })
      await using client = await connectClient({ url: server.url }, async () => onMessage())
      const before = await inUse()
      const count = 500
      // The messages are let go of here: else it is this test that keeps them.
      const taken = async (times: number) => {
        await server.acknowledgements.reach(times * count, 'acknowledgements', LIMIT)
        return client.received.items.splice(0).length
      }
      for (let id = 1; id <= count; id++) await server.send(publish(2, MEGABYTE / 4, id))
      assert.equal(await taken(1), count)
      const held = (await inUse()) - before
      assert.ok(held < 25 * MEGABYTE, `${held} bytes of ${count * 250_000} are held`)
      for (let id = 1; id <= count; id++) await server.send(publish(2, 10, id))
      assert.equal(await taken(2), 0)
    })
  }
})

describe('messages in the hands of slow handlers', () => {
  const properties = Object.fromEntries(
    Array.from({ length: 20 }, (_, i) => [`k${i}`, 'v'.repeat(50_000)]),
  )
  for (const qos of [0, 1, 2] as const) {
    for (const [what, size, userProperties] of [
      ['payload', MEGABYTE, undefined],
      ['user properties', 0, properties],
    ] as const) {
      test(`QoS ${qos}, a megabyte of ${what} each: 16 of them, and the rest is not read`, async () => {
        await using server = await scriptedBroker()
        await using relay = await tcpRelay(Number(new URL(server.url).port))
        const turn = deferred()
        await using client = await connectClient({ url: relay.url }, () => turn.promise)
        const count = 60
        const sent = (async () => {
          for (let id = 1; id <= count; id++) {
            await server.send(publish(qos, size, id, userProperties))
          }
        })()
        await client.received.reach(15, 'messages', LIMIT)
        // There is no event for nothing happening.
        await new Promise((resolve) => setTimeout(resolve, 300))
        const { length } = client.received.items
        assert.ok(length <= 17, `${length} are handled`)
        // What the operating system buffers on the way has been taken as well.
        assert.ok(relay.forwarded < 40 * MEGABYTE, `${relay.forwarded} bytes were read`)
        turn.resolve()
        await client.received.reach(count, 'messages', LIMIT)
        await sent
        assert.deepEqual(typesOf(client), ['connected'])
      })
    }
  }

  test('one that is larger than all that may be there is handled by itself', async () => {
    await using server = await scriptedBroker()
    const config = { url: server.url, maxPacketSize: 40 * MEGABYTE }
    await using client = await connectClient(config)
    for (let id = 1; id <= 3; id++) await server.send(publish(1, 20 * MEGABYTE, id))
    await client.received.reach(3, 'messages', LIMIT)
    await server.acknowledgements.reach(3, 'acknowledgements', LIMIT)
  })
})

describe('a packet that is too long', () => {
  const LENGTH = 200 * MEGABYTE
  /** The beginning of a packet: its first byte and its length. */
  const header = (first: number) =>
    Uint8Array.of(first, ...[0, 1, 2].map((i) => ((LENGTH >> (7 * i)) & 0x7f) | 0x80), LENGTH >> 21)

  for (const protocolVersion of [5, 4] as const) {
    for (const [name, first] of [
      ['PUBLISH of QoS 0', 0x30],
      ['PUBLISH of QoS 1', 0x32],
      ['PUBLISH of QoS 2', 0x34],
      ['SUBACK', 0x90],
    ] as const) {
      test(`MQTT ${protocolVersion}, ${name}: ends the connection before it is there`, async () => {
        await using server = await scriptedBroker()
        await using client = await connectClient({ url: server.url, protocolVersion })
        const before = await inUse()
        await server.send(header(first))
        const { code, reasonCode, message } = await endOf(client)
        assert.deepEqual([code, reasonCode], ['ERR_BROKER_PROTOCOL', 0x95])
        assert.match(message, /a packet of 200000005 bytes arrived, and maxPacketSize is 16777216/)
        if (protocolVersion === 5) {
          assert.deepEqual(await server.disconnects.reach(1, 'DISCONNECT'), [0x95])
        }
        assert.ok((await inUse()) - before < 25 * MEGABYTE)
        await client.statuses.reach(3, 'statuses', LIMIT)
        assert.deepEqual(typesOf(client), ['connected', 'disconnected', 'connected'])
        if (protocolVersion === 4) assert.deepEqual(server.disconnects.items, [])
      })
    }
  }

  for (const qos of [0, 1, 2] as const) {
    test(`QoS ${qos}: is one byte longer than the longest that is taken`, async () => {
      await using server = await scriptedBroker()
      const fitting = publish(qos, 5_000, 1)
      const config = { url: server.url, maxPacketSize: fitting.length }
      await using client = await connectClient(config)
      await server.send(fitting)
      await client.received.reach(1, 'message')
      // After another one in the same read.
      await server.send(Buffer.concat([fitting, publish(qos, 5_001, 2)]))
      const { reasonCode } = await endOf(client)
      assert.equal(reasonCode, 0x95)
      const ids = new Set(server.acknowledgements.items.map(({ id }) => id))
      assert.ok(!ids.has(2))
      const { payload } = client.received.items.at(-1)!
      assert.equal(payload.length, 5_000)
    })
  }

  test('is told to the broker in CONNECT, with MQTT 5', async () => {
    await using server = await scriptedBroker()
    await using _usual = await connectClient({ url: server.url })
    await using _small = await connectClient({ url: server.url, maxPacketSize: 1_024 })
    await using _old = await connectClient({ url: server.url, protocolVersion: 4 })
    const logins = await server.logins.reach(3, 'CONNECTs')
    assert.deepEqual(
      logins.map(({ maxPacketSize }) => maxPacketSize),
      [16_777_216, 1_024, undefined],
    )
  })

  test('is dropped by Mosquitto, and the connection stands', {
    skip: mosquittoMissing,
  }, async () => {
    const mosquitto = await startMosquitto()
    try {
      await using client = await connectClient({ url: mosquitto.url, maxPacketSize: 1_024 })
      await using other = await connectClient({ url: mosquitto.url })
      await client.broker.subscribe([{ filter: 't', qos: 1 }])
      for (const body of ['x'.repeat(2_000), 'small']) {
        await other.broker.publish({ topic: 't', payload: bytes(body) })
      }
      const [first] = await client.received.reach(1, 'message')
      assert.equal(text(first!), 'small')
      assert.deepEqual(typesOf(client), ['connected'])
    } finally {
      await mosquitto.stop()
    }
  })
})

describe('a transport that cannot stop receiving', () => {
  /** A stream on such a link, with a handler that does not end, and what is told of it. */
  function stream(isSlow: boolean) {
    const violations: Violation[] = []
    let events: LinkEvents | undefined
    const sent: Uint8Array[] = []
    const link: Link = {
      send(data) {
        sent.push(data)
        return true
      },
      pause() {},
      resume() {},
      end() {},
      destroy() {},
    }
    new PacketStream({
      openLink(given) {
        events = given
        return link
      },
      protocolVersion: 5,
      maxPacketSize: MEGABYTE,
      takePublish(_publish, readOn) {
        if (!isSlow) readOn()
      },
      takePuback() {},
      onViolation: (violation) => void violations.push(violation),
    })
    events!.opened()
    return { events: events!, sent, violations }
  }

  test('is left when too much waits', () => {
    const { events, sent, violations } = stream(true)
    for (let id = 1; id <= 17; id++) events.received(publish(1, MEGABYTE - 100, id))
    assert.deepEqual(violations, [])
    for (let id = 18; id <= 100; id++) events.received(publish(1, MEGABYTE - 100, id))
    assert.deepEqual(
      violations.map(({ reasonCode }) => reasonCode),
      [0x97],
    )
    assert.deepEqual(
      sent.map((data) => [...data]),
      [[0xe0, 1, 0x97]],
    )
    events.closed()
  })

  test('stands for as long as what comes is handled', () => {
    const { events, violations } = stream(false)
    for (let id = 1; id <= 100; id++) events.received(publish(1, MEGABYTE - 100, id))
    assert.deepEqual(violations, [])
  })
})
