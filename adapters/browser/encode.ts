/**
 * Writes what a client sends, in MQTT 5. What is written was checked: a text is no longer than its field,
 * and well formed.
 *
 * @module
 */
import type { MessageProperties, OutgoingMessage } from '../../src/broker/broker.ts'
import { userPairs } from '../../src/broker/properties.ts'
import type { ConnectWith } from '../../src/client/wire.ts'
import { KINDS, NAMES, USER_PROPERTY } from './properties.ts'

/** Bytes, numbers that are one each, and parts of such. */
export type Parts = readonly (number | Uint8Array | Parts)[]

const encoder = /* @__PURE__ */ new TextEncoder()

/** Two bytes. */
export function u16(value: number): number[] {
  return [(value >> 8) & 0xff, value & 0xff]
}

function u32(value: number): Parts {
  return [u16(value >>> 16), u16(value)]
}

function binary(bytes: Uint8Array): Parts {
  return [u16(bytes.length), bytes]
}

/** A text with its length (section 1.5.4). */
export function text(value: string): Parts {
  return binary(encoder.encode(value))
}

/** A variable byte integer (section 1.5.5). */
function variable(value: number): number[] {
  return value > 0x7f ? [(value & 0x7f) | 0x80, ...variable(value >>> 7)] : [value]
}

/** All the way, where deeper than anything here goes. */
function flat(parts: Parts): readonly (number | Uint8Array)[] {
  return parts.flat(9) as readonly (number | Uint8Array)[]
}

function sizeOf(parts: Parts): number {
  return flat(parts).reduce<number>((sum, part) => sum + ((part as Uint8Array).length ?? 1), 0)
}

/** All in one. */
export function join(parts: Parts): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(sizeOf(parts))
  let at = 0
  for (const part of flat(parts)) {
    const some = typeof part === 'number' ? [part] : part
    bytes.set(some, at)
    at += some.length
  }
  return bytes
}

/** A packet with this first byte. */
export function packet(first: number, parts: Parts = []): Uint8Array<ArrayBuffer> {
  return join([first, variable(sizeOf(parts)), parts])
}

/** Properties, with the length before them (section 2.2.2). */
function properties(...parts: Parts): Parts {
  return [variable(sizeOf(parts)), parts]
}

/** How the values of those of a message are written. */
const WRITERS = { 4: u32, t: text, b: binary } as const

/** Those of a message (section 3.3.2.3). */
function messageProperties(message: MessageProperties): Parts {
  return [
    NAMES.map(([id, name]) => {
      const write = WRITERS[KINDS[id] as keyof typeof WRITERS] as (value: unknown) => Parts
      return message[name] === undefined ? [] : [id, write(message[name])]
    }),
    userPairs(message.userProperties ?? {}).map(([key, value]) => [
      USER_PROPERTY,
      text(key),
      text(value),
    ]),
  ]
}

/**
 * PUBLISH (section 3.3).
 *
 * @returns Also where in it the packet identifier stands, which is 0 yet.
 */
export function publish(message: OutgoingMessage): readonly [Uint8Array<ArrayBuffer>, number] {
  const { topic, payload, qos = 1, retain } = message
  const rest = [properties(messageProperties(message)), payload]
  const bytes = packet(0x30 | (qos << 1) | (retain ? 1 : 0), [
    text(topic),
    qos > 0 ? [0, 0] : [],
    rest,
  ])
  return [bytes, bytes.length - sizeOf(rest) - 2]
}

/** CONNECT (section 3.1). */
export function connect(
  { login: { clientId, username, password, sessionExpiry }, cleanStart, will }: ConnectWith,
  keepalive: number,
  receiveMaximum: number,
  maxPacketSize: number,
): Uint8Array<ArrayBuffer> {
  const flags =
    (cleanStart ? 2 : 0) |
    (will ? 4 | ((will.qos ?? 1) << 3) | (will.retain ? 32 : 0) : 0) |
    (password === undefined ? 0 : 64) |
    (username === undefined ? 0 : 128)
  return packet(0x10, [
    text('MQTT'),
    5,
    flags,
    u16(keepalive),
    properties([17, u32(sessionExpiry)], [33, u16(receiveMaximum)], [39, u32(maxPacketSize)]),
    text(clientId),
    will
      ? [
          properties([24, u32(will.delay ?? 0)], messageProperties(will)),
          text(will.topic),
          binary(will.payload),
        ]
      : [],
    username === undefined ? [] : text(username),
    password === undefined ? [] : text(password),
  ])
}
