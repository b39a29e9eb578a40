/**
 * Writes what a server sends.
 *
 * @module
 */
import { encodeAck } from './acks.ts'
import { encodeAuth } from './auth.ts'
import { encodeConnack } from './connack.ts'
import { encodeDisconnect } from './disconnect.ts'
import type { ProtocolVersion, ServerPacket } from './packet.ts'
import { encodePublish } from './publish.ts'
import { encodeSuback, encodeUnsuback } from './suback.ts'

/**
 * Writes a packet. What MQTT 3.1.1 does not have is left out in it, and each failure of a SUBACK is 0x80.
 *
 * @returns One chunk. For a PUBLISH with a payload of 2 KiB or more two, of which the second is the
 * payload itself. Small chunks share a buffer of 2 KiB, which must not be transferred.
 * @throws {TypeError} If a text holds U+0000 or a lone surrogate, or MQTT 3.1.1 has no such packet from a
 * server: DISCONNECT and AUTH.
 * @throws {RangeError} If something is longer or larger than its field, or a packet identifier is none.
 */
export function encodeServerPacket(
  packet: ServerPacket,
  version: ProtocolVersion,
): readonly Uint8Array[] {
  switch (packet.kind) {
    case 'publish':
      return encodePublish(packet, version)
    case 'connack':
      return [encodeConnack(packet, version)]
    case 'suback':
      return [encodeSuback(packet, version)]
    case 'unsuback':
      return [encodeUnsuback(packet, version)]
    case 'pingresp':
      return [Uint8Array.of(0xd0, 0)]
    case 'disconnect':
      if (version !== 5) throw new TypeError('MQTT 3.1.1 has no DISCONNECT from a server')
      return [encodeDisconnect(packet, version)]
    case 'auth':
      return [encodeAuth(packet, version)]
    default:
      return [encodeAck(packet, version)]
  }
}
