/**
 * Packets out of the messages of a WebSocket, which need not be cut where packets are (MQTT 5, section
 * 6.0).
 *
 * @module
 */
import { Body } from '../../src/packet/body.ts'
import { malformed, PacketError } from '../../src/packet/error.ts'

const PACKET_TOO_LARGE = 0x95

/** A packet: its first byte, and what follows its length. */
export type Frame = readonly [first: number, body: Body]

/** Bytes that wait to be read. */
export class Frames {
  #bytes = new Uint8Array(0)
  #at = 0
  #end = 0
  readonly #maxPacketSize: number

  constructor(maxPacketSize: number) {
    this.#maxPacketSize = maxPacketSize
  }

  /** How many bytes wait. */
  get length(): number {
    return this.#end - this.#at
  }

  /** Takes bytes, which must not change any more: what is read later may be a view of them. */
  push(chunk: Uint8Array<ArrayBuffer>): void {
    const { length } = this
    if (length === 0) {
      this.#bytes = chunk
      this.#at = 0
      this.#end = chunk.length
      return
    }
    if (this.#end + chunk.length > this.#bytes.length) {
      // Twice as much, so that each byte is copied only a few times however small the chunks are.
      const grown = new Uint8Array(Math.max(2 * length, length + chunk.length))
      grown.set(this.#bytes.subarray(this.#at, this.#end))
      this.#bytes = grown
      this.#at = 0
      this.#end = length
    }
    this.#bytes.set(chunk, this.#end)
    this.#end += chunk.length
  }

  /**
   * The next packet; `undefined` while it is not complete.
   *
   * @throws {PacketError} 0x81 if it has no length, or 0x95 if it is too long, before all of it is there.
   */
  next(): Frame | undefined {
    let length = 0
    for (let at = this.#at + 1, shift = 0; at < this.#end; at++, shift += 7) {
      const byte = this.#bytes[at]!
      length |= (byte & 0x7f) << shift
      if (byte > 0x7f) {
        if (shift === 21) throw malformed('a length has more than four bytes')
        continue
      }
      const start = at + 1
      const end = start + length
      if (end - this.#at > this.#maxPacketSize) {
        const size = end - this.#at
        const text = `a packet of ${size} bytes arrived`
        throw new PacketError(PACKET_TOO_LARGE, text)
      }
      if (end > this.#end) return undefined
      const first = this.#bytes[this.#at]!
      this.#at = end
      return [first, new Body(this.#bytes, start, end)]
    }
    return undefined
  }
}
