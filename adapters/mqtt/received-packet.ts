/**
 * Reads received packets in place: a PUBLISH (MQTT 5, section 3.3) of QoS 0 or 1 without properties, and
 * a PUBACK (section 3.4). Most of what a connection receives is that, and of what a message takes,
 * reading it with the `mqtt` package is the greatest part (`npm run bench -- mqtt`); all else is left to
 * the package.
 *
 * @module
 */
import type { Message } from '../../src/broker/broker.ts'

/** The first byte of a PUBLISH is this, with flags in the lower half. */
const PUBLISH = 0x30
const PUBACK = 0x40
const RETAIN = 0x01
const QOS = 0x06
const QOS_1 = 0x02
/** Longest fixed header: the first byte and four of a variable byte integer. */
const MAX_HEADER_BYTES = 5
const decoder = new TextDecoder()

/** A message and its packet identifier, which is 0 with QoS 0. */
export interface ReceivedPublish {
  readonly message: Message
  readonly messageId: number
}

/**
 * Where the packet that begins here ends, which may be behind the bytes that are there; `undefined` if
 * that cannot be told yet; -1 if it is no length at all.
 */
export function endOfPacket(bytes: Uint8Array, start: number): number | undefined {
  let length = 0
  let factor = 1
  for (let at = start + 1; at < start + MAX_HEADER_BYTES; at++) {
    const byte = bytes[at]
    if (byte === undefined) return undefined
    length += (byte & 0x7f) * factor
    if (byte < 0x80) return at + 1 + length
    factor *= 0x80
  }
  return -1
}

/** What the packet that begins here is, if it may be read here. */
export function kindOf(bytes: Uint8Array, start: number): 'publish' | 'puback' | undefined {
  const first = bytes[start]!
  if ((first & 0xf0) === PUBLISH && (first & QOS) <= QOS_1) return 'publish'
  return first === PUBACK ? 'puback' : undefined
}

/**
 * Reads the PUBACK that begins here, all bytes of which are there.
 *
 * @returns `undefined` if it has properties, or is not as it should be.
 */
export function readPuback(
  bytes: Uint8Array,
  start: number,
  end: number,
): { readonly messageId: number; readonly reasonCode: number } | undefined {
  const length = end - start
  if (length !== 4 && length !== 5) return undefined
  const messageId = bytes[start + 2]! * 256 + bytes[start + 3]!
  return { messageId, reasonCode: length === 5 ? bytes[start + 4]! : 0 }
}

/**
 * Reads the PUBLISH of QoS 0 or 1 that begins here, all bytes of which are there.
 *
 * @returns `undefined` if it has properties, or is not as it should be.
 */
export function readPublish(
  bytes: Uint8Array,
  start: number,
  end: number,
  protocolVersion: 4 | 5,
): ReceivedPublish | undefined {
  const first = bytes[start]!
  let at = start + 2
  while (bytes[at - 1]! >= 0x80) at++
  const topicAt = at + 2
  if (topicAt > end) return undefined
  const topicEnd = topicAt + bytes[at]! * 256 + bytes[at + 1]!
  at = topicEnd
  const qos = (first & QOS) === 0 ? 0 : 1
  let messageId = 0
  if (qos === 1) {
    if (at + 2 > end) return undefined
    messageId = bytes[at]! * 256 + bytes[at + 1]!
    if (messageId === 0) return undefined
    at += 2
  }
  if (protocolVersion === 5) {
    if (at >= end || bytes[at] !== 0) return undefined
    at++
  }
  if (topicEnd === topicAt || at > end) return undefined
  return {
    messageId,
    message: {
      topic: textOf(bytes, topicAt, topicEnd),
      payload: new Uint8Array(bytes.buffer, bytes.byteOffset + at, end - at),
      qos,
      retain: (first & RETAIN) !== 0,
    },
  }
}

/** A Buffer's own way takes half the time of a decoder. */
function textOf(bytes: Uint8Array, start: number, end: number): string {
  if (globalThis.Buffer?.isBuffer(bytes)) return bytes.toString('utf8', start, end)
  return decoder.decode(bytes.subarray(start, end))
}
