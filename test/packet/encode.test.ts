/**
 * What is written to the byte, and what cannot be.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { encodeServerPacket } from '../../src/packet/encode-server.ts'
import type {
  ClientPacket,
  ProtocolVersion,
  PublishPacket,
  ServerPacket,
} from '../../src/packet/packet.ts'
import { publishSize } from '../../src/packet/publish.ts'
import { encodeClientPacket } from '../support/client-codec/encode-client.ts'
import { hex, joined } from './bytes.ts'

const NOTHING = new Uint8Array(0)

const message = (changes: Partial<PublishPacket>): PublishPacket => ({
  kind: 'publish',
  topic: 'a/b',
  payload: NOTHING,
  qos: 0,
  retain: false,
  dup: false,
  ...changes,
})

describe('a client writes', () => {
  const connect = { kind: 'connect', cleanStart: true, keepAlive: 60, clientId: 'c' } as const
  const subscription = {
    filter: 'a/b',
    qos: 1,
    noLocal: true,
    retainAsPublished: true,
    retainHandling: 2,
  } as const
  const rows: readonly [packet: ClientPacket, version: ProtocolVersion, bytes: string][] = [
    [{ ...connect, version: 4 }, 4, '10 0d 0004 4d515454 04 02 003c 0001 63'],
    [{ ...connect, version: 5 }, 5, '10 0e 0004 4d515454 05 02 003c 00 0001 63'],
    [
      { ...connect, version: 4, sessionExpiryInterval: 9 },
      4,
      '10 0d 0004 4d515454 04 02 003c 0001 63',
    ],
    [
      { ...connect, version: 5, username: '', password: NOTHING },
      5,
      '10 12 0004 4d515454 05 c2 003c 00 0001 63 0000 0000',
    ],
    [
      {
        ...connect,
        version: 5,
        will: { topic: 't', payload: hex('ff'), qos: 2, retain: true, willDelayInterval: 256 },
      },
      5,
      '10 1a 0004 4d515454 05 36 003c 00 0001 63 05 18 00000100 0001 74 0001 ff',
    ],
    [message({ qos: 1, packetId: 10 }), 5, '32 08 0003 612f62 000a 00'],
    [message({ qos: 2, packetId: 10, dup: true, retain: true }), 4, '3d 07 0003 612f62 000a'],
    [message({ topic: '', topicAlias: 3, payload: hex('01') }), 5, '30 07 0000 03 23 0003 01'],
    [message({ topicAlias: 3, messageExpiryInterval: 1 }), 4, '30 05 0003 612f62'],
    [message({ packetId: 9 }), 4, '30 05 0003 612f62'],
    [{ kind: 'puback', packetId: 1, reasonCode: 0 }, 5, '40 02 0001'],
    [{ kind: 'pubrec', packetId: 1, reasonCode: 0x97 }, 5, '50 03 0001 97'],
    [{ kind: 'pubrec', packetId: 1, reasonCode: 0x97, reasonString: 'x' }, 4, '50 02 0001'],
    [
      { kind: 'pubrel', packetId: 1, reasonCode: 0, reasonString: 'x' },
      5,
      '62 08 0001 00 04 1f 0001 78',
    ],
    [{ kind: 'pubcomp', packetId: 0xffff, reasonCode: 0x92 }, 5, '70 03 ffff 92'],
    [
      { kind: 'subscribe', packetId: 10, subscriptions: [subscription] },
      5,
      '82 09 000a 00 0003 612f62 2d',
    ],
    [
      { kind: 'subscribe', packetId: 10, subscriptions: [subscription] },
      4,
      '82 08 000a 0003 612f62 01',
    ],
    [
      {
        kind: 'subscribe',
        packetId: 10,
        subscriptions: [subscription],
        subscriptionIdentifier: 128,
      },
      5,
      '82 0c 000a 03 0b 8001 0003 612f62 2d',
    ],
    [
      { kind: 'unsubscribe', packetId: 10, filters: ['a', 'b'] },
      5,
      'a2 09 000a 00 0001 61 0001 62',
    ],
    [{ kind: 'unsubscribe', packetId: 10, filters: ['a', 'b'] }, 4, 'a2 08 000a 0001 61 0001 62'],
    [{ kind: 'pingreq' }, 5, 'c0 00'],
    [{ kind: 'disconnect', reasonCode: 0 }, 5, 'e0 00'],
    [{ kind: 'disconnect', reasonCode: 4 }, 5, 'e0 01 04'],
    [{ kind: 'disconnect', reasonCode: 4 }, 4, 'e0 00'],
    [
      { kind: 'disconnect', reasonCode: 0, sessionExpiryInterval: 0xffff_ffff },
      5,
      'e0 07 00 05 11 ffffffff',
    ],
    [{ kind: 'auth', reasonCode: 0x18, authenticationMethod: 'm' }, 5, 'f0 06 18 04 15 0001 6d'],
  ]
  for (const [packet, version, bytes] of rows) {
    test(`${packet.kind} ${bytes}`, () => {
      assert.deepEqual(joined(encodeClientPacket(packet, version)), hex(bytes))
    })
  }
})

describe('a server writes', () => {
  const rows: readonly [packet: ServerPacket, version: ProtocolVersion, bytes: string][] = [
    [{ kind: 'connack', sessionPresent: true, reasonCode: 0 }, 4, '20 02 01 00'],
    [{ kind: 'connack', sessionPresent: true, reasonCode: 0 }, 5, '20 03 01 00 00'],
    [
      { kind: 'connack', sessionPresent: false, reasonCode: 0, receiveMaximum: 20 },
      4,
      '20 02 00 00',
    ],
    [
      { kind: 'connack', sessionPresent: false, reasonCode: 0, receiveMaximum: 20 },
      5,
      '20 06 00 00 03 21 0014',
    ],
    [message({ subscriptionIdentifiers: [1, 128] }), 5, '30 0b 0003 612f62 05 0b 01 0b 8001'],
    [{ kind: 'suback', packetId: 1, reasonCodes: [0, 2, 0x87] }, 5, '90 06 0001 00 00 02 87'],
    [{ kind: 'suback', packetId: 1, reasonCodes: [0, 2, 0x87] }, 4, '90 05 0001 00 02 80'],
    [{ kind: 'unsuback', packetId: 1, reasonCodes: [0x11] }, 5, 'b0 04 0001 00 11'],
    [{ kind: 'unsuback', packetId: 1, reasonCodes: [0x11] }, 4, 'b0 02 0001'],
    [{ kind: 'pubrel', packetId: 1, reasonCode: 0 }, 4, '62 02 0001'],
    [{ kind: 'pingresp' }, 4, 'd0 00'],
    [{ kind: 'disconnect', reasonCode: 0x8b }, 5, 'e0 01 8b'],
    [{ kind: 'auth', reasonCode: 0 }, 5, 'f0 00'],
  ]
  for (const [packet, version, bytes] of rows) {
    test(`${packet.kind} ${bytes}`, () => {
      assert.deepEqual(joined(encodeServerPacket(packet, version)), hex(bytes))
    })
  }
})

describe('a large payload', () => {
  for (const [size, chunks] of [
    [0, 1],
    [2047, 1],
    [2048, 2],
    [100_000, 2],
  ] as const) {
    test(`of ${size} bytes is in ${chunks === 1 ? 'the one chunk' : 'a second chunk, and no copy'}`, () => {
      const payload = new Uint8Array(size).fill(1)
      const written = encodeServerPacket(message({ payload }), 5)
      assert.equal(written.length, chunks)
      assert.equal(written[1] === payload, chunks === 2)
      assert.deepEqual(joined(written).subarray(-size || Infinity), payload)
    })
  }
})

describe('what cannot be written', () => {
  const longest = 'é'.repeat(32_767)
  const rows: readonly [
    what: string,
    good: ClientPacket,
    bad: ClientPacket,
    error: typeof Error,
  ][] = [
    [
      'a packet identifier of 0',
      { kind: 'puback', packetId: 1, reasonCode: 0 },
      { kind: 'puback', packetId: 0, reasonCode: 0 },
      RangeError,
    ],
    [
      'one of three bytes',
      { kind: 'puback', packetId: 65_535, reasonCode: 0 },
      { kind: 'puback', packetId: 65_536, reasonCode: 0 },
      RangeError,
    ],
    ['QoS 1 without one', message({ qos: 0 }), message({ qos: 1 }), RangeError],
    [
      'a text of 65,536 bytes',
      message({ topic: `${longest}a` }),
      message({ topic: `${longest}é` }),
      RangeError,
    ],
    [
      'a text with NUL',
      message({ contentType: '\u0001' }),
      message({ contentType: 'a\0' }),
      TypeError,
    ],
    [
      'a high surrogate alone',
      message({ topic: '\ud83d\ude00' }),
      message({ topic: '\ud83d' }),
      TypeError,
    ],
    [
      'a low surrogate alone',
      message({ topic: '\ud83d\ude00' }),
      message({ topic: 'a\ude00' }),
      TypeError,
    ],
    [
      'a high surrogate before another',
      message({ topic: '\ud83d\ude00' }),
      message({ topic: '\ud83d\ud83d' }),
      TypeError,
    ],
    [
      'a low surrogate before another',
      message({ topic: '\ud83d\ude00' }),
      message({ topic: '\ude00\ude00' }),
      TypeError,
    ],
    [
      'binary data of 65,536 bytes',
      message({ correlationData: new Uint8Array(65_535) }),
      message({ correlationData: new Uint8Array(65_536) }),
      RangeError,
    ],
    [
      'seconds in five bytes',
      message({ messageExpiryInterval: 0xffff_ffff }),
      message({ messageExpiryInterval: 0x1_0000_0000 }),
      RangeError,
    ],
    [
      'seconds below 0',
      message({ messageExpiryInterval: 0 }),
      message({ messageExpiryInterval: -1 }),
      RangeError,
    ],
    [
      'half a second',
      message({ messageExpiryInterval: 1 }),
      message({ messageExpiryInterval: 0.5 }),
      RangeError,
    ],
    ['no number', message({ topicAlias: 1 }), message({ topicAlias: Number.NaN }), RangeError],
    [
      'a reason code above a byte',
      { kind: 'disconnect', reasonCode: 255 },
      { kind: 'disconnect', reasonCode: 256 },
      RangeError,
    ],
    [
      'a subscription identifier above four bytes',
      { kind: 'subscribe', packetId: 1, subscriptions: [], subscriptionIdentifier: 268_435_455 },
      { kind: 'subscribe', packetId: 1, subscriptions: [], subscriptionIdentifier: 268_435_456 },
      RangeError,
    ],
  ]
  for (const [what, good, bad, error] of rows) {
    test(what, () => {
      assert.ok(encodeClientPacket(good, 5).length > 0)
      assert.throws(() => encodeClientPacket(bad, 5), error)
    })
  }

  test('what MQTT 3.1.1 does not have', () => {
    const auth = { kind: 'auth', reasonCode: 0x18, authenticationMethod: 'm' } as const
    const connect = { kind: 'connect', cleanStart: true, keepAlive: 0, clientId: '' } as const
    const password = NOTHING
    assert.throws(() => encodeClientPacket(auth, 4), TypeError)
    assert.throws(() => encodeServerPacket(auth, 4), TypeError)
    assert.throws(() => encodeServerPacket({ kind: 'disconnect', reasonCode: 0x8b }, 4), TypeError)
    assert.throws(() => encodeClientPacket({ ...connect, version: 4, password }, 4), TypeError)
    assert.ok(encodeClientPacket({ ...connect, version: 5, password }, 5))
    assert.ok(encodeClientPacket({ ...connect, version: 4, username: '', password }, 4))
  })

  test('a packet above 268,435,455 bytes behind its header', () => {
    // No such payload is there: only its length is asked for.
    const payload = (length: number) => ({ length }) as Uint8Array
    const head = 2 + 3 + 1
    const largest = message({ payload: payload(268_435_455 - head) })
    assert.equal(encodeClientPacket(largest, 5).length, 2)
    assert.equal(publishSize(largest, 5), 5 + 268_435_455)
    const larger = message({ payload: payload(268_435_455 - head + 1) })
    assert.throws(() => encodeClientPacket(larger, 5), RangeError)
  })
})

test('chunks that share a buffer do not touch each other', () => {
  // Any five of them that follow each other take one byte more than the buffer has.
  const head = encodeServerPacket(message({ qos: 1, packetId: 1 }), 5)[0]!.length + 1
  const packets = Array.from({ length: 50 }, (_, i) => {
    const size = i % 5 === 0 ? 409 : 410
    return message({ qos: 1, packetId: i + 1, payload: new Uint8Array(size - head).fill(i) })
  })
  const first = packets.map((packet) => joined(encodeServerPacket(packet, 5)))
  const again = packets.map((packet) => encodeServerPacket(packet, 5))
  assert.deepEqual(again.map(joined), first)
  for (const [i, { length }] of first.entries()) assert.equal(length, i % 5 === 0 ? 409 : 410)
})
