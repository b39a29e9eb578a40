/**
 * Gathers what is written in small pieces.
 *
 * @module
 */

/** How much is allocated at once, at least. What is sent is a part of it that is not used again. */
const SLAB_BYTES = 16 * 1024
/** Up to this length copying byte by byte takes less time than a call that copies. */
const SHORT = 16
const encoder = new TextEncoder()

/** Bytes that wait to be sent. */
export class WriteBuffer {
  #bytes = new Uint8Array(0)
  #start = 0
  #end = 0

  /** How many bytes wait. */
  get length(): number {
    return this.#end - this.#start
  }

  /** Copies a piece. A text is written in UTF-8. */
  append(piece: string | Uint8Array): void {
    if (typeof piece === 'string') {
      this.#appendText(piece)
      return
    }
    const { length } = piece
    this.#reserve(length)
    if (length <= SHORT) {
      for (let i = 0; i < length; i++) this.#bytes[this.#end + i] = piece[i]!
    } else this.#bytes.set(piece, this.#end)
    this.#end += length
  }

  appendByte(value: number): void {
    this.#reserve(1)
    this.#bytes[this.#end++] = value
  }

  /** The higher byte first (MQTT 5, section 1.5.2). */
  appendTwoByteInteger(value: number): void {
    this.#reserve(2)
    this.#bytes[this.#end++] = value >> 8
    this.#bytes[this.#end++] = value
  }

  /** Seven bits to a byte, the lowest first (MQTT 5, section 1.5.5). */
  appendVariableByteInteger(value: number): void {
    let rest = value
    for (; rest > 0x7f; rest >>= 7) this.appendByte((rest & 0x7f) | 0x80)
    this.appendByte(rest)
  }

  /** Hands out all that waits. The bytes belong to whoever takes them. */
  take(): Uint8Array {
    const taken = this.#bytes.subarray(this.#start, this.#end)
    this.#start = this.#end
    return taken
  }

  #appendText(text: string): void {
    // No character takes more than three bytes for each unit of it.
    this.#reserve(text.length * 3)
    const bytes = this.#bytes
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i)
      if (unit > 0x7f) {
        this.#end += encoder.encodeInto(text, bytes.subarray(this.#end)).written
        return
      }
      bytes[this.#end + i] = unit
    }
    this.#end += text.length
  }

  #reserve(size: number): void {
    if (this.#end + size <= this.#bytes.length) return
    const waiting = this.#bytes.subarray(this.#start, this.#end)
    this.#bytes = new Uint8Array(Math.max(SLAB_BYTES, 2 * (waiting.length + size)))
    this.#bytes.set(waiting)
    this.#start = 0
    this.#end = waiting.length
  }
}
