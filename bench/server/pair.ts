/**
 * A publisher and a subscriber that keep some messages on their way.
 *
 * @module
 */
import { bytesOf, type RawClient } from './client.ts'
import { PAYLOAD } from './task.ts'

/** Bytes of a PUBACK, and where it has its packet identifier. */
const ACK_BYTES = 4
const ID_AT = 2

/** The bytes of a PUBLISH with the payload of all. */
export function publishBytes(topic: string, qos: 0 | 1, packetId: number, retain = false): Buffer {
  const id = qos > 0 ? { packetId } : {}
  return bytesOf({ kind: 'publish', topic, payload: PAYLOAD, qos, retain, dup: false, ...id })
}

/** Publishes as much as has come. */
export class Pair {
  readonly #publisher: RawClient
  readonly #qos: 0 | 1
  readonly #window: number
  readonly #packet: Buffer
  /** As many packets as may be on their way. */
  readonly #packets: Buffer
  /** Where a packet has its identifier. */
  readonly #idAt: number
  #sent = 0
  #received = 0
  #acknowledged = 0
  #isOver = false

  /** The subscriber has subscribed. */
  constructor(
    publisher: RawClient,
    subscriber: RawClient,
    topic: string,
    { qos, window }: { readonly qos: 0 | 1; readonly window: number },
  ) {
    this.#publisher = publisher
    this.#qos = qos
    this.#window = window
    this.#packet = publishBytes(topic, qos, 1)
    this.#packets = Buffer.concat(new Array<Buffer>(window).fill(this.#packet))
    this.#idAt = this.#packet.length - PAYLOAD.length - 2
    let bytes = 0
    publisher.listen((chunk) => {
      bytes += chunk.length
      this.#acknowledged = Math.floor(bytes / ACK_BYTES)
      this.goOn()
    })
    if (qos === 0) this.#count(subscriber)
    else this.#acknowledge(subscriber)
  }

  /** Messages that have come. */
  get received(): number {
    return this.#received
  }

  /** Messages that have not come, or are not acknowledged. */
  get onItsWay(): number {
    return this.#sent - Math.min(this.#received, this.#qos === 0 ? Infinity : this.#acknowledged)
  }

  /** Publishes as many as may be on their way. */
  goOn(): void {
    const room = this.#window - this.onItsWay
    // Many at once: a write for each packet would be the cost of the system's calls.
    if (this.#isOver || room < this.#window / 2) return
    const bytes = this.#packets.subarray(0, room * this.#packet.length)
    // Those that are numbered may not have left yet when the next ones are.
    const packets = this.#qos === 0 ? bytes : Buffer.from(bytes)
    for (let i = 0; this.#qos > 0 && i < room; i++) {
      const id = ((this.#sent + i) % 0xffff) + 1
      packets.writeUInt16BE(id, i * this.#packet.length + this.#idAt)
    }
    this.#sent += room
    this.#publisher.write(packets)
  }

  /** Publishes no more. */
  stop(): void {
    this.#isOver = true
  }

  #count(subscriber: RawClient): void {
    let bytes = 0
    subscriber.listen((chunk) => {
      bytes += chunk.length
      this.#received = Math.floor(bytes / this.#packet.length)
      this.goOn()
    })
  }

  #acknowledge(subscriber: RawClient): void {
    const { length } = this.#packet
    let rest: Buffer = Buffer.alloc(0)
    subscriber.listen((chunk) => {
      const bytes = rest.length > 0 ? Buffer.concat([rest, chunk]) : chunk
      const count = Math.floor(bytes.length / length)
      rest = bytes.subarray(count * length)
      if (count === 0) return
      const acks = Buffer.alloc(count * ACK_BYTES)
      for (let i = 0; i < count; i++) {
        const [from, to] = [i * length + this.#idAt, i * ACK_BYTES]
        acks[to] = 0x40
        acks[to + 1] = 2
        bytes.copy(acks, to + ID_AT, from, from + 2)
      }
      subscriber.write(acks)
      this.#received += count
      this.goOn()
    })
  }
}
