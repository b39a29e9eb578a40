/**
 * DISCONNECT (MQTT 5, section 3.14).
 *
 * @module
 */
import type { Body } from './body.ts'
import type { DisconnectPacket, ProtocolVersion } from './packet.ts'
import {
  DISCONNECT,
  propertiesOf,
  propertiesSize,
  readProperties,
  writeProperties,
} from './properties.ts'
import { oneOf } from './reason-codes.ts'
import { Writer } from './writer.ts'

const PROPERTIES = /* @__PURE__ */ propertiesOf(DISCONNECT)

/** Reads one. @param codes Those that its sender may use. */
export function readDisconnect(
  body: Body,
  version: ProtocolVersion,
  codes: readonly number[],
): DisconnectPacket {
  const packet: { -readonly [Key in keyof DisconnectPacket]: DisconnectPacket[Key] } = {
    kind: 'disconnect',
    reasonCode: 0,
  }
  if (version === 5) {
    // Both may be left out from the end.
    if (body.left > 0) packet.reasonCode = oneOf(codes, body.u8())
    if (body.left > 0) readProperties(body, PROPERTIES, packet)
  }
  return packet
}

/** Writes one. */
export function encodeDisconnect(packet: DisconnectPacket, version: ProtocolVersion): Uint8Array {
  const out = new Writer()
  if (version === 5) {
    const properties = propertiesSize(packet, PROPERTIES)
    if (packet.reasonCode !== 0 || properties > 0) out.u8(packet.reasonCode)
    if (properties > 0) writeProperties(out, packet, PROPERTIES, properties)
  }
  return out.packet(0xe0)
}
