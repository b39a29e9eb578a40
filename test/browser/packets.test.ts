/**
 * What a page writes is read by the server's half of the codec, and it reads what that half writes.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { Body as PageBody } from '../../adapters/browser/body.ts'
import { readProperties, readPublish } from '../../adapters/browser/decode.ts'
import { connect, packet, publish, text, u16 } from '../../adapters/browser/encode.ts'
import { Frames } from '../../adapters/browser/frames.ts'
import type { OutgoingMessage } from '../../src/broker/broker.ts'
import { Body } from '../../src/packet/body.ts'
import { encodeServerPacket } from '../../src/packet/encode-server.ts'
import { PacketError } from '../../src/packet/error.ts'
import type { ServerPacket } from '../../src/packet/packet.ts'
import { serverReader } from '../../src/packet/server-reader.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const LIMIT = 1_000_000

/** A CONNECT that logs in as nobody. */
const plain = connect(
  { login: { clientId: 'c', sessionExpiry: 0 }, cleanStart: true, will: undefined },
  60,
  64,
  LIMIT,
)

/** Packets as a server reads them. */
function readAsServer(...chunks: readonly Uint8Array[]): unknown[] {
  const reader = serverReader({ maximumPacketSize: LIMIT })
  for (const chunk of chunks) reader.push(chunk)
  const packets: unknown[] = []
  for (let next = reader.next(); next; next = reader.next()) packets.push(next)
  return packets
}

function joined(chunks: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(chunks.flatMap((chunk) => [...chunk]))
}

/** A packet of a server as a page reads it, cut into pieces of a size. */
function frameOf(given: ServerPacket, size = LIMIT) {
  const whole = joined(encodeServerPacket(given, 5))
  const frames = new Frames(LIMIT)
  for (let at = 0; at < whole.length; at += size) {
    assert.equal(frames.next(), undefined)
    frames.push(whole.slice(at, at + size))
  }
  const frame = frames.next()
  assert.ok(frame)
  assert.equal(frames.length, 0)
  return frame
}

