/**
 * What the `mqtt` package writes packets to and reads them from. It is no stream of Node, which a
 * browser does not have, but does what the package asks of one; and it does what the package does
 * not: what is written in one turn of the event loop is sent in one go, and a plain message is read
 * here and goes straight to its taker, or is written here.
 *
 * @module
 */

import type { Packet } from 'mqtt'
import { toError } from '../../src/base/errors.ts'
import { CLOSE_TIMEOUT } from '../../src/client/connection.ts'
import { REASON } from '../../src/packet/reason.ts'
import type { Link, LinkEvents, OpenLink } from './link.ts'
import {
  endOfPacket,
  kindOf,
  type ReceivedPublish,
  readPuback,
  readPublish,
} from './received-packet.ts'
import { writeDisconnect, writePacket } from './sent-packet.ts'
import { WriteBuffer } from './write-buffer.ts'

/** What the `mqtt` package reads into. It calls back when it is done with all that was in a chunk. */
interface Sink {
  write(chunk: Uint8Array, done: () => void): unknown
}

/** Takes a message. Nothing more is read before it calls `readOn`. */
export type TakePublish = (publish: ReceivedPublish, readOn: () => void) => void
/** Takes the answer to a message of QoS 1. */
export type TakePuback = (messageId: number, reasonCode: number) => void

/** What is not taken from a broker: the reason code to end the connection with, and the reason. */
export interface Violation {
  readonly reasonCode: number
  readonly text: string
}

interface Events {
  error: Error
  drain: undefined
  close: undefined
}
type Listener<Name extends keyof Events> = (value: Events[Name]) => void

/** How many bytes may be written in one turn before writing waits. */
const HIGH_WATER_BYTES = 512 * 1024
/** How many bytes are held of a link that does not stop receiving, beside one packet. */
const UNREAD_BYTES = 16 * 1024 * 1024
/** At the end of this turn of the event loop, or of as much of it as a browser lets tell. */
const atTurnEnd: (run: () => void) => void =
  (globalThis as { setImmediate?: (run: () => void) => unknown }).setImmediate ?? queueMicrotask

/** What {@link PacketStream} takes. */
export interface PacketStreamOptions {
  readonly openLink: OpenLink
  readonly protocolVersion: 4 | 5
  /** Longest packet that is read, in bytes. */
  readonly maxPacketSize: number
  readonly takePublish: TakePublish
  readonly takePuback: TakePuback
  /** Told of what is not taken, once. Nothing is read after it; whoever is told ends the connection. */
  readonly onViolation: (violation: Violation) => void
}

