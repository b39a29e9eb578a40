/**
 * Packets out of the messages of a WebSocket, which need not be cut where packets are (MQTT 5, section
 * 6.0).
 *
 * @module
 */
import { malformed, PacketError } from '../../src/packet/error.ts'
import { Body } from './body.ts'
import { join } from './encode.ts'

const PACKET_TOO_LARGE = 0x95
/** A first byte, and a length. */
const SHORTEST = 2

/** A packet: its first byte, and what follows its length. */
export type Frame = readonly [first: number, body: Body]

/** Bytes that wait to be read. */
export class Frames {
  /** How many bytes wait. */
  length = 0
  #chunks: Uint8Array[] = []
  /** How many the next packet takes, as far as that is known. */
  #needed = SHORTEST
  readonly #maxPacketSize: number

  constructor(maxPacketSize: number) {
    this.#maxPacketSize = maxPacketSize
  }

  /** Takes bytes, which must not change any more: what is read later may be a view of them. */
  push(chunk: Uint8Array): void {
    this.#chunks.push(chunk)
    this.length += chunk.length
  }

  /**
   * The next packet; `undefined` while it is not complete.
   *
   * @throws {PacketError} 0x81 if it has no length, or 0x95 if it is too long, before all of it is there.
   */
  next(): Frame | undefined {
    while (this.length >= this.#needed) {
      let bytes = this.#chunks[0]!
      if (bytes.length < this.#needed) {
        // Only now, so that each byte is copied a few times at most however small the chunks are.
        bytes = join(this.#chunks)
        this.#chunks = [bytes]
      }
      const start = bytes.subarray(1, 5).findIndex((byte) => byte < 0x80) + SHORTEST
      if (start < SHORTEST) {
        if (bytes.length > 4) throw malformed('a length has more than four bytes')
        this.#needed = bytes.length + 1
        continue
      }
      this.#needed = start + new Body(bytes.subarray(1)).variable()
      if (this.#needed > this.#maxPacketSize) {
        throw new PacketError(PACKET_TOO_LARGE, `a packet of ${this.#needed} bytes arrived`)
      }
      if (this.#needed > bytes.length) continue
      const end = this.#needed
      this.#needed = SHORTEST
      this.length -= end
      this.#chunks.shift()
      if (end < bytes.length) this.#chunks.unshift(bytes.subarray(end))
      return [bytes[0]!, new Body(bytes.subarray(start, end))]
    }
    return undefined
  }
}
