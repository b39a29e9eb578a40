/**
 * SUBACK and UNSUBACK (MQTT 5, sections 3.9 and 3.11).
 *
 * @module
 */
import { ACK_PROPERTIES } from './acks.ts'
import type { ProtocolVersion, SubackPacket, UnsubackPacket } from './packet.ts'
import { writeProperties } from './properties.ts'
import { REASON } from './reason.ts'
import { Writer } from './writer.ts'

/** Writes a SUBACK. MQTT 3.1.1 knows one failure, 0x80, which each of MQTT 5 becomes. */
export function encodeSuback(packet: SubackPacket, version: ProtocolVersion): Uint8Array {
  const out = new Writer()
  out.packetId(packet.packetId)
  if (version === 5) writeProperties(out, packet, ACK_PROPERTIES)
  for (const code of packet.reasonCodes) {
    out.u8(version === 5 ? code : Math.min(code, REASON.unspecifiedError))
  }
  return out.packet(0x90)
}

/** Writes an UNSUBACK. */
export function encodeUnsuback(packet: UnsubackPacket, version: ProtocolVersion): Uint8Array {
  const out = new Writer()
  out.packetId(packet.packetId)
  if (version === 5) {
    writeProperties(out, packet, ACK_PROPERTIES)
    for (const code of packet.reasonCodes) out.u8(code)
  }
  return out.packet(0xb0)
}
