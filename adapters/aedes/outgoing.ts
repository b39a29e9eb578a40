/**
 * The messages a session waits to have acknowledged.
 *
 * @module
 */

/** A message as `aedes` hands it over to be kept, or the PUBREL that takes its place. */
export interface StoredPacket {
  readonly cmd: string
  readonly brokerId?: string
  /** Numbers each message within the broker. */
  readonly brokerCounter?: number
  messageId?: number | undefined
  readonly topic?: string
  readonly qos?: 0 | 1 | 2
  readonly payload?: string | Uint8Array
  properties?: object
}

/** Most messages kept for one session. */
export const MAX_QUEUED_MESSAGES = 10_000

/** Most bytes of payload kept for one session. */
export const MAX_QUEUED_BYTES: number = 16 * 1024 * 1024

/** A session's queue, in the order of the messages. */
export class OutgoingQueue {
  /** By counter. Each is a copy, as `aedes` changes what it sends. */
  readonly #packets = new Map<number, StoredPacket>()
  readonly #counters = new Map<number, number>()
  #bytes = 0

  get packets(): readonly StoredPacket[] {
    return [...this.#packets.values()]
  }

  /** Keeps a message once, and tells whether there was room for it. */
  add(packet: StoredPacket): boolean {
    const counter = packet.brokerCounter!
    if (this.#packets.has(counter)) return true
    const bytes = packet.payload?.length ?? 0
    if (this.#packets.size >= MAX_QUEUED_MESSAGES || this.#bytes + bytes > MAX_QUEUED_BYTES) {
      return false
    }
    const copy: StoredPacket = { ...packet, messageId: undefined }
    if (copy.properties) copy.properties = { ...copy.properties }
    this.#packets.set(counter, copy)
    this.#bytes += bytes
    return true
  }

  /**
   * Notes under which packet identifier a message was sent, or puts a PUBREL in the place of the
   * message with its identifier. What is not kept is let be: it was sent, and is not sent again.
   */
  update(packet: StoredPacket): void {
    const { brokerCounter, messageId } = packet
    const kept = brokerCounter === undefined ? undefined : this.#packets.get(brokerCounter)
    if (kept) {
      kept.messageId = messageId
      this.#counters.set(messageId!, brokerCounter!)
      return
    }
    const counter = this.#counters.get(messageId!)
    if (counter !== undefined) this.#put(counter, packet)
  }

  /** Takes the message with a packet identifier away. */
  acknowledge(messageId: number): StoredPacket | undefined {
    const counter = this.#counters.get(messageId)
    if (counter === undefined) return undefined
    const packet = this.#packets.get(counter)
    this.#counters.delete(messageId)
    this.remove(counter)
    return packet
  }

  /** Takes a message away. */
  remove(counter: number): void {
    this.#bytes -= this.#packets.get(counter)?.payload?.length ?? 0
    this.#packets.delete(counter)
  }

  #put(counter: number, packet: StoredPacket): void {
    this.#bytes -= this.#packets.get(counter)?.payload?.length ?? 0
    this.#packets.set(counter, packet)
  }
}
