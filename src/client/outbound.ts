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
import { type AnswerType, PUBREC, PUBREL, type Wire, type WirePacket } from './wire.ts'

/** Sends something; calls back, once, with the broker's answer or an error. */
export type Send<T> = (answer: (error: Error | undefined, value: T) => void) => void

/** What awaits an answer on a connection. */
export interface Outbound {
  /** Whether anything does. */
  awaits(): boolean
  /** Sends something that is answered but does not count against the receive maximum. */
  request<T>(what: string, send: Send<T>): Promise<T>
  /** Sends a message of QoS 1 or 2 when the receive maximum has room for it. */
  publish(packet: WirePacket): Promise<void>
  /** Takes the broker's answer to a message (MQTT 5, sections 3.4 to 3.7). */
  onAnswer(type: AnswerType, id: number, reasonCode?: number): void
  /** Rejects whatever awaits an answer: none can come any more. */
  lose(cause: Error | undefined): void
  /** Settles when nothing awaits an answer. */
  idle(): Promise<void>
}

interface Request {
  /** The subject of an error message. Default: publishing. */
  readonly what?: string | undefined
  readonly packet?: WirePacket | undefined
  readonly resolve: (value: unknown) => void
  readonly reject: (error: Error) => void
  /** By the clock for durations. */
  readonly deadline: number
  isSent: boolean
}

/** Identifiers are for SUBSCRIBE packets too, so messages leave some. */
const MOST_IN_FLIGHT = 65_000

/**
 * See the module.
 *
 * @param receiveMaximum Most QoS 1 and 2 messages the broker takes unacknowledged.
 * @param timeout Milliseconds to wait for an answer.
 * @param onAwait Called when an answer comes to be awaited.
 */
export function makeOutbound(
  wire: Pick<Wire, 'send' | 'acknowledge'>,
  receiveMaximum: number,
  timeout: number,
  packetIds: PacketIds,
  describe: Describe,
  onAwait: () => void,
): Outbound {
  /** All that is awaited, in the order it came, which is that of the deadlines. */
  const requests = new Set<Request>()
  /** Messages that were sent. One past its deadline is no request any more: the broker may answer yet. */
  const inFlight = new Map<number, Request>()
  /** Messages that were not sent, from the next one on. Some may be no requests any more. */
  let waiting: Request[] = []
  let next = 0
  let timer: ReturnType<typeof setTimeout> | undefined
  const idle: (() => void)[] = []
  /** The error of a request that the connection did not outlive. */
  let lossOf: ((request: Request) => BrokerError) | undefined

  function add<T>(
    what: string | undefined,
    packet: WirePacket | undefined,
    send: (request: Request) => void,
  ): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const deadline = monotonicNow() + timeout
      const request = {
        what,
        packet,
        isSent: !packet && !lossOf,
        deadline,
        resolve,
        reject,
      } as Request
      if (lossOf) {
        reject(lossOf(request))
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
    for (; next < waiting.length && inFlight.size < most; next++) {
      const request = waiting[next]!
      if (!requests.has(request)) continue
      const packet = request.packet!
      const id = packetIds.allocate()
      if (id === null) return
      request.isSent = true
      if (packet.qos === 2) packetIds.keep(id)
      inFlight.set(id, request)
      wire.send(packet, id)
    }
    if (next < waiting.length) return
    waiting = []
    next = 0
  }

  function settle(request: Request, error: Error | undefined, value?: unknown): void {
    if (!requests.delete(request)) return
    if (error) request.reject(error)
    else request.resolve(value)
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

    request: (what, send) =>
      add(what, undefined, (request) => send((error, value) => settle(request, error, value))),

    publish: (packet) =>
      add(undefined, packet, (request) => {
        waiting.push(request)
        start()
      }),

    onAnswer(type, id, reasonCode = 0) {
      const isRefused = reasonCode >= FAILURE
      if (type === PUBREC && !isRefused) {
        if (packetIds.keeps(id)) wire.acknowledge(PUBREL, id, 0)
        return
      }
      packetIds.delete(id)
      const request = inFlight.get(id)
      if (!request) return
      inFlight.delete(id)
      start()
      settle(request, isRefused ? refusal(whatOf(request), reasonCode, describe) : undefined)
    },

    lose(cause) {
      lossOf = (request) => {
        const because = cause ? ` (${cause.message})` : ''
        const [code, how] = request.isSent
          ? (['ERR_BROKER_CONNECTION_LOST', 'before it was answered: it may have arrived'] as const)
          : (['ERR_BROKER_NOT_CONNECTED', 'before'] as const)
        const message = `${whatOf(request)}: the connection was lost ${how}${because}`
        return new BrokerError(code, message, { cause })
      }
      for (const request of requests) settle(request, lossOf(request))
      inFlight.clear()
      waiting = []
      packetIds.lose()
    },

    async idle() {
      if (requests.size > 0) await new Promise<void>((resolve) => idle.push(resolve))
    },
  }
}

function whatOf({ what, packet }: Request): string {
  return what ?? publishing(packet!.topic)
}
