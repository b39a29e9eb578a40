/**
 * Bytes of a packet as a page reads them (MQTT 5, section 1.5). The server's half has a body of its own,
 * which is faster and larger.
 *
 * @module
 */
import { malformed, protocolError } from '../../src/packet/error.ts'

/** Keeps U+FEFF at the beginning, which belongs to the text. */
const decoder = /* @__PURE__ */ new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** What follows a fixed header. Its methods throw a `PacketError` for what does not fit. */
export class Body {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  /** Bytes that were not read yet. */
  get left(): number {
    return this.#bytes.length - this.#at
  }

  /** A view of so many bytes. */
  raw(length: number): Uint8Array {
    if (length > this.left) throw malformed('the packet is cut short')
    this.#at += length
    return this.#bytes.subarray(this.#at - length, this.#at)
  }

  u8(): number {
    return this.raw(1)[0]!
  }

  u16(): number {
    return this.u8() * 0x100 + this.u8()
  }

  u32(): number {
    return this.u16() * 0x1_0000 + this.u16()
  }

  /** A variable byte integer (section 1.5.5). */
  variable(): number {
    let value = 0
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = this.u8()
      value |= (byte & 0x7f) << shift
      if (byte > 0x7f) continue
      if (byte === 0 && shift > 0) break
      return value
    }
    throw malformed('a length has more than four bytes')
  }

  /** A packet identifier (section 2.2.1). */
  packetId(): number {
    const value = this.u16()
    if (value === 0) throw protocolError('the packet identifier is 0')
    return value
  }

  /** A text with its length (section 1.5.4). */
  text(): string {
    const bytes = this.raw(this.u16())
    try {
      const text = decoder.decode(bytes)
      if (!text.includes('\0')) return text
    } catch {} // As with U+0000.
    throw malformed('a text is malformed')
  }

  /** Binary data with its length (section 1.5.6), which keeps nothing else in memory. */
  binary(): Uint8Array {
    return this.raw(this.u16()).slice()
  }

  /** The end of the packet. */
  finish(): void {
    if (this.left > 0) throw malformed('more bytes follow than the packet has')
  }
}
