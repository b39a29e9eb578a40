/**
 * The messages that go to one session: those that wait, and those that are sent and not acknowledged
 * (MQTT 5, sections 4.3 to 4.6 and 4.9).
 *
 * @module
 */

import type { AckPacket } from '../packet/packet.ts'
import { REASON } from '../packet/reason.ts'
import type { ByteBudget } from './budget.ts'
import type { DropCode } from './events.ts'
import type { Delivery } from './message.ts'

/** A client that is connected. */
export interface Recipient {
  /** Whether it has not taken what it was sent: then QoS 0 is dropped, and the rest waits. */
  readonly isBacklogged: boolean
  /** Sends a PUBLISH, unless it is larger than the client takes. Tells whether it did. */
  publish(delivery: Delivery, packetId: number | undefined, dup: boolean): boolean
  send(packet: AckPacket): void
}

/** What is told of messages that are not sent. */
export type OnDrop = (code: DropCode, delivery: Delivery) => void

interface InFlight {
  readonly packetId: number
  readonly delivery: Delivery
  /** Whether the client has the message, and only the PUBREL is open. */
  released: boolean
}

/** How far the list of those that wait may have been eaten from its front before it is cut. */
const SLACK = 1_024

// Most sessions have none, and an empty map of each one's own takes 180 bytes. Nothing is put in these.
const NONE_IN_FLIGHT = new Map<number, InFlight>()
const NONE_UNSENT = new Set<InFlight>()

/** The messages of one session. */
export class Outgoing {
  readonly #limit: number
  readonly #budget: ByteBudget
  readonly #now: () => number
  readonly #onDrop: OnDrop
  #waiting: (Delivery | undefined)[] = []
  /** How many of {@link #waiting} are gone. */
  #eaten = 0
  #inFlight = NONE_IN_FLIGHT
  /** Those in flight that are not sent yet on this connection. */
  #unsent = NONE_UNSENT
  #recipient: Recipient | undefined
  #window = 0
  #lastId = 0
  /** No message that waits expires before. */
  #nextExpiry = Infinity

  /**
   * @param limit Most messages of QoS 1 and 2.
   * @param budget Bytes they may take.
   */
  constructor(limit: number, budget: ByteBudget, now: () => number, onDrop: OnDrop) {
    this.#limit = limit
    this.#budget = budget
    this.#now = now
    this.#onDrop = onDrop
  }

  /** How many wait or are in flight. */
  get size(): number {
    return this.#waiting.length - this.#eaten + this.#inFlight.size
  }

  /** Whether a message of QoS 1 or 2 would be sent at once. */
  get isOpen(): boolean {
    const { size } = this.#inFlight
    return (
      this.#recipient !== undefined &&
      !this.#recipient.isBacklogged &&
      this.#waiting.length === this.#eaten &&
      this.#unsent.size === 0 &&
      size < this.#window
    )
  }

