/**
 * Bytes of a packet as they are read (MQTT 5, section 1.5).
 *
 * @module
 */
import { malformed, protocolError } from './error.ts'
import { readText } from './utf8.ts'

/** What follows a fixed header. Its methods throw a `PacketError` for what does not fit. */
export class Body {
  readonly #bytes: Uint8Array
  #at: number
  #end: number

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.#bytes = bytes
    this.#at = start
    this.#end = end
  }

  /** Bytes that were not read yet. */
  get left(): number {
    return this.#end - this.#at
  }

  u8(): number {
    return this.#bytes[this.#take(1)]!
  }

  u16(): number {
    const at = this.#take(2)
    return (this.#bytes[at]! << 8) | this.#bytes[at + 1]!
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
    throw malformed('a variable byte integer takes more bytes than it may')
  }

  /** A packet identifier (section 2.2.1). */
  packetId(): number {
    const value = this.u16()
    if (value === 0) throw protocolError('the packet identifier is 0')
    return value
  }

  text(): string {
    const length = this.u16()
    const start = this.#take(length)
    return readText(this.#bytes, start, start + length)
  }

  /** Binary data with its length (section 1.5.6). */
  binary(): Uint8Array {
    return this.raw(this.u16())
  }

  /** Bytes as they are, so that keeping them does not keep much more than them. */
  raw(length: number): Uint8Array {
    const start = this.#take(length)
    return keep(this.#bytes.subarray(start, start + length))
  }

  /** Lets only so many bytes be read, until {@link leave}. Returns what to leave with. */
  enter(length: number): number {
    const outer = this.#end
    this.#end = this.#take(length) + length
    this.#at = this.#end - length
    return outer
  }

  leave(outer: number): void {
    this.#end = outer
  }

  /** The end of the packet. */
  finish(): void {
    if (this.left > 0) throw malformed('more bytes follow than the packet has')
  }

  #take(length: number): number {
    const start = this.#at
    if (length > this.#end - start) throw malformed('the packet is cut short')
    this.#at = start + length
    return start
  }
}

/** The same bytes, of their own where they are less than half of the buffer that they lie in. */
export function keep(bytes: Uint8Array): Uint8Array {
  return bytes.length * 2 < bytes.buffer.byteLength ? bytes.slice() : bytes
}