describe('a server reads what a page writes', () => {
  test('CONNECT with all there is', () => {
    const will = {
      topic: 'w/ü',
      payload: bytes('gone'),
      qos: 2,
      retain: true,
      delay: 7,
      contentType: 'text/plain',
    } as const
    const login = { clientId: 'u//1', username: 'u', password: 'p😀', sessionExpiry: 0xffff_ffff }
    const written = connect({ login, cleanStart: false, will }, 65_535, 1, 70_000)
    const [read] = readAsServer(written) as [Record<string, unknown>]
    const { delay, ...others } = will
    assert.deepEqual(read, {
      kind: 'connect',
      version: 5,
      cleanStart: false,
      keepAlive: 65_535,
      clientId: 'u//1',
      sessionExpiryInterval: 0xffff_ffff,
      receiveMaximum: 1,
      maximumPacketSize: 70_000,
      will: { ...others, willDelayInterval: delay },
      username: 'u',
      password: bytes('p😀'),
    })
  })

  const messages: Readonly<Record<string, OutgoingMessage>> = {
    'of QoS 0': { topic: 't', payload: bytes('x'), qos: 0 },
    'of QoS 1': { topic: 'a/b', payload: new Uint8Array(0) },
    'of QoS 2, retained': { topic: 'ü/😀', payload: bytes('x'), qos: 2, retain: true },
    'with properties': {
      topic: 't',
      payload: bytes('x'.repeat(200)),
      userProperties: { a: ['1', '2'], b: '' },
      correlationData: Uint8Array.of(0, 255),
      responseTopic: 'r',
      contentType: 'c',
      messageExpiry: 0xffff_fffe,
    },
    'of 100,000 bytes': { topic: 't', payload: new Uint8Array(100_000).fill(7) },
  }
  for (const [what, message] of Object.entries(messages)) {
    test(`PUBLISH ${what}, and back`, () => {
      const [written, idAt] = publish(message)
      const { qos = 1 } = message
      if (qos > 0) written.set(u16(0xabcd), idAt)
      const [, read] = readAsServer(plain, written) as [unknown, Record<string, unknown>]
      const { topic, payload, retain = false, userProperties, messageExpiry, ...others } = message
      const pairs = userProperties && [
        ['a', '1'],
        ['a', '2'],
        ['b', ''],
      ]
      assert.deepEqual(read, {
        kind: 'publish',
        topic,
        payload,
        dup: false,
        ...others,
        qos,
        retain,
        ...(qos > 0 && { packetId: 0xabcd }),
        ...(pairs && { userProperties: pairs }),
        ...(messageExpiry && { messageExpiryInterval: messageExpiry }),
      })
      for (const size of [LIMIT, 1, 3]) {
        if (size < 10 && payload.length > 1000) continue
        const [first, body] = frameOf(read as unknown as ServerPacket, size)
        assert.deepEqual(readPublish(first, body), [
          { ...message, qos, retain },
          qos > 0 ? 0xabcd : 0,
        ])
        body.finish()
      }
    })
  }

  test('SUBSCRIBE and UNSUBSCRIBE', () => {
    const packets = readAsServer(
      plain,
      packet(0x82, [...u16(7), 0, ...text('a/+'), 2, ...text('#'), 2]),
      packet(0xa2, [...u16(8), 0, ...text('a/+')]),
    )
    const options = { qos: 2, noLocal: false, retainAsPublished: false, retainHandling: 0 }
    assert.deepEqual(packets.slice(1), [
      {
        kind: 'subscribe',
        packetId: 7,
        subscriptions: [
          { filter: 'a/+', ...options },
          { filter: '#', ...options },
        ],
      },
      { kind: 'unsubscribe', packetId: 8, filters: ['a/+'] },
    ])
  })

  test('answers, pings and DISCONNECT', () => {
    const kinds = readAsServer(
      plain,
      packet(0x40, [0, 1]),
      packet(0x50, [0, 1, 0x80]),
      packet(0x62, [0, 1]),
      packet(0x70, [0, 1]),
      packet(0xc0),
      packet(0xe0, [0x81]),
    ).map((read) => (read as { kind: string }).kind)
    const expected = ['connect', 'puback', 'pubrec', 'pubrel', 'pubcomp', 'pingreq', 'disconnect']
    assert.deepEqual(kinds, expected)
  })
})

describe('a page reads what a server writes', () => {
  test('every property of CONNACK', () => {
    const [, body] = frameOf({
      kind: 'connack',
      sessionPresent: true,
      reasonCode: 0,
      sessionExpiryInterval: 1,
      receiveMaximum: 2,
      maximumQos: 1,
      retainAvailable: 0,
      maximumPacketSize: 3,
      assignedClientIdentifier: 'a',
      topicAliasMaximum: 4,
      wildcardSubscriptionAvailable: 1,
      subscriptionIdentifiersAvailable: 0,
      sharedSubscriptionAvailable: 1,
      serverKeepAlive: 5,
      responseInformation: 'b',
      serverReference: 'c',
      authenticationMethod: 'd',
      authenticationData: Uint8Array.of(1),
      reasonString: 'e',
      userProperties: [['f', 'g']],
    })
    assert.deepEqual([body.u8(), body.u8()], [1, 0])
    const found = readProperties(body)
    body.finish()
    const expected: readonly (readonly [number, unknown])[] = [
      [17, 1],
      [18, 'a'],
      [19, 5],
      [21, 'd'],
      [22, Uint8Array.of(1)],
      [26, 'b'],
      [28, 'c'],
      [31, 'e'],
      [33, 2],
      [34, 4],
      [36, 1],
      [37, 0],
      [38, [['f', 'g']]],
      [39, 3],
      [40, 1],
      [41, 0],
      [42, 1],
    ]
    assert.deepEqual(
      found.flatMap((value, id) => (value === undefined ? [] : [[id, value]])),
      expected,
    )
  })

  test('a user property of any name is data', () => {
    const [first, body] = frameOf({
      kind: 'publish',
      topic: 't',
      payload: bytes(''),
      qos: 0,
      retain: false,
      dup: false,
      userProperties: [['__proto__', 'x']],
    })
    const [{ userProperties }] = readPublish(first, body)
    assert.deepEqual(Object.entries(userProperties!), [['__proto__', 'x']])
    assert.equal(Object.getPrototypeOf(userProperties), Object.prototype)
  })

  test('and keeps its place in many small pieces', () => {
    const one = joined(
      encodeServerPacket(
        { kind: 'suback', packetId: 1, reasonCodes: Array.from({ length: 300 }, () => 0) },
        5,
      ),
    )
    const all = joined([one, one, one])
    const frames = new Frames(LIMIT)
    let count = 0
    for (let at = 0; at < all.length; at += 7) {
      frames.push(all.slice(at, at + 7))
      for (let frame = frames.next(); frame; frame = frames.next()) {
        assert.equal(frame[0], 0x90)
        assert.equal(frame[1].left, 303)
        count++
      }
    }
    assert.equal(count, 3)
  })
})