  /**
   * A client is there: what is in flight is sent again (MQTT 5, section 4.4), and then what waits.
   *
   * @param window Most messages of QoS 1 and 2 in flight.
   */
  attach(recipient: Recipient, window: number): void {
    this.#recipient = recipient
    this.#window = window
    for (const entry of this.#inFlight.values()) {
      // No PUBREL waits for the window (section 4.9).
      if (entry.released) this.#sendRelease(entry.packetId)
      else {
        if (this.#unsent === NONE_UNSENT) this.#unsent = new Set()
        this.#unsent.add(entry)
      }
    }
    this.pump()
  }

  /** The client is gone. */
  detach(): void {
    this.#recipient = undefined
    this.#unsent.clear()
  }

  /**
   * Takes a message. Returns `false` if it is to be kept and there is no room for it. One of QoS 0 is
   * sent now or never.
   */
  push(delivery: Delivery): boolean {
    if (delivery.qos === 0) {
      this.#sendOnce(delivery)
      return true
    }
    if (!this.#hasRoom(delivery)) return false
    if (this.isOpen) this.#sendNew(delivery)
    else this.#waiting.push(delivery)
    return true
  }

  /** Sends what waits, as far as the client takes it. */
  pump(): void {
    const recipient = this.#recipient
    if (!recipient) return
    while (!recipient.isBacklogged && this.#inFlight.size - this.#unsent.size < this.#window) {
      const [again] = this.#unsent
      if (again) {
        this.#unsent.delete(again)
        this.#sendAgain(again)
        continue
      }
      const next = this.#takeWaiting()
      if (!next) return
      if (next.message.expiresAt <= this.#now()) this.#discard('message-expired', next)
      else this.#sendNew(next)
    }
  }

  /** PUBACK. */
  acknowledged(packetId: number): void {
    const entry = this.#inFlight.get(packetId)
    if (entry?.delivery.qos === 1) this.#finish(entry)
  }

  /** PUBREC. */
  received(packetId: number, reasonCode: number): void {
    const entry = this.#inFlight.get(packetId)
    if (entry?.delivery.qos !== 2) {
      const unknown = REASON.packetIdentifierNotFound
      this.#recipient?.send({ kind: 'pubrel', packetId, reasonCode: unknown })
      return
    }
    if (reasonCode >= REASON.unspecifiedError) {
      if (!entry.released) this.#finish(entry)
      return
    }
    this.#release(entry)
    this.#sendRelease(packetId)
  }

  /** PUBCOMP. */
  completed(packetId: number): void {
    const entry = this.#inFlight.get(packetId)
    if (!entry?.released) return
    this.#remove(entry)
    this.pump()
  }

  /**
   * Takes out what is not to be sent any more, though the client may have it in flight already, and
   * returns what was not sent.
   */
  keepOnly(isKept: (delivery: Delivery) => boolean): readonly Delivery[] {
    const waiting = this.#allWaiting()
    const dropped = waiting.filter((delivery) => !isKept(delivery))
    if (dropped.length > 0) {
      this.#waiting = waiting.filter(isKept)
      this.#eaten = 0
      for (const { message } of dropped) this.#budget.give(message.bytes)
    }
    for (const entry of this.#recipient ? [...this.#unsent] : [...this.#inFlight.values()]) {
      if (!entry.released && !isKept(entry.delivery)) this.#forget(entry)
    }
    return dropped
  }

  /**
   * Ends it, and gives back what the client never had, or may not have had at QoS 1 (MQTT 5, section
   * 4.8.2), in order, but for what has expired.
   */
  end(): readonly Delivery[] {
    this.detach()
    const sent = [...this.#inFlight.values()].filter(({ released }) => !released)
    const waiting = this.#allWaiting()
    const held = [...sent.map(({ delivery }) => delivery), ...waiting]
    for (const { message } of held) this.#budget.give(message.bytes)
    const again = sent.filter(({ delivery }) => delivery.qos === 1)
    this.#inFlight.clear()
    this.#waiting = []
    this.#eaten = 0
    const left = [...again.map(({ delivery }) => delivery), ...waiting]
    return left.filter(({ message }) => message.expiresAt > this.#now())
  }

  /** Counts a message, if there is room; where there is none, what has expired makes some. */
  #hasRoom({ message }: Delivery): boolean {
    const take = () => this.size < this.#limit && this.#budget.take(message.bytes)
    if (!take()) {
      if (this.#now() < this.#nextExpiry) return false
      this.#dropExpired()
      if (!take()) return false
    }
    this.#nextExpiry = Math.min(this.#nextExpiry, message.expiresAt)
    return true
  }

  #dropExpired(): void {
    const now = this.#now()
    const waiting = this.#allWaiting()
    this.#waiting = waiting.filter(({ message }) => message.expiresAt > now)
    this.#eaten = 0
    this.#nextExpiry = Infinity
    for (const delivery of waiting) {
      const { expiresAt } = delivery.message
      if (expiresAt <= now) this.#discard('message-expired', delivery)
      else this.#nextExpiry = Math.min(this.#nextExpiry, expiresAt)
    }
  }

  #sendOnce(delivery: Delivery): void {
    const recipient = this.#recipient
    if (!recipient) return
    if (recipient.isBacklogged) this.#onDrop('client-slow', delivery)
    else if (!recipient.publish(delivery, undefined, false)) {
      this.#onDrop('packet-too-large', delivery)
    }
  }

  #sendNew(delivery: Delivery): void {
    const packetId = this.#freeId()
    const entry: InFlight = { packetId, delivery, released: false }
    if (this.#inFlight === NONE_IN_FLIGHT) this.#inFlight = new Map()
    this.#inFlight.set(packetId, entry)
    // A client is to be as if it had acknowledged what it cannot take (section 3.1.2.11.4).
    if (!this.#recipient!.publish(delivery, packetId, false)) {
      this.#inFlight.delete(packetId)
      this.#discard('packet-too-large', delivery)
    }
  }

  #sendAgain(entry: InFlight): void {
    const { packetId, delivery } = entry
    if (!this.#recipient!.publish(delivery, packetId, true)) {
      this.#inFlight.delete(packetId)
      this.#discard('packet-too-large', delivery)
    }
  }

  #sendRelease(packetId: number): void {
    this.#recipient?.send({ kind: 'pubrel', packetId, reasonCode: REASON.success })
  }

  #finish(entry: InFlight): void {
    this.#forget(entry)
    this.pump()
  }

  #forget(entry: InFlight): void {
    this.#remove(entry)
    this.#budget.give(entry.delivery.message.bytes)
  }

  #remove(entry: InFlight): void {
    this.#inFlight.delete(entry.packetId)
    this.#unsent.delete(entry)
  }

  #release(entry: InFlight): void {
    if (entry.released) return
    entry.released = true
    this.#unsent.delete(entry)
    this.#budget.give(entry.delivery.message.bytes)
  }

  #discard(code: DropCode, delivery: Delivery): void {
    this.#budget.give(delivery.message.bytes)
    this.#onDrop(code, delivery)
  }

  #allWaiting(): Delivery[] {
    return this.#waiting.slice(this.#eaten) as Delivery[]
  }

  #takeWaiting(): Delivery | undefined {
    if (this.#eaten === this.#waiting.length) return undefined
    const next = this.#waiting[this.#eaten]
    this.#waiting[this.#eaten++] = undefined
    if (this.#eaten === this.#waiting.length) {
      this.#waiting = []
      this.#eaten = 0
    } else if (this.#eaten > SLACK && this.#eaten * 2 > this.#waiting.length) {
      this.#waiting = this.#waiting.slice(this.#eaten)
      this.#eaten = 0
    }
    return next
  }

  /** There is one, since fewer are in flight than there are. */
  #freeId(): number {
    do this.#lastId = (this.#lastId % 0xffff) + 1
    while (this.#inFlight.has(this.#lastId))
    return this.#lastId
  }
}
