/**
 * Writes what a client sends.
 *
 * @module
 */
import { encodeAck } from '../../../src/packet/acks.ts'
import { encodeAuth } from '../../../src/packet/auth.ts'
import { encodeDisconnect } from '../../../src/packet/disconnect.ts'
import type {
  ClientPacket,
  ConnectPacket,
  ProtocolVersion,
  SubscribePacket,
  UnsubscribePacket,
} from '../../../src/packet/packet.ts'
import {
  CONNECT,
  propertiesOf,
  SUBSCRIBE,
  UNSUBSCRIBE,
  WILL,
  writeProperties,
} from '../../../src/packet/properties.ts'
import { encodePublish } from '../../../src/packet/publish.ts'
import { Writer } from '../../../src/packet/writer.ts'

const CONNECT_PROPERTIES = propertiesOf(CONNECT)
const WILL_PROPERTIES = propertiesOf(WILL)
const SUBSCRIBE_PROPERTIES = propertiesOf(SUBSCRIBE)
const UNSUBSCRIBE_PROPERTIES = propertiesOf(UNSUBSCRIBE)

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

/** The connect flags (section 3.1.2.3). */
const CLEAN_START = 0x02
const HAS_WILL = 0x04
const WILL_RETAIN = 0x20
const HAS_PASSWORD = 0x40
const HAS_USERNAME = 0x80

/** Writes a CONNECT, in its own version. */
function encodeConnect(packet: ConnectPacket): Uint8Array {
  const { version, will, username, password } = packet
  if (version === 4 && password && username === undefined) {
    throw new TypeError('A password needs a user name in MQTT 3.1.1')
  }
  const out = new Writer()
  out.text('MQTT')
  out.u8(version)
  out.u8(
    (packet.cleanStart ? CLEAN_START : 0) |
      (will ? HAS_WILL | (will.qos << 3) | (will.retain ? WILL_RETAIN : 0) : 0) |
      (password ? HAS_PASSWORD : 0) |
      (username === undefined ? 0 : HAS_USERNAME),
  )
  out.u16(packet.keepAlive)
  if (version === 5) writeProperties(out, packet, CONNECT_PROPERTIES)
  out.text(packet.clientId)
  if (will) {
    if (version === 5) writeProperties(out, will, WILL_PROPERTIES)
    out.text(will.topic)
    out.binary(will.payload)
  }
  if (username !== undefined) out.text(username)
  if (password) out.binary(password)
  return out.packet(0x10)
}

/** Writes a SUBSCRIBE. In MQTT 3.1.1 only the QoS is left of the options. */
function encodeSubscribe(packet: SubscribePacket, version: ProtocolVersion): Uint8Array {
  const out = new Writer()
  out.packetId(packet.packetId)
  if (version === 5) writeProperties(out, packet, SUBSCRIBE_PROPERTIES)
  for (const { filter, qos, noLocal, retainAsPublished, retainHandling } of packet.subscriptions) {
    out.text(filter)
    const options = (noLocal ? 4 : 0) | (retainAsPublished ? 8 : 0) | (retainHandling << 4)
    out.u8(version === 5 ? qos | options : qos)
  }
  return out.packet(0x82)
}

/** Writes an UNSUBSCRIBE. */
function encodeUnsubscribe(packet: UnsubscribePacket, version: ProtocolVersion): Uint8Array {
  const out = new Writer()
  out.packetId(packet.packetId)
  if (version === 5) writeProperties(out, packet, UNSUBSCRIBE_PROPERTIES)
  for (const filter of packet.filters) out.text(filter)
  return out.packet(0xa2)
}
