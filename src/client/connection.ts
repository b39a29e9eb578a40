/**
 * One network connection, from dialling to its end: what is asked over it, and what becomes of what
 * arrives. Nothing of a lost one lingers.
 *
 * @module
 */
import { BrokerError, hasCode } from '../base/errors.ts'
import type { OutgoingMessage } from '../broker/broker.ts'
import type { Inbound } from './inbound.ts'
import { limited } from './limit.ts'
import { makeOutbound, type Outbound, type Send } from './outbound.ts'
import type { PacketIds } from './packet-ids.ts'
import {
  asking,
  connectRefusal,
  FAILURE,
  PROTOCOL_ERROR,
  publishing,
  reasoned,
  refusal,
  unanswered,
  unreachable,
} from './reason.ts'
import type { Asked, ClientSettings } from './settings.ts'
import {
  type Connack,
  type ConnectWith,
  PUBACK,
  PUBREC,
  PUBREL,
  type Wire,
  type WireEvents,
} from './wire.ts'

/** A connection that is open, or was. */
export interface Connection extends Asked {
  /** Settles when the connection has ended, with the reason if there is one. Never rejects. */
  readonly ended: Promise<Error | undefined>
  /** Milliseconds after which it is to be left for another one, with another login. Default: never. */
  readonly renewAfter: number | undefined
  /** Whether the broker kept the session. */
  readonly sessionPresent: boolean
  /** Whether an answer to a publish, subscribe or unsubscribe is awaited. */
  awaits(): boolean
  /** Settles when no answer is awaited. */
  idle(): Promise<void>
  /** Publishes a checked message. */
  publish(message: OutgoingMessage): Promise<void>
  /** Unsubscribes as it subscribes. MQTT 3.1.1 has no reason codes: each is a success. */
  unsubscribe(filters: readonly string[]): Promise<readonly number[]>
  /** Sends DISCONNECT and closes. Settles when that is done, at the latest after a second. */
  close(): Promise<void>
}

/** Longest packet there can be (section 2.1.4): header byte, length and content. */
export const MAX_PACKET_BYTES = 268_435_460
const PACKET_TOO_LARGE = 0x95
const RETAIN_NOT_SUPPORTED = 0x9a
const QOS_NOT_SUPPORTED = 0x9b
/** Milliseconds the broker has at most to answer a SUBSCRIBE or UNSUBSCRIBE. */
const SUBSCRIBE_TIMEOUT = 10_000
/** Milliseconds the broker has to close a connection after DISCONNECT. */
export const CLOSE_TIMEOUT = 1_000
/** How many messages may go unacknowledged where the broker does not say (section 3.1.2.11.3). */
const DEFAULT_RECEIVE_MAXIMUM = 65_535

/**
 * Connects.
 *
 * @param signal Gives up. The promise rejects with its reason.
 * @throws {BrokerError} `ERR_BROKER_UNREACHABLE`, `ERR_BROKER_LOGIN_REFUSED`,
 * `ERR_BROKER_CREDENTIALS` or `ERR_BROKER_CERTIFICATE`.
 * @throws {MissingDependencyError} If a package that is needed for it is not installed.
 */