/** The packets of one connection. */
export class PacketStream {
  /** Whether so much waits to be sent that a `drain` will tell when there is less. */
  writableNeedDrain = false
  readonly #link: Link
  readonly #options: PacketStreamOptions
  readonly #listeners: { [Name in keyof Events]: Set<Listener<Name>> } = {
    error: new Set(),
    drain: new Set(),
    close: new Set(),
  }
  #isOpen = false
  /** Whether what is received is dropped, since the connection is about to end. */
  #isLeaving = false
  #isDestroyed = false
  #closeTimer: ReturnType<typeof setTimeout> | undefined
  readonly #written = new WriteBuffer()
  #isFlushing = false
  #sink: Sink | undefined
  /** What was received and not read yet; of the first of it, from where on. */
  #received: Uint8Array[] = []
  #at = 0
  /** The length of all that was received and is kept. */
  #kept = 0
  /** How many bytes are still to come of a packet that is left to the package. */
  #remaining = 0
  #isReading = false
  #isHeld = false
  #isPaused = false

  constructor(options: PacketStreamOptions) {
    this.#options = options
    const events: LinkEvents = {
      opened: () => {
        this.#isOpen = true
        this.#flush()
      },
      received: (bytes) => {
        if (this.#isDestroyed || this.#isLeaving) return
        this.#received.push(bytes)
        this.#kept += bytes.length
        this.#read()
        this.#checkUnread()
      },
      drained: () => this.#drain(),
      failed: (error) => this.#destroy(error),
      // Not before the packets are handled that arrived just before, such as the reason for it.
      closed: () => setTimeout(() => this.#destroy()),
    }
    this.#link = options.openLink(events)
  }

  /** Whether nothing is read until a taker, or the package, is done. */
  get isHeld(): boolean {
    return this.#isHeld
  }

  on<Name extends keyof Events>(event: Name, listener: Listener<Name>): this {
    this.#listeners[event].add(listener)
    return this
  }

  once<Name extends keyof Events>(event: Name, listener: Listener<Name>): this {
    const first: Listener<Name> = (value) => {
      this.removeListener(event, first)
      listener(value)
    }
    return this.on(event, first)
  }

  removeListener<Name extends keyof Events>(event: Name, listener: Listener<Name>): this {
    this.#listeners[event].delete(listener)
    return this
  }

  /** Asked for by the `mqtt` package; there is no limit here. */
  setMaxListeners(): this {
    return this
  }

  pipe<Target extends Sink>(sink: Target): Target {
    this.#sink = sink
    return sink
  }

  write(piece: string | Uint8Array): boolean {
    if (this.#isDestroyed || this.#isLeaving) return false
    this.#written.append(piece)
    this.#flushSoon()
    return !this.writableNeedDrain
  }

  /** Writes a plain packet. Returns whether it is one; all others are the package's to write. */
  writePacket(packet: Packet): boolean {
    if (this.#isDestroyed || this.#isLeaving) return false
    if (!writePacket(this.#written, packet, this.#options.protocolVersion)) return false
    this.#flushSoon()
    return true
  }

  /** Closes when what was written has been handed over. */
  end(): void {
    this.#flush()
    this.#link.end()
  }

  /**
   * Reads nothing more, and closes: with MQTT 5 when the reason was handed over, after a second at the
   * latest. With 3.1.1 at once, since a DISCONNECT would have the broker drop the will.
   */
  leave(reasonCode: number): void {
    if (this.#isDestroyed || this.#isLeaving) return
    if (this.#options.protocolVersion === 4) {
      this.#destroy()
      return
    }
    writeDisconnect(this.#written, reasonCode)
    this.#isLeaving = true
    this.#drop()
    this.#closeTimer = setTimeout(() => this.#destroy(), CLOSE_TIMEOUT)
    this.end()
    // What arrives is dropped, so that the end of it is seen.
    this.#link.resume()
  }

  /** Closes at once, unless it is about to close with a last word. */
  destroy(): void {
    if (!this.#isLeaving) this.#destroy()
  }

  #destroy(error?: Error): void {
    if (this.#isDestroyed) return
    this.#isDestroyed = true
    clearTimeout(this.#closeTimer)
    this.#drop()
    queueMicrotask(() => {
      if (error) this.#emit('error', error)
      this.#emit('close', undefined)
    })
    try {
      this.#link.destroy()
    } catch {
      // An edge worker refuses that to any request but the one that opened it, and has closed it then.
    }
  }

  #emit<Name extends keyof Events>(event: Name, value: Events[Name]): void {
    for (const listener of [...this.#listeners[event]]) listener(value)
  }

  #flushSoon(): void {
    if (this.#written.length > HIGH_WATER_BYTES) this.writableNeedDrain = true
    if (this.#isFlushing) return
    this.#isFlushing = true
    atTurnEnd(this.#flush)
  }

  readonly #flush = (): void => {
    this.#isFlushing = false
    if (this.#isDestroyed || !this.#isOpen) return
    try {
      const hasRoom = this.#written.length === 0 || this.#link.send(this.#written.take())
      if (hasRoom) this.#drain()
      else this.writableNeedDrain = true
    } catch (error) {
      this.#destroy(toError(error))
    }
  }

  #drain(): void {
    if (!this.writableNeedDrain || this.#isDestroyed) return
    this.writableNeedDrain = false
    this.#emit('drain', undefined)
  }

  readonly #readOn = (): void => {
    this.#isHeld = false
    this.#read()
  }

  #drop(): void {
    this.#received = []
    this.#at = 0
    this.#kept = 0
  }

  /** Where a link cannot stop receiving, as the WebSocket of a browser, nothing else bounds what is held. */
  #checkUnread(): void {
    if (this.#kept <= UNREAD_BYTES + this.#options.maxPacketSize) return
    this.#violate({
      reasonCode: REASON.quotaExceeded,
      text: `${this.#kept} bytes wait for their handlers, and this transport cannot stop receiving`,
    })
  }

  /** Whether the packet up to `end` is longer than any that is taken. It is told of then. */
  #isTooLong(start: number, end: number): boolean {
    const { maxPacketSize } = this.#options
    if (end - start <= maxPacketSize) return false
    this.#violate({
      reasonCode: REASON.packetTooLarge,
      text: `a packet of ${end - start} bytes arrived, and maxPacketSize is ${maxPacketSize}`,
    })
    return true
  }

  #violate(violation: Violation): void {
    this.#options.onViolation(violation)
    this.leave(violation.reasonCode)
  }

  /** Reads packets in order, as long as nothing holds it. Not called by itself. */
  #read(): void {
    if (this.#isReading) return
    this.#isReading = true
    while (!this.#isHeld && !this.#isDestroyed && !this.#isLeaving) {
      const end = this.#nextEnd()
      if (end === undefined) break
      this.#readOne(end)
    }
    this.#isReading = false
    if (this.#isLeaving) return
    const [first, second] = this.#received
    const isPaused = this.#isHeld && (second !== undefined || this.#at < (first?.length ?? 0))
    if (isPaused === this.#isPaused || this.#isDestroyed) return
    this.#isPaused = isPaused
    if (isPaused) this.#link.pause()
    else this.#link.resume()
  }

  /**
   * Where the packet that comes next ends; -1 if it is the package's already, or has no length;
   * `undefined` if there is nothing yet, or no more than the beginning of a header.
   */
  #nextEnd(): number | undefined {
    const [first, second] = this.#received
    if (!first) return undefined
    if (this.#at === first.length) {
      this.#received.shift()
      this.#kept -= first.length
      this.#at = 0
      return this.#nextEnd()
    }
    if (this.#remaining > 0) return -1
    const end = endOfPacket(first, this.#at)
    if (end !== undefined || !second) return end
    this.#received.splice(0, 2, joined(first.subarray(this.#at), second))
    this.#kept -= this.#at
    this.#at = 0
    return this.#nextEnd()
  }

  #readOne(end: number): void {
    const bytes = this.#received[0]!
    if (this.#isTooLong(this.#at, end)) return
    if (end >= 0 && end <= bytes.length && this.#readInPlace(bytes, end)) return
    this.#leaveToPackage(bytes)
  }

  /** Whether the packet that begins here was one to be read here. */
  #readInPlace(bytes: Uint8Array, end: number): boolean {
    const start = this.#at
    const kind = kindOf(bytes, start)
    if (kind === 'publish') {
      const publish = readPublish(bytes, start, end, this.#options.protocolVersion)
      if (!publish) return false
      this.#at = end
      this.#isHeld = true
      this.#options.takePublish(publish, this.#readOn)
      return true
    }
    const puback = kind === 'puback' && readPuback(bytes, start, end)
    if (!puback) return false
    this.#at = end
    this.#options.takePuback(puback.messageId, puback.reasonCode)
    return true
  }

  /** Hands the package as many packets in a row as are its own, the last one perhaps in part. */
  #leaveToPackage(bytes: Uint8Array): void {
    const start = this.#at
    let at = Math.min(start + this.#remaining, bytes.length)
    this.#remaining -= at - start
    while (at < bytes.length) {
      if (at > start && kindOf(bytes, at)) break
      const end = endOfPacket(bytes, at)
      // One that is too long is refused when it is the next.
      if (end === undefined || (at > start && end - at > this.#options.maxPacketSize)) break
      // What has no length is for the package to refuse.
      const stop = end < 0 ? bytes.length : Math.min(end, bytes.length)
      if (end > stop) this.#remaining = end - stop
      at = stop
    }
    this.#at = at
    this.#isHeld = true
    this.#sink!.write(bytes.subarray(start, at), this.#readOn)
  }
}

function joined(one: Uint8Array, other: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(one.length + other.length)
  bytes.set(one)
  bytes.set(other, one.length)
  return bytes
}
