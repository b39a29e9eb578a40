/**
 * CONNACK (MQTT 5, section 3.2).
 *
 * @module
 */
import type { ConnackPacket, ProtocolVersion } from './packet.ts'
import { CONNACK, propertiesOf, writeProperties } from './properties.ts'
import { Writer } from './writer.ts'

const PROPERTIES = /* @__PURE__ */ propertiesOf(CONNACK)

/** Writes one. */
export function encodeConnack(packet: ConnackPacket, version: ProtocolVersion): Uint8Array {
  const out = new Writer()
  out.u8(packet.sessionPresent ? 1 : 0)
  out.u8(packet.reasonCode)
  if (version === 5) writeProperties(out, packet, PROPERTIES)
  return out.packet(0x20)
}
