/**
 * PUBLISH (MQTT 5, section 3.3).
 *
 * @module
 */
import type { Body } from './body.ts'
import { protocolError } from './error.ts'
import type { PacketQos, ProtocolVersion, PublishPacket } from './packet.ts'
import {
  PUBLISH,
  propertiesFieldSize,
  propertiesOf,
  propertiesSize,
  readProperties,
  writeProperties,
} from './properties.ts'
import { textSize } from './utf8.ts'
import { MAX_VARIABLE, variableSize, Writer } from './writer.ts'

const PROPERTIES = /* @__PURE__ */ propertiesOf(PUBLISH)

/** From here on a payload is not copied. */
const LARGE = 2048

/**
 * Bytes of a PUBLISH on the wire.
 *
 * @throws {TypeError} If a text holds U+0000 or a lone surrogate.
 * @throws {RangeError} If a text takes more than 65,535 bytes.
 */
export function publishSize(packet: PublishPacket, version: ProtocolVersion): number {
  const properties = version === 5 ? propertiesSize(packet, PROPERTIES) : undefined
  const { topic, payload, qos } = packet
  const length = headSize(textSize(topic), qos, properties) + payload.length
  return 1 + variableSize(length) + length
}

/**
 * Writes a PUBLISH.
 *
 * @returns One chunk; two where the payload is of 2 KiB or more, which is the second one then, and no
 * copy.
 * @throws {TypeError} If a text holds U+0000 or a lone surrogate.
 * @throws {RangeError} If something is longer or larger than its field, or the packet identifier is none.
 */
export function encodePublish(
  packet: PublishPacket,
  version: ProtocolVersion,
): readonly Uint8Array[] {
  const { topic, payload, qos } = packet
  const properties = version === 5 ? propertiesSize(packet, PROPERTIES) : undefined
  const topicSize = textSize(topic)
  const head = headSize(topicSize, qos, properties)
  const length = head + payload.length
  if (length > MAX_VARIABLE) throw new RangeError(`A packet has at most ${MAX_VARIABLE} bytes`)
  const isApart = payload.length >= LARGE
  const out = new Writer(1 + variableSize(length) + (isApart ? head : length))
  out.u8(0x30 | (packet.dup ? 8 : 0) | (qos << 1) | (packet.retain ? 1 : 0))
  out.variable(length)
  out.text(topic, topicSize)
  if (qos > 0) out.packetId(packet.packetId)
  if (properties !== undefined) writeProperties(out, packet, PROPERTIES, properties)
  if (isApart) return [out.written, payload]
  out.raw(payload)
  return [out.written]
}

/** Reads a PUBLISH whose flags are right. */
export function readPublish(first: number, body: Body, version: ProtocolVersion): PublishPacket {
  const qos = ((first >> 1) & 3) as PacketQos
  const topic = body.text()
  const packet: { -readonly [Key in keyof PublishPacket]: PublishPacket[Key] } = {
    kind: 'publish',
    topic,
    payload: NOTHING,
    qos,
    retain: (first & 1) !== 0,
    dup: (first & 8) !== 0,
  }
  if (qos > 0) packet.packetId = body.packetId()
  if (version === 5) readProperties(body, PROPERTIES, packet)
  if (topic === '' && packet.topicAlias === undefined) {
    throw protocolError('the topic is empty, and there is no topic alias')
  }
  packet.payload = body.raw(body.left)
  return packet
}

const NOTHING = /* @__PURE__ */ new Uint8Array(0)

/** Bytes of what stands between the fixed header and the payload. */
function headSize(topicSize: number, qos: PacketQos, properties: number | undefined): number {
  return (
    topicSize + (qos > 0 ? 2 : 0) + (properties === undefined ? 0 : propertiesFieldSize(properties))
  )
}
