/**
 * Bytes of a packet as they are written (MQTT 5, section 1.5).
 *
 * @module
 */
import { textSize, writeText } from './utf8.ts'

/** Largest variable byte integer (section 1.5.5), and most bytes that follow a fixed header. */
export const MAX_VARIABLE = 268_435_455

/** A fixed header takes at most as many bytes. */
const HEADER = 5

/** Bytes of a variable byte integer (section 1.5.5). */
export function variableSize(value: number): number {
  return value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x20_0000 ? 3 : 4
}

/** Where packets of an unknown size begin. A packet is written at once, so one is enough for all. */
const scratch = /* @__PURE__ */ new Uint8Array(1024)

/** Larger chunks have a buffer of their own, and so have the smallest, where that costs nothing. */
const SHARED_MIN = 65
const SHARED_MAX = 512
const SHARED_BUFFER = 2048

let shared = /* @__PURE__ */ new Uint8Array(0)
let sharedAt = 0

/** Making a buffer takes longer than writing a small packet, so that a few small ones share one. */
function allocate(size: number): Uint8Array<ArrayBuffer> {
  if (size < SHARED_MIN || size > SHARED_MAX) return new Uint8Array(size)
  if (sharedAt + size > shared.length) {
    shared = new Uint8Array(SHARED_BUFFER)
    sharedAt = 0
  }
  sharedAt += size
  return shared.subarray(sharedAt - size, sharedAt)
}

/**
 * Writes one field after the other, and grows where it has to.
 *
 * Its methods throw a `RangeError` for a number that the field cannot hold and for what is too long, and
 * a `TypeError` for a text that MQTT does not have.
 */
export class Writer {
  #bytes: Uint8Array<ArrayBuffer>
  #at: number

  /** @param size Of the whole packet, with its fixed header. Left out where it is not known before. */
  constructor(size?: number) {
    this.#bytes = size === undefined ? scratch : allocate(size)
    this.#at = size === undefined ? HEADER : 0
  }

  u8(value: number): void {
    if ((value & 0xff) !== value) throw tooLarge(value, 'a byte')
    this.#room(1)
    this.#bytes[this.#at++] = value
  }

  u16(value: number): void {
    if ((value & 0xffff) !== value) throw tooLarge(value, 'two bytes')
    this.#room(2)
    this.#bytes[this.#at++] = value >> 8
    this.#bytes[this.#at++] = value
  }

  u32(value: number): void {
    if (value >>> 0 !== value) throw tooLarge(value, 'four bytes')
    this.u16(value >>> 16)
    this.u16(value & 0xffff)
  }

  /** A variable byte integer (section 1.5.5). */
  variable(value: number): void {
    if (value >>> 0 !== value || value > MAX_VARIABLE) {
      throw tooLarge(value, 'a variable byte integer')
    }
    this.#room(variableSize(value))
    let rest = value
    while (rest > 0x7f) {
      this.#bytes[this.#at++] = rest | 0x80
      rest >>>= 7
    }
    this.#bytes[this.#at++] = rest
  }

  /** A packet identifier (section 2.2.1), which is never 0. */
  packetId(value: number | undefined): void {
    if (!value) throw new RangeError('A packet identifier is 1 to 65535')
    this.u16(value)
  }

  /** @param size What {@link textSize} says of it, where that is known. */
  text(text: string, size: number = textSize(text)): void {
    this.u16(size - 2)
    this.#room(size - 2)
    this.#at = writeText(this.#bytes, this.#at, text)
  }

  /** Binary data with its length (section 1.5.6). */
  binary(value: Uint8Array): void {
    this.u16(value.length)
    this.raw(value)
  }

  /** Bytes as they are. */
  raw(value: Uint8Array): void {
    this.#room(value.length)
    this.#bytes.set(value, this.#at)
    this.#at += value.length
  }

  /** What was written, where the size was given. */
  get written(): Uint8Array {
    return this.#bytes
  }

  /** What was written behind a fixed header with this first byte, where no size was given. */
  packet(first: number): Uint8Array {
    const end = this.#at
    const length = end - HEADER
    this.#at = HEADER - 1 - variableSize(length)
    const start = this.#at
    this.u8(first)
    this.variable(length)
    const packet = allocate(end - start)
    packet.set(this.#bytes.subarray(start, end))
    return packet
  }

  #room(size: number): void {
    const needed = this.#at + size
    if (needed <= this.#bytes.length) return
    const grown = new Uint8Array(Math.max(needed, 2 * this.#bytes.length))
    grown.set(this.#bytes)
    this.#bytes = grown
  }
}

function tooLarge(value: number, field: string): RangeError {
  return new RangeError(`${value} does not fit into ${field}`)
}
