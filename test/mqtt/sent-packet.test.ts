/**
 * Plain packets are written here, as the codec of the `mqtt` package writes them; all others are left
 * to it.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { generate, type Packet, parser } from 'mqtt-packet'
import { writePacket } from '../../adapters/mqtt/sent-packet.ts'
import { WriteBuffer } from '../../adapters/mqtt/write-buffer.ts'

/** The bytes of a packet, or `undefined` if it is not written here. */
function written(packet: Packet, protocolVersion: 4 | 5): Buffer | undefined {
  const buffer = new WriteBuffer()
  const isWritten = writePacket(buffer, packet, protocolVersion)
  assert.equal(isWritten, buffer.length > 0)
  return isWritten ? Buffer.from(buffer.take()) : undefined
}

const version = fc.constantFrom<4 | 5>(4, 5)
const messageId = fc.integer({ min: 1, max: 65_535 })
const sizes = [0, 1, 100, 126, 127, 128, 16_000, 16_383, 16_384, 2_097_151, 2_097_152]
const publish = fc.record({
  cmd: fc.constant('publish' as const),
  topic: fc.oneof(
    fc.string({ minLength: 1, maxLength: 200 }),
    fc.string({ minLength: 1, maxLength: 200, unit: 'grapheme' }),
  ),
  payload: fc.oneof(
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
    fc.constantFrom(...sizes).map((size) => Buffer.alloc(size, 7)),
  ),
  qos: fc.constantFrom<0 | 1 | 2>(0, 1, 2),
  retain: fc.boolean(),
  dup: fc.constant(false),
  messageId,
})

describe('a plain packet', () => {
  test('a PUBLISH is written as the package writes it', () => {
    fc.assert(
      fc.property(publish, version, (packet, protocolVersion) => {
        const expected = generate(packet, { protocolVersion })
        assert.ok(written(packet, protocolVersion)?.equals(expected))
      }),
      { numRuns: 500 },
    )
  })

  test('a PUBACK is read by the package as it was meant', () => {
    fc.assert(
      fc.property(messageId, version, (id, protocolVersion) => {
        const read: Packet[] = []
        const codec = parser({ protocolVersion })
        codec.on('packet', (packet) => read.push(packet))
        const packet = { cmd: 'puback', messageId: id, reasonCode: 0 } as const
        codec.parse(written(packet, protocolVersion)!)
        const [{ cmd, messageId: told, reasonCode = 0 }] = read as [
          Packet & { reasonCode?: number },
        ]
        assert.deepEqual([read.length, cmd, told, reasonCode], [1, 'puback', id, 0])
      }),
    )
  })
})

describe('left to the package is', () => {
  const rows: readonly [what: string, packet: Packet][] = [
    [
      'a PUBLISH with properties',
      {
        cmd: 'publish',
        topic: 'a',
        payload: Buffer.of(),
        qos: 0,
        retain: false,
        dup: false,
        properties: { contentType: 'x' },
      },
    ],
    ['a PUBACK that refuses', { cmd: 'puback', messageId: 1, reasonCode: 0x80 }],
    ['a PUBREC', { cmd: 'pubrec', messageId: 1, reasonCode: 0 }],
    ['a PUBREL', { cmd: 'pubrel', messageId: 1 }],
    ['a PINGREQ', { cmd: 'pingreq' }],
    ['a DISCONNECT', { cmd: 'disconnect', reasonCode: 0 }],
  ]
  for (const [what, packet] of rows) {
    test(what, () => assert.equal(written(packet, 5), undefined))
  }
})
