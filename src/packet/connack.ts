/**
 * CONNACK (MQTT 5, section 3.2).
 *
 * @module
 */
import type { Body } from './body.ts'
import { malformed, protocolError } from './error.ts'
import type { ConnackPacket, ProtocolVersion } from './packet.ts'
import { CONNACK, propertiesOf, readProperties, writeProperties } from './properties.ts'
import { CONNACK_CODES, oneOf, RETURN_CODES } from './reason-codes.ts'
import { Writer } from './writer.ts'

const PROPERTIES = /* @__PURE__ */ propertiesOf(CONNACK)

/** Reads one. */
export function readConnack(body: Body, version: ProtocolVersion): ConnackPacket {
  const flags = body.u8()
  if (flags > 1) throw malformed('a reserved flag of the CONNACK is set')
  const packet: ConnackPacket = {
    kind: 'connack',
    sessionPresent: flags === 1,
    reasonCode: oneOf(version === 5 ? CONNACK_CODES : RETURN_CODES, body.u8()),
  }
  if (packet.sessionPresent && packet.reasonCode !== 0) {
    throw protocolError('a session is present, and the connection is refused')
  }
  if (version === 5) readProperties(body, PROPERTIES, packet)
  return packet
}

/** Writes one. */
export function encodeConnack(packet: ConnackPacket, version: ProtocolVersion): Uint8Array {
  const out = new Writer()
  out.u8(packet.sessionPresent ? 1 : 0)
  out.u8(packet.reasonCode)
  if (version === 5) writeProperties(out, packet, PROPERTIES)
  return out.packet(0x20)
}
