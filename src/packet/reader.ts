/**
 * Packets out of a stream of bytes, however it is cut (MQTT 5, section 2.1).
 *
 * @module
 */
import { Body, keep } from './body.ts'
import { malformed, PacketError, protocolError } from './error.ts'
import type { ProtocolVersion } from './packet.ts'
import { REASON } from './reason.ts'

/** Reads packets as their bytes arrive. */
export interface PacketReader<P> {
  /**
   * Bytes that were pushed and are not yet in a packet that {@link next} has returned. Where it returned
   * `undefined`, that is less than the maximum packet size. What is held keeps at most twice as much
   * memory.
   */
  readonly heldBytes: number
  /**
   * Takes the next bytes. They must not be changed afterwards: a large payload is a view of them.
   */
  push(chunk: Uint8Array): void
  /**
   * The next packet, or `undefined` while it is not complete.
   *
   * Binary data in it, such as the payload, is a copy where it takes less than half of the buffer that it
   * came in, so that keeping it keeps no more than twice its bytes.
   *
   * @throws {PacketError} If the next bytes are none that may follow. From then on they always are: the
   * reader holds nothing any more, takes nothing, and throws the same error.
   */
  next(): P | undefined
}

/** What a reader needs to know of the packets that it reads. */
export interface Direction<P> {
  /** Of the connection, as soon as it is known. */
  readonly version: ProtocolVersion | undefined
  /** Bytes of the largest packet that may come now, with its fixed header. */
  readonly maximumPacketSize: number
  /**
   * Whether a packet of a type may come now.
   *
   * @param type The upper half of the first byte.
   */
  expects(type: number): boolean
  /**
   * Reads what follows the fixed header.
   *
   * @param first The first byte, whose flags are right.
   * @throws {PacketError} If it is not as it has to be.
   */
  read(first: number, body: Body): P
}

/** Pieces up to this size are put together while a packet is incomplete, so that they stay few. */
const SMALL = 4096

/** What each packet type has in the lower half of its first byte (table 2-2), but for PUBLISH. */
const FLAGS = [0, 0, 0, 0, 0, 0, 2, 0, 2, 0, 2, 0, 0, 0, 0, 0]

const PUBLISH = 3

/** Reads the packets of one direction. */
export class StreamReader<P> implements PacketReader<P> {
  readonly #direction: Direction<P>
  #error: PacketError | undefined
  #held = 0
  #chunks: Uint8Array[] = []
  /** Where the next byte is, in the first chunk. */
  #at = 0
  /** How many of the chunks were looked at by {@link #settle}. */
  #settled = 0
  /** The first byte of a packet whose end has not come yet, or -1. */
  #first = -1
  /** Bytes of its fixed header so far. */
  #headerSize = 0
  #isHeaderComplete = false
  /** Bytes that follow the fixed header. */
  #length = 0
  /** Whether the length takes more bytes than it has to. */
  #isPadded = false

  constructor(direction: Direction<P>) {
    this.#direction = direction
  }

  get heldBytes(): number {
    return this.#held
  }

