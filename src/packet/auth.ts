/**
 * AUTH (MQTT 5, section 3.15).
 *
 * @module
 */
import type { Body } from './body.ts'
import { protocolError } from './error.ts'
import type { AuthPacket, ProtocolVersion } from './packet.ts'
import {
  AUTH,
  propertiesOf,
  propertiesSize,
  readProperties,
  writeProperties,
} from './properties.ts'
import { oneOf } from './reason-codes.ts'
import { Writer } from './writer.ts'

const PROPERTIES = /* @__PURE__ */ propertiesOf(AUTH)

/** Reads one. @param codes Those that its sender may use. */
export function readAuth(body: Body, codes: readonly number[]): AuthPacket {
  // Section 3.15.2.1 allows this, though section 3.15.2.2.2 wants a method.
  if (body.left === 0) return { kind: 'auth', reasonCode: oneOf(codes, 0) }
  const packet: AuthPacket = { kind: 'auth', reasonCode: oneOf(codes, body.u8()) }
  readProperties(body, PROPERTIES, packet)
  if (packet.authenticationMethod === undefined) {
    throw protocolError('an AUTH needs an authenticationMethod')
  }
  return packet
}

/**
 * Writes one.
 *
 * @throws {TypeError} In MQTT 3.1.1, which has none.
 */
export function encodeAuth(packet: AuthPacket, version: ProtocolVersion): Uint8Array {
  if (version !== 5) throw new TypeError('MQTT 3.1.1 has no AUTH')
  const out = new Writer()
  const properties = propertiesSize(packet, PROPERTIES)
  if (packet.reasonCode !== 0 || properties > 0) {
    out.u8(packet.reasonCode)
    writeProperties(out, packet, PROPERTIES, properties)
  }
  return out.packet(0xf0)
}
