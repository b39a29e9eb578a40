/**
 * What awaits the broker's answer on one connection, and the bound on how much may await it at once.
 * All of it settles: by answer, deadline, or with the connection. The `mqtt` package would keep a copy
 * of each message to send it again, and leaves promises open when a connection is lost.
 *
 * @module
 */

import type { IPublishPacket, Packet } from 'mqtt'
import { monotonicNow } from '../../src/base/clock.ts'
import { BrokerError } from '../../src/base/errors.ts'
import { refusal } from '../../src/broker/refusal.ts'
import { REASON } from '../../src/packet/reason.ts'
import type { PacketIds } from './packet-ids.ts'
import { publishing, unanswered } from './reason.ts'

/** Sends something; calls back, once, with the broker's answer or an error. */
export type Send<T> = (answer: (error: Error | undefined, value: T) => void) => void

/** What {@link Outbound} takes. */
export interface OutboundOptions {
  /** Most QoS 1 and 2 messages the broker takes unacknowledged (its receive maximum). */
  readonly receiveMaximum: number
  /** Milliseconds to wait for an answer. */
  readonly timeout: number
  readonly packetIds: PacketIds
  readonly send: (packet: Packet) => void
  /** Called when an answer comes to be awaited. */
  readonly onAwait: () => void
}

interface Request {
  /** The subject of an error message. */
  readonly what: () => string
  readonly isSent: () => boolean
  readonly reject: (error: Error) => void
  /** By the clock for durations. */
  readonly deadline: number
}

/** A message on its way. */
class Publish implements Request {
  readonly packet: IPublishPacket
  readonly deadline: number
  readonly resolve: () => void
  readonly reject: (error: Error) => void

  constructor(
    packet: IPublishPacket,
    deadline: number,
    resolve: () => void,
    reject: (error: Error) => void,
  ) {
    this.packet = packet
    this.deadline = deadline
    this.resolve = resolve
    this.reject = reject
  }

  what(): string {
    return publishing(this.packet.topic)
  }

  isSent(): boolean {
    return this.packet.messageId !== undefined
  }
}

/** Identifiers are for SUBSCRIBE packets too, so messages leave some. */
const MOST_IN_FLIGHT = 65_000

/** See the module. */
export class Outbound {
  readonly #options: OutboundOptions
  readonly #mostInFlight: number
  // All of these in the order they came, which is that of their deadlines.
  readonly #requests = new Set<Request>()
  readonly #inFlight = new Map<number, Publish>()
  /** The identifiers of those whose deadline has passed: the broker may answer yet. */
  readonly #overdue = new Set<number>()
  #waiting: Publish[] = []
  #waitingFrom = 0
  #timer: ReturnType<typeof setTimeout> | undefined
  #idle: (() => void)[] = []
  #lost: { readonly cause: Error | undefined } | undefined

  constructor(options: OutboundOptions) {
    this.#options = options
    this.#mostInFlight = Math.min(options.receiveMaximum, MOST_IN_FLIGHT)
  }

  /** Whether an answer is awaited. */
  get awaits(): boolean {
    return this.#inFlight.size > 0 || this.#requests.size > 0 || this.#hasWaiting
  }

  /** Sends something that is answered but does not count against the receive maximum. */
  request<T>(what: string, send: Send<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const request: Request = {
        what: () => what,
        isSent: () => true,
        reject,
        deadline: this.#deadline(),
      }
      if (this.#rejectedAsLost(request)) return
      this.#requests.add(request)
      send((error, value) => {
        if (!this.#requests.delete(request)) return
        this.#settled()
        if (error) reject(error)
        else resolve(value)
      })
      this.#options.onAwait()
    })
  }