  push(chunk: Uint8Array): void {
    if (this.#error || chunk.length === 0) return
    this.#held += chunk.length
    // A Buffer of Node copies otherwise than what it is one of.
    const isPlain = chunk.constructor === Uint8Array
    this.#chunks.push(
      isPlain ? chunk : new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length),
    )
  }

  next(): P | undefined {
    if (this.#error) throw this.#error
    try {
      if (this.#readHeader() && this.#hasBody()) return this.#readPacket()
    } catch (error) {
      if (error instanceof PacketError) {
        this.#error = error
        this.#held = 0
        this.#chunks = []
      }
      throw error
    }
    this.#settle()
    return undefined
  }

  /** Takes what there is of the fixed header. Returns whether that is all of it. */
  #readHeader(): boolean {
    while (!this.#isHeaderComplete) {
      const chunk = this.#chunks[0]
      if (!chunk) return false
      const byte = chunk[this.#at]!
      this.#skip(chunk, 1)
      const place = this.#headerSize++
      if (place === 0) this.#enterPacket(byte)
      else this.#enterLength(byte, place)
    }
    return true
  }

  #enterPacket(first: number): void {
    const type = first >> 4
    const isReserved = type === 0 || (type === 15 && this.#direction.version === 4)
    if (isReserved) throw malformed(`there is no packet type ${type}`)
    // DUP is for redelivery, which QoS 0 does not have, and no QoS is 3 (section 3.3.1).
    const isAllowed =
      type === PUBLISH ? (first & 6) !== 6 && (first & 14) !== 8 : (first & 15) === FLAGS[type]
    if (!isAllowed) throw malformed(`the flags of packet type ${type} are wrong`)
    if (!this.#direction.expects(type)) throw protocolError(`packet type ${type} must not come now`)
    this.#first = first
    this.#length = 0
  }

  /** @param place Of the byte in the length, from 1. */
  #enterLength(byte: number, place: number): void {
    this.#length |= (byte & 0x7f) << (7 * (place - 1))
    if (byte > 0x7f) {
      if (place === 4) throw malformed('the remaining length has more than four bytes')
      return
    }
    this.#isHeaderComplete = true
    this.#isPadded = byte === 0 && place > 1
    this.#checkPadding()
    const size = this.#headerSize + this.#length
    const { maximumPacketSize } = this.#direction
    if (size > maximumPacketSize) {
      throw new PacketError(
        REASON.packetTooLarge,
        `the packet has ${size} bytes, and at most ${maximumPacketSize} are allowed`,
      )
    }
  }

  /** MQTT 3.1.1 does not say that the length is to be as short as it can be. */
  #checkPadding(): void {
    if (this.#isPadded && this.#direction.version === 5) {
      throw malformed('the remaining length takes more bytes than it may')
    }
  }

  #hasBody(): boolean {
    return this.#held - this.#headerSize >= this.#length
  }

  #readPacket(): P {
    const length = this.#length
    const first = this.#first
    const chunk = this.#chunks[0]
    let body: Body
    if (length === 0) {
      body = new Body(NOTHING, 0, 0)
    } else if (chunk && chunk.length - this.#at >= length) {
      body = new Body(chunk, this.#at, this.#at + length)
      this.#skip(chunk, length)
    } else {
      body = new Body(this.#join(length), 0, length)
    }
    const packet = this.#direction.read(first, body)
    body.finish()
    this.#checkPadding()
    this.#held -= this.#headerSize + length
    this.#headerSize = 0
    this.#isHeaderComplete = false
    return packet
  }

  /** Puts the next bytes together, which lie in several chunks. */
  #join(length: number): Uint8Array {
    const joined = new Uint8Array(length)
    let to = 0
    while (to < length) {
      const chunk = this.#chunks[0]!
      const part = chunk.subarray(this.#at, this.#at + length - to)
      joined.set(part, to)
      to += part.length
      this.#skip(chunk, part.length)
    }
    return joined
  }

  /** @param chunk The first one. */
  #skip(chunk: Uint8Array, length: number): void {
    this.#at += length
    if (this.#at < chunk.length) return
    this.#chunks.shift()
    this.#at = 0
    if (this.#settled > 0) this.#settled--
  }

  /** Bounds the memory that the chunks of an incomplete packet keep, and how many they are. */
  #settle(): void {
    const chunks = this.#chunks
    while (this.#settled < chunks.length) {
      let piece = chunks[this.#settled]!
      if (this.#settled === 0 && this.#at > 0) {
        piece = piece.subarray(this.#at)
        this.#at = 0
      }
      piece = keep(piece)
      let to = this.#settled
      // Like to like, so that a byte is copied only a few times however small the chunks are.
      for (let last = chunks[to - 1]; last && canMerge(last, piece); last = chunks[to - 1]) {
        piece = merge(last, piece)
        to--
      }
      chunks.splice(to, this.#settled + 1 - to, piece)
      this.#settled = to + 1
    }
  }
}

const NOTHING = /* @__PURE__ */ new Uint8Array(0)

function canMerge(last: Uint8Array, piece: Uint8Array): boolean {
  return last.length <= piece.length && last.length + piece.length <= SMALL
}

function merge(last: Uint8Array, piece: Uint8Array): Uint8Array {
  const merged = new Uint8Array(last.length + piece.length)
  merged.set(last)
  merged.set(piece, last.length)
  return merged
}
