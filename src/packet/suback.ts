/**
 * SUBACK and UNSUBACK (MQTT 5, sections 3.9 and 3.11).
 *
 * @module
 */
import { ACK_PROPERTIES } from './acks.ts'
import type { Body } from './body.ts'
import { protocolError } from './error.ts'
import type { ProtocolVersion, SubackPacket, UnsubackPacket } from './packet.ts'
import { readProperties, writeProperties } from './properties.ts'
import { REASON } from './reason.ts'
import { GRANTED_CODES, oneOf, SUBACK_CODES, UNSUBACK_CODES } from './reason-codes.ts'
import { Writer } from './writer.ts'

/** Reads a SUBACK. */
export function readSuback(body: Body, version: ProtocolVersion): SubackPacket {
  const reasonCodes: number[] = []
  const packet: SubackPacket = { kind: 'suback', packetId: body.packetId(), reasonCodes }
  if (version === 5) readProperties(body, ACK_PROPERTIES, packet)
  readCodes(body, version === 5 ? SUBACK_CODES : GRANTED_CODES, reasonCodes)
  return packet
}

/** Reads an UNSUBACK. */
export function readUnsuback(body: Body, version: ProtocolVersion): UnsubackPacket {
  const reasonCodes: number[] = []
  const packet: UnsubackPacket = { kind: 'unsuback', packetId: body.packetId(), reasonCodes }
  if (version === 5) {
    readProperties(body, ACK_PROPERTIES, packet)
    readCodes(body, UNSUBACK_CODES, reasonCodes)
  }
  return packet
}

function readCodes(body: Body, codes: readonly number[], into: number[]): void {
  while (body.left > 0) into.push(oneOf(codes, body.u8()))
  if (into.length === 0) throw protocolError('there is no reason code')
}

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
