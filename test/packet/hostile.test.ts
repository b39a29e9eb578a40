/**
 * Bytes of anybody: a reader refuses them or reads them, ends, and holds no more than it may.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { encodeServerPacket } from '../../src/packet/encode-server.ts'
import { PacketError } from '../../src/packet/error.ts'
import type { PublishPacket } from '../../src/packet/packet.ts'
import type { PacketReader } from '../../src/packet/reader.ts'
import { serverReader } from '../../src/packet/server-reader.ts'
import { clientReader } from '../support/client-codec/client-reader.ts'
import { encodeClientPacket } from '../support/client-codec/encode-client.ts'
import { clientPacket, connectPacket, serverPacket } from './arbitrary.ts'
import { counted, cut, drain, joined, packet } from './bytes.ts'

type Reader = PacketReader<{ readonly kind: string }>

/** Small, so that it is reached. */
const maximumPacketSize = 300

const connect = encodeClientPacket(
  { kind: 'connect', version: 5, cleanStart: true, keepAlive: 0, clientId: 'c' },
  5,
)

const readers: readonly [name: string, make: () => Reader][] = [
  ['a server before the CONNECT', () => serverReader({ maximumPacketSize })],
  [
    'a server after it',
    () => {
      const reader = serverReader({ maximumPacketSize })
      reader.push(joined(connect))
      drain(reader)
      return reader
    },
  ],
  ['a client of MQTT 5', () => clientReader({ version: 5, maximumPacketSize })],
  ['a client of MQTT 3.1.1', () => clientReader({ version: 4, maximumPacketSize })],
]

/** Reads all that can be. Returns what was read, and the error that ended it. */
function readAll(reader: Reader, chunks: readonly Uint8Array[]) {
  const read: { readonly kind: string }[] = []
  for (const chunk of chunks) {
    reader.push(chunk)
    assert.ok(reader.heldBytes <= maximumPacketSize + chunk.length)
    try {
      for (let one = reader.next(); one !== undefined; one = reader.next()) read.push(one)
    } catch (error) {
      assert.ok(error instanceof PacketError, String(error))
      assert.equal(reader.heldBytes, 0)
      return { read, code: error.reasonCode }
    }
    assert.ok(reader.heldBytes < maximumPacketSize)
  }
  return { read, code: undefined }
}

const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 })

/** Bytes that begin as a packet does. */
const nearly = fc
  .array(
    fc.tuple(
      fc.constantFrom(
        0x10,
        0x20,
        0x30,
        0x32,
        0x40,
        0x62,
        0x82,
        0x90,
        0xa2,
        0xb0,
        0xc0,
        0xd0,
        0xe0,
        0xf0,
      ),
      fc.uint8Array({ maxLength: 40 }),
      fc.integer({ min: -2, max: 2 }),
    ),
    { minLength: 1, maxLength: 4 },
  )
  .map((packets) =>
    joined(
      packets.map(([first, body, off]) =>
        joined([Uint8Array.of(first, Math.max(0, body.length + off)), body]),
      ),
    ),
  )

/** Valid packets with a few bytes changed, taken out or put in. */
const mutated = fc
  .tuple(
    fc.oneof(
      fc
        .tuple(connectPacket(5), clientPacket(5))
        .map(([first, second]) =>
          joined([...encodeClientPacket(first, 5), ...encodeClientPacket(second, 5)]),
        ),
      clientPacket(5).map((one) => joined(encodeClientPacket(one, 5))),
      serverPacket(5).map((one) => joined(encodeServerPacket(one, 5))),
      serverPacket(4).map((one) => joined(encodeServerPacket(one, 4))),
    ),
    fc.array(
      fc.record({
        at: fc.nat(400),
        take: fc.integer({ min: 0, max: 2 }),
        put: fc.uint8Array({ maxLength: 2 }),
      }),
      { minLength: 1, maxLength: 3 },
    ),
  )
  .map(([bytes, changes]) => {
    const all = [...bytes.subarray(0, 2000)]
    for (const { at, take, put } of changes) all.splice(at % all.length, take, ...put)
    return Uint8Array.from(all)
  })

for (const [name, make] of readers) {
  describe(name, () => {
    for (const [what, bytes] of [
      ['any bytes', fc.uint8Array({ maxLength: 600 })],
      ['bytes that begin as packets do', nearly],
      ['packets with changed bytes', mutated],
    ] as const) {
      test(`takes ${what}, and alike however they are cut`, () => {
        fc.assert(
          fc.property(bytes, sizes, (given, sizes) => {
            const whole = readAll(make(), [Uint8Array.from(given)])
            assert.deepEqual(readAll(make(), cut(given, sizes)), whole)
            assert.deepEqual(readAll(make(), cut(given, [1])), whole)
          }),
          { numRuns: 300 },
        )
      })
    }
  })
}

