/**
 * What is written is read as what it was, however its bytes are cut.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { encodeServerPacket } from '../../src/packet/encode-server.ts'
import type { PublishPacket } from '../../src/packet/packet.ts'
import { publishSize } from '../../src/packet/publish.ts'
import { serverReader } from '../../src/packet/server-reader.ts'
import { clientReader } from '../support/client-codec/client-reader.ts'
import { encodeClientPacket } from '../support/client-codec/encode-client.ts'
import { clientPacket, connectPacket, serverPacket } from './arbitrary.ts'
import { cut, drain, joined } from './bytes.ts'

const maximumPacketSize = 1 << 20
const sizes = fc.array(
  fc.oneof(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9000 })),
  {
    minLength: 1,
    maxLength: 9,
  },
)

for (const version of [4, 5] as const) {
  describe(`MQTT ${version === 5 ? '5' : '3.1.1'}`, () => {
    test('a server reads what a client writes', () => {
      const packets = fc.array(clientPacket(version), { maxLength: 6 })
      fc.assert(
        fc.property(connectPacket(version), packets, sizes, (connect, others, sizes) => {
          const sent = [connect, ...others]
          const bytes = joined(sent.flatMap((packet) => encodeClientPacket(packet, version)))
          const reader = serverReader({ maximumPacketSize })
          assert.equal(reader.version, undefined)
          const read = cut(bytes, sizes).flatMap((chunk) => {
            reader.push(chunk)
            return drain(reader)
          })
          assert.deepEqual(read, sent)
          assert.equal(reader.version, version)
          assert.equal(reader.heldBytes, 0)
        }),
      )
    })

    test('a client reads what a server writes', () => {
      const packets = fc.array(serverPacket(version), { maxLength: 6 })
      fc.assert(
        fc.property(packets, sizes, (sent, sizes) => {
          const bytes = joined(sent.flatMap((packet) => encodeServerPacket(packet, version)))
          const reader = clientReader({ version, maximumPacketSize })
          const read = cut(bytes, sizes).flatMap((chunk) => {
            reader.push(chunk)
            return drain(reader)
          })
          assert.deepEqual(read, sent)
          assert.equal(reader.heldBytes, 0)
        }),
      )
    })

    test('the size of a PUBLISH is that of its bytes', () => {
      const publish = serverPacket(version).filter(
        (packet): packet is PublishPacket => packet.kind === 'publish',
      )
      fc.assert(
        fc.property(publish, (packet) => {
          const { length } = joined(encodeServerPacket(packet, version))
          assert.equal(publishSize(packet, version), length)
        }),
      )
    })
  })
}