  /** Sends a message of QoS 1 or 2 when the receive maximum has room for it. */
  publish(packet: IPublishPacket): Promise<void> {
    return new Promise((resolve, reject) => {
      const publish = new Publish(packet, this.#deadline(), resolve, reject)
      if (this.#rejectedAsLost(publish)) return
      this.#waiting.push(publish)
      this.#start()
      this.#options.onAwait()
    })
  }

  /** Takes the broker's answer to a message (MQTT 5, sections 3.4 to 3.7). */
  onAnswer(cmd: 'puback' | 'pubrec' | 'pubcomp', id: number, reasonCode = 0): void {
    const { packetIds, send } = this.#options
    const isRefused = reasonCode >= REASON.unspecifiedError
    if (cmd === 'pubrec' && !isRefused) {
      if (packetIds.keeps(id)) send({ cmd: 'pubrel', messageId: id })
      return
    }
    packetIds.deallocate(id)
    const publish = this.#inFlight.get(id)
    if (publish) {
      this.#inFlight.delete(id)
      if (isRefused) publish.reject(refusal(publish.what(), reasonCode))
      else publish.resolve()
    } else if (!this.#overdue.delete(id)) return
    this.#start()
    this.#settled()
  }

  /** Rejects whatever awaits an answer: none can come any more. */
  lose(cause: Error | undefined): void {
    this.#lost = { cause }
    for (const request of [...this.#requests, ...this.#inFlight.values(), ...this.#allWaiting()]) {
      request.reject(
        request.isSent()
          ? new BrokerError(
              'ERR_BROKER_CONNECTION_LOST',
              `${request.what()}: the connection was lost before the broker answered, so it may or may not have arrived${because(cause)}`,
              { cause },
            )
          : notConnected(request, cause),
      )
    }
    this.#requests.clear()
    this.#inFlight.clear()
    this.#overdue.clear()
    this.#waiting = []
    this.#waitingFrom = 0
    this.#options.packetIds.deallocateUnkept()
    this.#settled()
  }

  /** Settles when nothing awaits an answer. */
  async idle(): Promise<void> {
    if (this.awaits) await new Promise<void>((resolve) => this.#idle.push(resolve))
  }

  get #hasWaiting(): boolean {
    return this.#waitingFrom < this.#waiting.length
  }

  #allWaiting(): readonly Publish[] {
    return this.#waiting.slice(this.#waitingFrom)
  }

  #nextWaiting(): Publish {
    const next = this.#waiting[this.#waitingFrom++]!
    if (!this.#hasWaiting) {
      this.#waiting = []
      this.#waitingFrom = 0
    }
    return next
  }

  /** Starts messages as long as the broker takes more. */
  #start(): void {
    const { packetIds, send } = this.#options
    while (this.#hasWaiting && this.#inFlight.size + this.#overdue.size < this.#mostInFlight) {
      const id = packetIds.allocate()
      if (id === null) return
      const publish = this.#nextWaiting()
      publish.packet.messageId = id
      if (publish.packet.qos === 2) packetIds.keep(id)
      this.#inFlight.set(id, publish)
      send(publish.packet)
    }
  }

  #deadline(): number {
    return monotonicNow() + this.#options.timeout
  }

  #rejectedAsLost(request: Request): boolean {
    if (this.#lost) request.reject(notConnected(request, this.#lost.cause))
    else this.#timer ??= setTimeout(this.#expire, this.#options.timeout)
    return this.#lost !== undefined
  }

  /** To be called when something has settled. */
  #settled(): void {
    if (this.awaits) return
    clearTimeout(this.#timer)
    this.#timer = undefined
    for (const done of this.#idle.splice(0)) done()
  }

  readonly #expire = (): void => {
    const now = monotonicNow()
    const late = (request: Request) => request.deadline <= now
    const expired: Request[] = []
    for (const request of this.#requests) {
      if (!late(request)) break
      this.#requests.delete(request)
      expired.push(request)
    }
    for (const [id, publish] of this.#inFlight) {
      if (!late(publish)) break
      this.#inFlight.delete(id)
      this.#overdue.add(id)
      expired.push(publish)
    }
    while (this.#hasWaiting && late(this.#waiting[this.#waitingFrom]!)) {
      expired.push(this.#nextWaiting())
    }
    for (const request of expired) {
      request.reject(unanswered(request.what(), this.#options.timeout))
    }
    this.#timer = this.awaits ? setTimeout(this.#expire, this.#nextDeadline() - now) : undefined
    this.#settled()
  }

  #nextDeadline(): number {
    const [request] = this.#requests
    const [publish] = this.#inFlight.values()
    const waiting = this.#waiting[this.#waitingFrom]
    return Math.min(...[request, publish, waiting].map((one) => one?.deadline ?? Infinity))
  }
}

function notConnected(request: Request, cause: Error | undefined): BrokerError {
  const message = `${request.what()}: the connection was lost before${because(cause)}`
  return new BrokerError('ERR_BROKER_NOT_CONNECTED', message, { cause })
}

function because(cause: Error | undefined): string {
  return cause ? ` (${cause.message})` : ''
}
