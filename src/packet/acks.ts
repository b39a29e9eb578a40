/**
 * PUBACK, PUBREC, PUBREL and PUBCOMP (MQTT 5, sections 3.4 to 3.7).
 *
 * @module
 */
import type { Body } from './body.ts'
import type { AckPacket, ProtocolVersion } from './packet.ts'
import {
  ACK,
  type PropertySet,
  propertiesOf,
  propertiesSize,
  readProperties,
  writeProperties,
} from './properties.ts'
import { oneOf, RELEASED_CODES } from './reason-codes.ts'
import { Writer } from './writer.ts'

/** The properties of all that answers with a reason. */
export const ACK_PROPERTIES: PropertySet = /* @__PURE__ */ propertiesOf(ACK)

const KINDS = ['puback', 'pubrec', 'pubrel', 'pubcomp'] as const

/** The packet types 4 to 7. */
const FIRST_TYPE = 4

/** Reads one of the types 4 to 7. */
export function readAck(
  type: number,
  body: Body,
  version: ProtocolVersion,
  receivedCodes: readonly number[],
): AckPacket {
  const packet: { -readonly [Key in keyof AckPacket]: AckPacket[Key] } = {
    kind: KINDS[type - FIRST_TYPE]!,
    packetId: body.packetId(),
    reasonCode: 0,
  }
  if (version === 5) {
    // Both may be left out from the end (section 3.4.2).
    if (body.left > 0)
      packet.reasonCode = oneOf(type < 6 ? receivedCodes : RELEASED_CODES, body.u8())
    if (body.left > 0) readProperties(body, ACK_PROPERTIES, packet)
  }
  return packet
}

/** Writes one. */
export function encodeAck(packet: AckPacket, version: ProtocolVersion): Uint8Array {
  const { kind, packetId, reasonCode } = packet
  const type = FIRST_TYPE + KINDS.indexOf(kind)
  const first = (type << 4) | (kind === 'pubrel' ? 2 : 0)
  const properties = version === 5 ? propertiesSize(packet, ACK_PROPERTIES) : 0
  const hasReason = version === 5 && (reasonCode !== 0 || properties > 0)
  const out = new Writer()
  out.packetId(packetId)
  if (hasReason) out.u8(reasonCode)
  if (properties > 0) writeProperties(out, packet, ACK_PROPERTIES, properties)
  return out.packet(first)
}
