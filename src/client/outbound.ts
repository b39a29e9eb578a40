/**
 * What awaits the broker's answer on one connection, and the bound on how much may await it at once.
 * All of it settles: by answer, deadline, or with the connection.
 *
 * @module
 */

import { monotonicNow } from '../base/clock.ts'
import { BrokerError } from '../base/errors.ts'
import type { PacketIds } from './packet-ids.ts'
import { type Describe, FAILURE, publishing, refusal, unanswered } from './reason.ts'
import type { AnswerKind, WirePacket } from './wire.ts'

/** Sends something; calls back, once, with the broker's answer or an error. */
export type Send<T> = (answer: (error: Error | undefined, value: T) => void) => void

/** What {@link makeOutbound} takes. */
export interface OutboundOptions {
  /** Most QoS 1 and 2 messages the broker takes unacknowledged (its receive maximum). */
  readonly receiveMaximum: number
  /** Milliseconds to wait for an answer. */
  readonly timeout: number
  readonly packetIds: PacketIds
  readonly describe: Describe
  readonly send: (packet: WirePacket, packetId: number) => void
  /** Sends a PUBREL. */
  readonly release: (packetId: number) => void
  /** Called when an answer comes to be awaited. */
  readonly onAwait: () => void
}

/** What awaits an answer on a connection. */
export interface Outbound {
  /** Whether anything does. */
  awaits(): boolean
  /** Sends something that is answered but does not count against the receive maximum. */
  request<T>(what: string, send: Send<T>): Promise<T>
  /** Sends a message of QoS 1 or 2 when the receive maximum has room for it. */
  publish(packet: WirePacket): Promise<void>
  /** Takes the broker's answer to a message (MQTT 5, sections 3.4 to 3.7). */
  onAnswer(kind: AnswerKind, id: number, reasonCode?: number): void
  /** Rejects whatever awaits an answer: none can come any more. */
  lose(cause: Error | undefined): void
  /** Settles when nothing awaits an answer. */
  idle(): Promise<void>
}

interface Request {
  /** The subject of an error message. Default: publishing. */
  readonly what?: string | undefined
  readonly packet?: WirePacket | undefined
  readonly resolve: () => void
  readonly reject: (error: Error) => void
  /** By the clock for durations. */
  readonly deadline: number
  isSent: boolean
}

/** Identifiers are for SUBSCRIBE packets too, so messages leave some. */
const MOST_IN_FLIGHT = 65_000

/** See the module. */
export function makeOutbound(options: OutboundOptions): Outbound {
  const { receiveMaximum, timeout, packetIds, describe, release, onAwait } = options
  /** All that is awaited, in the order it came, which is that of the deadlines. */
  const requests = new Set<Request>()
  /** Messages that were sent. One past its deadline is no request any more: the broker may answer yet. */
  const inFlight = new Map<number, Request>()
  /** Messages that were not sent, from the next one on. Some may be no requests any more. */
  let waiting: Request[] = []
  let next = 0
  let timer: ReturnType<typeof setTimeout> | undefined
  const idle: (() => void)[] = []
  let lost: { readonly cause: Error | undefined } | undefined

  function add(
    { what, packet, isSent }: Pick<Request, 'what' | 'packet' | 'isSent'>,
    send: (request: Request) => void,
  ): Promise<void> {
    return new Promise((resolve, reject) => {
      const deadline = monotonicNow() + timeout
      const request: Request = { what, packet, isSent, deadline, resolve, reject }
      if (lost) {
        reject(lossOf({ ...request, isSent: false }, lost.cause))
        return
      }
      timer ??= setTimeout(expire, timeout)
      requests.add(request)
      send(request)
      onAwait()
    })
  }

  /** Starts messages as long as the broker takes more. */
  function start(): void {
    const most = Math.min(receiveMaximum, MOST_IN_FLIGHT)
    while (next < waiting.length && inFlight.size < most) {
      const request = waiting[next]!
      if (requests.has(request)) {
        const packet = request.packet!
        const id = packetIds.allocate()
        if (id === null) return
        request.isSent = true
        if (packet.qos === 2) packetIds.keep(id)
        inFlight.set(id, request)
        options.send(packet, id)
      }
      next++
    }
    if (next < waiting.length) return
    waiting = []
    next = 0
  }

  function settle(request: Request, error: Error | undefined): void {
    if (!requests.delete(request)) return
    if (error) request.reject(error)
    else request.resolve()
    rest()
  }

  /** To be called when something has settled. */
  function rest(): void {
    if (requests.size > 0) return
    clearTimeout(timer)
    timer = undefined
    for (const done of idle.splice(0)) done()
  }

  function expire(): void {
    const now = monotonicNow()
    timer = undefined
    for (const request of requests) {
      const left = request.deadline - now
      if (left > 0) {
        timer = setTimeout(expire, left)
        break
      }
      settle(request, unanswered(whatOf(request), timeout))
    }
  }

  return {
    awaits: () => requests.size > 0,

    async request<T>(what: string, send: Send<T>) {
      let answer: T | undefined
      await add({ what, isSent: true }, (request) =>
        send((error, value) => {
          answer = value
          settle(request, error)
        }),
      )
      return answer as T
    },

    publish: (packet) =>
      add({ packet, isSent: false }, (request) => {
        waiting.push(request)
        start()
      }),

    onAnswer(kind, id, reasonCode = 0) {
      const isRefused = reasonCode >= FAILURE
      if (kind === 'pubrec' && !isRefused) {
        if (packetIds.keeps(id)) release(id)
        return
      }
      packetIds.deallocate(id)
      const request = inFlight.get(id)
      if (!request) return
      inFlight.delete(id)
      start()
      settle(request, isRefused ? refusal(whatOf(request), reasonCode, describe) : undefined)
    },

    lose(cause) {
      lost = { cause }
      for (const request of requests) request.reject(lossOf(request, cause))
      requests.clear()
      inFlight.clear()
      waiting = []
      packetIds.deallocateUnkept()
      rest()
    },

    async idle() {
      if (requests.size > 0) await new Promise<void>((resolve) => idle.push(resolve))
    },
  }
}

function whatOf({ what, packet }: Request): string {
  return what ?? publishing(packet!.topic)
}

function lossOf(request: Request, cause: Error | undefined): BrokerError {
  const because = cause ? ` (${cause.message})` : ''
  const [code, how] = request.isSent
    ? (['ERR_BROKER_CONNECTION_LOST', 'before it was answered: it may have arrived'] as const)
    : (['ERR_BROKER_NOT_CONNECTED', 'before'] as const)
  const message = `${whatOf(request)}: the connection was lost ${how}${because}`
  return new BrokerError(code, message, { cause })
}