describe('it does not take', () => {
  for (const [what, given, reasonCode] of [
    ['a length of five bytes', [0x30, 0xff, 0xff, 0xff, 0xff, 1], 0x81],
    ['a packet longer than the limit, before it is there', [0x30, 0xff, 0xff, 0x7f], 0x95],
    ['a QoS of 3', [0x36, 5, 0, 1, 0x74, 0, 0], 0x81],
    ['a message without a topic', [0x30, 3, 0, 0, 0], 0x82],
    ['a packet identifier of 0', [0x32, 6, 0, 1, 0x74, 0, 0, 0], 0x82],
    ['a topic that is no UTF-8', [0x30, 4, 0, 1, 0xff, 0], 0x81],
    ['a topic that is cut short', [0x30, 3, 0, 9, 0x74], 0x81],
    ['a property that there is not', [0x30, 6, 0, 1, 0x74, 2, 0x7f, 0], 0x81],
    ['a property without an identifier of its own', [0x30, 6, 0, 1, 0x74, 2, 4, 0], 0x81],
    ['a property twice', [0x30, 8, 0, 1, 0x74, 4, 1, 0, 1, 0], 0x82],
    ['properties that are longer than the packet', [0x30, 5, 0, 1, 0x74, 9, 1], 0x81],
  ] as const) {
    test(what, () => {
      const frames = new Frames(LIMIT)
      frames.push(Uint8Array.from(given))
      assert.throws(
        () => {
          const frame = frames.next()
          if (frame) readPublish(...frame)
        },
        { code: 'ERR_PACKET', reasonCode },
      )
    })
  }
})

describe('bytes of anybody are read, or refused with the same reason, as the server does it', () => {
  /** What is read, or the reason code that it is refused with. */
  const outcomeOf = (read: () => unknown): unknown => {
    try {
      return read()
    } catch (error) {
      assert.ok(error instanceof PacketError, `${error}`)
      return { refused: error.reasonCode }
    }
  }
  const small = fc.uint8Array({ maxLength: 8 })
  /** Those that are read as texts and as lengths now and then. */
  const likely = fc.oneof(
    small,
    fc.string({ unit: 'grapheme', maxLength: 6 }).map((text) => {
      const encoded = bytes(text)
      return Uint8Array.of(0, encoded.length, ...encoded)
    }),
    fc.array(fc.constantFrom(0, 1, 0x7f, 0x80, 0xff), { maxLength: 6 }).map((all) => {
      return Uint8Array.from(all)
    }),
  )
  for (const kind of ['u8', 'u16', 'u32', 'variable', 'packetId', 'text', 'binary'] as const) {
    test(kind, () => {
      let [read, refused] = [0, 0]
      fc.assert(
        fc.property(likely, (given) => {
          const [page, server] = [new PageBody(given), new Body(given, 0, given.length)]
          const expected = outcomeOf(() => server[kind]())
          assert.deepEqual(
            outcomeOf(() => page[kind]()),
            expected,
          )
          if (typeof expected === 'object' && 'refused' in (expected as object)) refused++
          else {
            read++
            assert.equal(page.left, server.left)
            assert.equal(
              outcomeOf(() => page.finish()) === undefined,
              outcomeOf(() => server.finish()) === undefined,
            )
          }
        }),
        { numRuns: 2_000 },
      )
      assert.ok(read > 50 && refused > 50, `${read} were read, ${refused} refused: too few to tell`)
    })
  }
})