export async function openConnection(
  settings: ClientSettings,
  { cleanStart, will }: Omit<ConnectWith, 'login'>,
  inbound: Inbound,
  packetIds: PacketIds,
  signal: AbortSignal,
): Promise<Connection> {
  const { address, describe } = settings
  const timeout = settings.publishTimeout * 1000
  const openWire = await settings.loadWire(packetIds)
  signal.throwIfAborted()
  const login = await settings.nextLogin(signal)

  /** Once it is accepted. */
  let accepted!: Connack
  let outbound: Outbound | undefined
  let isOpen = false
  let cause: Error | undefined
  const drained: (() => void)[] = []
  let beOpen!: () => void
  const opened = new Promise<void>((resolve) => {
    beOpen = resolve
  })
  let end!: () => void
  const ended = new Promise<Error | undefined>((resolve) => {
    end = () => resolve(cause)
  })

  /** Ends it, unless it has an end already. */
  function abort(error: Error): void {
    cause ??= error
    wire.destroy()
  }

  /** Notes that the connection ends because of what the broker sent. */
  function blame(reasonCode: number, text: string): void {
    isOpen = false
    const message = `The connection to ${address} was ended: ${text}`
    cause ??= reasoned('ERR_BROKER_PROTOCOL', message, describe, reasonCode)
  }

  const events: WireEvents = {
    connack(connack) {
      const { sessionPresent, reasonCode, receiveMaximum = DEFAULT_RECEIVE_MAXIMUM } = connack
      // Section 3.2.2.1.1.
      if (sessionPresent && cleanStart) {
        blame(PROTOCOL_ERROR, 'CONNACK has a session that was to begin anew')
        wire.leave(PROTOCOL_ERROR)
      } else if (reasonCode !== 0) {
        cause ??= connectRefusal(address, connack, describe)
      } else {
        accepted = connack
        const { readAhead } = inbound
        outbound = makeOutbound(wire, receiveMaximum, timeout, packetIds, describe, readAhead)
        if (!sessionPresent) packetIds.clear()
        isOpen = true
        // Before the messages of the session, which may follow in the same read.
        inbound.beginSession(sessionPresent)
      }
    },
    opened() {
      if (!cause) beOpen()
    },
    message(message, packetId, size, readOn) {
      // Not the message: a QoS 2 one is over long before its PUBREL, which may never come.
      const { qos } = message
      const acknowledge = (isFailed: boolean) => {
        if (!isOpen || qos === 0) return
        const isRefused = isFailed && settings.canRefuse
        wire.acknowledge(qos === 2 ? PUBREC : PUBACK, packetId, isRefused ? FAILURE : 0)
        // A refused message is not released by the broker.
        if (isRefused && qos === 2) inbound.release(packetId)
      }
      inbound.take(message, packetId, size, acknowledge, readOn)
    },
    answer: (type, packetId, reasonCode) => outbound?.onAnswer(type, packetId, reasonCode),
    released: inbound.release,
    disconnect(reasonCode, serverReference) {
      const text = 'The broker ended the connection'
      cause ??= reasoned('ERR_BROKER_REFUSED', text, describe, reasonCode, serverReference)
    },
    violation: blame,
    drained() {
      for (const resume of drained.splice(0)) resume()
    },
    failed(error) {
      cause ??= error
    },
    closed() {
      isOpen = false
      outbound?.lose(cause)
      return end
    },
  }
  const wire: Wire = openWire({ login, cleanStart, will }, events)

  async function untilOpen(): Promise<void> {
    const stop = () => abort(signal.reason)
    signal.addEventListener('abort', stop)
    if (signal.aborted) stop()
    const isOver = await Promise.race([opened, ended.then(() => true)])
    signal.removeEventListener('abort', stop)
    if (!isOver) return
    signal.throwIfAborted()
    throw (
      (await settings.explain?.(cause, signal)) ??
      (cause instanceof BrokerError ? cause : unreachable(address, cause))
    )
  }

  /** Asks at once, before what is published next. */
  async function ask(what: string, send: Send<readonly number[]>): Promise<readonly number[]> {
    const limit = Math.min(SUBSCRIBE_TIMEOUT, timeout)
    // The packet identifier stays in use (MQTT 5, section 2.2.1). VerneMQ 2.1.1 answers none that it denies.
    let late: BrokerError | undefined
    try {
      return await limited(outbound!.request(what, send), limit, () => {
        late = unanswered(what, limit)
        abort(late)
      })
    } catch (error) {
      if (hasCode(error, 'ERR_BROKER_TIMEOUT')) abort(error as BrokerError)
      throw late ?? error
    }
  }

  await untilOpen()
  // What a lost connection left half done (section 4.4), before anything new is sent.
  for (const id of packetIds.kept) wire.acknowledge(PUBREL, id, 0)
  const { awaits, idle, publish, request } = outbound!
  const { capabilities, sessionPresent } = accepted
  const { maxQos, retain, maxPacketSize = MAX_PACKET_BYTES } = capabilities

  return {
    ended,
    renewAfter: login.renewAfter,
    describe,
    capabilities,
    sessionPresent,
    awaits,
    idle,

    publish(message) {
      const packet = wire.pack(message)
      const { topic, qos } = packet
      // A broker ends the connection over what it does not take.
      const code =
        qos > maxQos
          ? QOS_NOT_SUPPORTED
          : message.retain && !retain
            ? RETAIN_NOT_SUPPORTED
            : wire.exceeds(packet, maxPacketSize, message) && PACKET_TOO_LARGE
      if (code) throw refusal(publishing(topic), code, describe)
      if (qos > 0) return publish(packet)
      if (wire.send(packet)) return Promise.resolve()
      return request<void>(publishing(topic), (answer) => {
        drained.push(() => answer(undefined, undefined))
      })
    },

    subscribe(filters) {
      const names = filters.map(([filter]) => filter)
      return ask(asking('Subscribing to', names), (answered) => wire.subscribe(filters, answered))
    },

    unsubscribe: (filters) =>
      ask(asking('Unsubscribing from', filters), (answered) => wire.unsubscribe(filters, answered)),

    async close() {
      wire.end(isOpen)
      await limited(ended, CLOSE_TIMEOUT, () => wire.destroy())
    },
  }
}