test('a length that is too large is refused at once, and nothing is held for it', () => {
  for (const [name, make] of readers.slice(1)) {
    const reader = make()
    for (const byte of [0x30, 0xff, 0xff, 0xff]) {
      reader.push(Uint8Array.of(byte))
      assert.equal(reader.next(), undefined, name)
    }
    assert.equal(reader.heldBytes, 4)
    reader.push(Uint8Array.of(0x7f))
    assert.throws(
      () => reader.next(),
      (error) => error instanceof PacketError && error.reasonCode === 0x95,
    )
  }
})

test('a wrong first byte is refused at once', () => {
  const wrong: readonly (readonly number[])[] = [
    [0x36, 0xc0, 0x20], // Before the CONNECT.
    [0x36, 0x10, 0x20, 0xd0],
    [0x36, 0x10, 0xc0],
    [0x36, 0x10, 0xe0],
  ]
  const right = [0x10, 0xc0, 0x20, 0x20]
  for (const [i, [name, make]] of readers.entries()) {
    for (const byte of wrong[i]!) {
      const reader = make()
      reader.push(Uint8Array.of(byte))
      assert.throws(() => reader.next(), PacketError, `${name}: ${byte}`)
    }
    const reader = make()
    reader.push(Uint8Array.of(right[i]!))
    assert.equal(reader.next(), undefined)
  }
})

test('a length with needless bytes is refused before what follows it', () => {
  for (const [version, isRefused] of [
    [5, true],
    [4, false],
  ] as const) {
    const reader = clientReader({ version, maximumPacketSize })
    reader.push(Uint8Array.of(0x30, 0x85, 0))
    if (isRefused) assert.throws(() => reader.next(), PacketError)
    else assert.equal(reader.next(), undefined)
  }
})

test('a caller may stop between packets', () => {
  const reader = clientReader({ version: 5, maximumPacketSize })
  const ping = packet(0xd0)
  reader.push(joined([ping, ping, ping]))
  assert.deepEqual(reader.next(), { kind: 'pingresp' })
  assert.equal(reader.heldBytes, 4)
  reader.push(ping)
  assert.equal(drain(reader).length, 3)
  assert.equal(reader.heldBytes, 0)
})

describe('what is kept', () => {
  const large = clientReader({ version: 5, maximumPacketSize: 1 << 20 })
  const publish = (size: number) => packet(0x30, 't', counted(), new Uint8Array(size).fill(1))
  const read = (chunks: readonly Uint8Array[]) => {
    const packets = chunks.flatMap((chunk) => {
      large.push(chunk)
      return drain(large)
    })
    return packets as readonly PublishPacket[]
  }

  test('of a small payload is no large buffer', () => {
    const buffer = new Uint8Array(65_536)
    buffer.set(publish(100), 5)
    const [packet] = read([buffer.subarray(5, 5 + publish(100).length)])
    assert.equal(packet?.payload.buffer.byteLength, 100)
  })

  test('of a payload that fills a chunk is the chunk', () => {
    const chunk = publish(10_000)
    const [packet] = read([chunk])
    assert.equal(packet?.payload.buffer, chunk.buffer)
    assert.equal(packet?.payload.length, 10_000)
  })

  test('of an incomplete packet is no large buffer, however many came before', () => {
    const reader = clientReader({ version: 5, maximumPacketSize })
    const one = publish(40)
    for (let i = 0; i < 3; i++) {
      const buffer = new Uint8Array(1000)
      buffer.set(one)
      buffer.set(one.subarray(0, 30), one.length)
      reader.push(buffer.subarray(0, one.length + 20))
      assert.equal(drain(reader).length, 1)
      reader.push(buffer.subarray(one.length + 20, one.length + 30))
      assert.equal(reader.next(), undefined)
      // What is held lies elsewhere.
      buffer.fill(0xff)
      reader.push(one.slice(30))
      const [packet] = drain(reader)
      assert.deepEqual(packet?.kind === 'publish' && packet.payload, new Uint8Array(40).fill(1))
    }
  })

  test('of any payload is at most twice its bytes', () => {
    const lengths = fc.array(fc.integer({ min: 1, max: 5000 }), { minLength: 1, maxLength: 8 })
    fc.assert(
      fc.property(
        lengths,
        sizes.map((all) => all.map((size) => size * 100)),
        (lengths, sizes) => {
          const packets = read(cut(joined(lengths.map(publish)), sizes))
          assert.deepEqual(
            packets.map(({ payload }) => payload.length),
            lengths,
          )
          for (const { payload } of packets) {
            assert.ok(payload.buffer.byteLength <= 2 * payload.length)
            assert.ok(payload.every((byte) => byte === 1))
          }
        },
      ),
    )
  })

  test('is plain, even of a Buffer', () => {
    for (const size of [100, 10_000]) {
      const [packet] = read([Buffer.from(publish(size))])
      assert.equal(packet?.payload.constructor, Uint8Array)
    }
  })

  test('of a packet in single bytes takes no long time', () => {
    const bytes = publish(200_000)
    const [packet] = read(cut(bytes, [1]))
    assert.equal(packet?.payload.length, 200_000)
  })
})
