/**
 * Writes what a client sends.
 *
 * @module
 */
import { encodeAck } from './acks.ts'
import { encodeAuth } from './auth.ts'
import { encodeConnect } from './connect.ts'
import { encodeDisconnect } from './disconnect.ts'
import type { ClientPacket, ProtocolVersion } from './packet.ts'
import { encodePublish } from './publish.ts'
import { encodeSubscribe, encodeUnsubscribe } from './subscribe.ts'

/**
 * Writes a packet. What MQTT 3.1.1 does not have is left out in it.
 *
 * @param version A CONNECT is written in its own.
 * @returns One chunk. For a PUBLISH with a payload of 2 KiB or more two, of which the second is the
 * payload itself. Small chunks share a buffer of 2 KiB, which must not be transferred.
 * @throws {TypeError} If a text holds U+0000 or a lone surrogate, or MQTT 3.1.1 has no such packet: AUTH,
 * and CONNECT with a password and no user name.
 * @throws {RangeError} If something is longer or larger than its field, or a packet identifier is none.
 */
export function encodeClientPacket(
  packet: ClientPacket,
  version: ProtocolVersion,
): readonly Uint8Array[] {
  switch (packet.kind) {
    case 'publish':
      return encodePublish(packet, version)
    case 'connect':
      return [encodeConnect(packet)]
    case 'subscribe':
      return [encodeSubscribe(packet, version)]
    case 'unsubscribe':
      return [encodeUnsubscribe(packet, version)]
    case 'pingreq':
      return [Uint8Array.of(0xc0, 0)]
    case 'disconnect':
      return [encodeDisconnect(packet, version)]
    case 'auth':
      return [encodeAuth(packet, version)]
    default:
      return [encodeAck(packet, version)]
  }
}
