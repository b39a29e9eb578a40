/**
 * One network connection, from dialling to its end. The `mqtt` package would reconnect by itself
 * and repeat unanswered messages; here a client of it lives exactly as long as its connection, so
 * nothing of a lost one lingers.
 *
 * @module
 */

import type { IConnackPacket, IStream, MqttClient, Packet } from 'mqtt'
import { BrokerError } from '../../src/base/errors.ts'
import { loadTogether } from '../../src/base/load-package.ts'
import { MAX_TIMER_DELAY } from '../../src/base/timer.ts'
import type { BrokerCapabilities, OutgoingMessage, Qos, Will } from '../../src/broker/broker.ts'
import { REASON } from '../../src/packet/reason.ts'
import { addressOf } from './address.ts'
import { checkCapabilities } from './capabilities.ts'
import { tlsError } from './certificate.ts'
import type { ResolvedBrokerConfig } from './config.ts'
import type { Acknowledge, Inbound } from './inbound.ts'
import type { OpenLink } from './link.ts'
import type { Login, Logins } from './login.ts'
import { Outbound, type Send } from './outbound.ts'
import { asStream, loadMqtt, type Mqtt, sendUnkept, takeBeforePubrec } from './package.ts'
import { toCapabilities, toMessage, toPacket, toPacketWill } from './packet.ts'
import type { PacketIds } from './packet-ids.ts'
import { CLOSE_TIMEOUT, PacketStream } from './packet-stream.ts'
import {
  connectRefusal,
  disconnection,
  publishing,
  subscribing,
  unanswered,
  unreachable,
  unsubscribing,
  violation,
} from './reason.ts'
import type { ReceivedPublish } from './received-packet.ts'
import { linkOpener } from './transport.ts'
import { Turns } from './turns.ts'

/** What {@link openConnection} takes. */
export interface ConnectionOptions {
  readonly config: ResolvedBrokerConfig
  readonly logins: Logins
  /** Whether to start without what the broker kept of an earlier session. */
  readonly cleanStart: boolean
  readonly will: Will | undefined
  readonly inbound: Inbound
  readonly packetIds: PacketIds
  /** Gives up. The promise rejects with its reason. */
  readonly signal: AbortSignal
}

/** Handed to the `mqtt` package in place of an acknowledgement: it then sends none itself. */
const NOT_YET = new Error('The handler is not done yet')
const NOTHING: Acknowledge = () => {}
/** Milliseconds the broker has at most to answer a SUBSCRIBE or UNSUBSCRIBE. */
const SUBSCRIBE_TIMEOUT = 10_000
/** How many messages may go unacknowledged where the broker does not say (section 3.1.2.11.3). */
const DEFAULT_RECEIVE_MAXIMUM = 65_535

/**
 * Connects.
 *
 * @throws {BrokerError} `ERR_BROKER_UNREACHABLE`, `ERR_BROKER_LOGIN_REFUSED`,
 * `ERR_BROKER_CREDENTIALS` or `ERR_BROKER_CERTIFICATE`.
 * @throws {AccessDeniedError} If the will is not granted; then nothing is dialled.
 * @throws {MissingDependencyError} If `mqtt`, or `ws` where it is needed, is not installed.
 */
export async function openConnection(options: ConnectionOptions): Promise<Connection> {
  const { config, logins, will, signal } = options
  const [mqtt, openLink] = await loadTogether([loadMqtt(), linkOpener(config)])
  const login = await logins.next(signal)
  if (will) {
    const { topic, qos = 1, retain = false } = will
    const denial = logins.findDenial({ action: 'publish', topic, qos, retain })
    if (denial) throw denial
  }
  const connection = new Connection(mqtt, openLink, login, options)
  await connection.open(signal)
  return connection
}

/** A connection. Made by {@link openConnection}. */
export class Connection {
  /** Settles when the connection has ended, with the reason if there is one. Never rejects. */
  readonly ended: Promise<Error | undefined>
  readonly #config: ResolvedBrokerConfig
  readonly #inbound: Inbound
  readonly #packetIds: PacketIds
  readonly #cleanStart: boolean
  readonly #client: MqttClient
  #outbound: Outbound
  #stream: PacketStream | undefined
  #drained: (() => void)[] = []
  /**
   * For SUBSCRIBE and UNSUBSCRIBE: NanoMQ 0.24 and 0.25 have a thread for each question to an
   * authentication server, and deadlock where as many come at once.
   */
  readonly #asking = new Turns()
  #capabilities: BrokerCapabilities | undefined
  #sessionPresent = false
  #isOpen = false
  #cause: Error | undefined

  constructor(
    mqtt: Mqtt,
    openLink: OpenLink,
    { clientId, username, password, sessionExpiry }: Login,
    { config, cleanStart, will, inbound, packetIds }: ConnectionOptions,
  ) {
    this.#config = config
    this.#inbound = inbound
    this.#packetIds = packetIds
    this.#cleanStart = cleanStart
    this.#outbound = this.#outboundFor(DEFAULT_RECEIVE_MAXIMUM)
    const { protocolVersion, receiveMaximum, maxPacketSize } = config
    this.#client = new mqtt.MqttClient(() => this.#openStream(openLink), {
      manualConnect: true,
      reconnectPeriod: 0,
      resubscribe: false,
      log: () => {},
      protocolVersion,
      clientId,
      clean: cleanStart,
      keepalive: config.keepalive,
      // The caller has a deadline of its own.
      connectTimeout: MAX_TIMER_DELAY,
      messageIdProvider: packetIds,
      ...(username !== undefined && { username }),
      ...(password !== undefined && { password }),
      ...(will && { will: toPacketWill(will, protocolVersion) }),
      ...(protocolVersion === 5 && {
        properties: {
          receiveMaximum,
          maximumPacketSize: maxPacketSize,
          sessionExpiryInterval: sessionExpiry,
        },
      }),
    })
    this.#receive()
    this.ended = new Promise((resolve) => {
      this.#client.once('close', () => {
        this.#isOpen = false
        this.#outbound.lose(this.#cause)
        // With what the package put off done: it is one queue for all clients, which stands still
        // for good where an edge worker drops its timer with the request.
        mqtt.nextTick(() => resolve(this.#cause))
      })
    })
  }

  /** What the broker said of itself. Set once open. */
  get capabilities(): BrokerCapabilities {
    return this.#capabilities!
  }

  /** Whether the broker kept the session. Set once open. */
  get sessionPresent(): boolean {
    return this.#sessionPresent
  }

  /** Whether an answer to a publish, subscribe or unsubscribe is awaited. */
  get awaits(): boolean {
    return this.#outbound.awaits
  }

  async open(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    const abort = () => this.#end(signal.reason)
    signal.addEventListener('abort', abort)
    try {
      await new Promise<void>((resolve, reject) => {
        this.#client.once('connect', () => {
          // The package takes what is refused here.
          if (!this.#cause) resolve()
        })
        void this.ended.then((cause) => reject(signal.aborted ? signal.reason : cause))
        this.#client.connect()
      })
    } catch (cause) {
      if (cause === signal.reason && signal.aborted) throw cause
      if (cause instanceof BrokerError) throw cause
      const address = addressOf(this.#config)
      const refused = await tlsError(address, this.#config, cause, signal)
      throw refused ?? unreachable(address, cause)
    } finally {
      signal.removeEventListener('abort', abort)
    }
    this.#keepAlive()
    // What a lost connection left half done (section 4.4), before anything new is sent.
    for (const messageId of this.#packetIds.kept) this.#send({ cmd: 'pubrel', messageId })
  }

  /** Publishes a checked message. */
  publish(message: OutgoingMessage): Promise<void> {
    checkCapabilities(message, this.capabilities)
    const packet = toPacket(message, this.#config.protocolVersion)
    if (packet.qos > 0) return this.#outbound.publish(packet)
    this.#send(packet)
    if (!this.#stream?.writableNeedDrain) return Promise.resolve()
    return this.#outbound.request<void>(publishing(packet.topic), (answer) => {
      this.#drained.push(() => answer(undefined, undefined))
    })
  }

  /**
   * Subscribes, when every SUBSCRIBE and UNSUBSCRIBE before this one was answered. Settles with the
   * broker's reason code for each filter.
   *
   * @throws {BrokerError} `ERR_BROKER_TIMEOUT` if it is not answered, as VerneMQ 2.1.1 answers none
   * that it denies. The packet identifier stays in use then (MQTT 5, section 2.2.1), so the connection
   * ends.
   */
  subscribe(filters: readonly string[], qos: Qos): Promise<readonly number[]> {
    return this.#ask(subscribing(filters), (answered) => {
      this.#client.subscribe([...filters], { qos }, (error, _subscriptions, packet) => {
        // An error goes with the answer if one filter was refused; each code tells of its filter.
        if (packet) answered(undefined, packet.granted as number[])
        else failSoon(answered, error)
      })
    })
  }

  /** Unsubscribes as {@link subscribe} subscribes. MQTT 3.1.1 has no reason codes: each is a success. */
  unsubscribe(filters: readonly string[]): Promise<readonly number[]> {
    return this.#ask(unsubscribing(filters), (answered) => {
      this.#client.unsubscribe([...filters], (error, packet) => {
        const { granted } = (packet ?? {}) as { granted?: readonly number[] }
        if (packet) answered(undefined, granted ?? filters.map(() => 0))
        else failSoon(answered, error)
      })
    })
  }

  /** Settles when no answer is awaited. */
  idle(): Promise<void> {
    return this.#outbound.idle()
  }

  /** Sends DISCONNECT and closes. Settles when that is done, at the latest after a second. */
  async close(): Promise<void> {
    const timer = setTimeout(() => this.#stream?.destroy(), CLOSE_TIMEOUT)
    if (this.#isOpen) this.#send({ cmd: 'disconnect', reasonCode: 0 })
    this.#stream?.end()
    await this.ended
    clearTimeout(timer)
  }

  #ask(what: string, send: Send<readonly number[]>): Promise<readonly number[]> {
    // At once if it can be: what is published after it is sent after it.
    return this.#asking.take(() => this.#request(what, send))
  }

  async #request(what: string, send: Send<readonly number[]>): Promise<readonly number[]> {
    const timeout = Math.min(SUBSCRIBE_TIMEOUT, this.#config.publishTimeout * 1000)
    let timer: ReturnType<typeof setTimeout> | undefined
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(unanswered(what, timeout)), timeout)
    })
    try {
      return await Promise.race([this.#outbound.request(what, send), late])
    } catch (error) {
      if (error instanceof BrokerError && error.code === 'ERR_BROKER_TIMEOUT') this.#end(error)
      throw error
    } finally {
      clearTimeout(timer)
    }
  }

  #receive(): void {
    const client = this.#client
    client.on('error', (error) => {
      if (error !== NOT_YET) this.#end(error)
    })
    client.on('packetreceive', (packet) => this.#onPacket(packet))
    client.handleMessage = (packet, done) => {
      const { qos, messageId = 0 } = packet
      this.#take({ message: toMessage(packet), messageId }, qos === 0 ? done : () => done(NOT_YET))
    }
    // Else one whose handler did not end would be lost with the process.
    takeBeforePubrec(client, (packet, done) => {
      const messageId = packet.messageId!
      const acknowledge = this.#acknowledger('pubrec', messageId)
      this.#inbound.takeOnce(messageId, toMessage(packet), acknowledge, () => done(NOT_YET))
    })
  }

  /** Takes a message of QoS 0 or 1. */
  #take({ message, messageId }: ReceivedPublish, readOn: () => void): void {
    const acknowledge = message.qos === 0 ? NOTHING : this.#acknowledger('puback', messageId)
    this.#inbound.take(message, acknowledge, readOn)
  }

  #acknowledger(cmd: 'puback' | 'pubrec', messageId: number): Acknowledge {
    return (outcome) => {
      if (!this.#isOpen) return
      const isRefused = outcome === 'failed' && this.#config.protocolVersion === 5
      this.#send({ cmd, messageId, reasonCode: isRefused ? REASON.unspecifiedError : 0 })
      // A refused message is not released by the broker.
      if (isRefused && cmd === 'pubrec') this.#inbound.release(messageId)
    }
  }

  #onPacket(packet: Packet): void {
    switch (packet.cmd) {
      case 'connack':
        this.#onConnack(packet)
        break
      case 'puback':
      case 'pubrec':
      case 'pubcomp':
        this.#outbound.onAnswer(packet.cmd, packet.messageId!, packet.reasonCode)
        break
      case 'pubrel':
        this.#inbound.release(packet.messageId!)
        break
      case 'disconnect':
        if (packet.reasonCode) {
          const { serverReference } = packet.properties ?? {}
          this.#cause ??= disconnection(packet.reasonCode, serverReference)
        }
    }
  }

  #onConnack(packet: IConnackPacket): void {
    const { reasonCode, returnCode, sessionPresent, properties } = packet
    const code = reasonCode ?? returnCode ?? 0
    const fault = this.#faultOf(packet)
    if (fault !== undefined) {
      this.#blame(REASON.protocolError, fault)
      this.#stream?.leave(REASON.protocolError)
      return
    }
    if (code !== 0) {
      this.#cause ??= connectRefusal(addressOf(this.#config), code, properties?.serverReference)
      return
    }
    this.#capabilities = toCapabilities(packet, this.#config.protocolVersion)
    this.#outbound = this.#outboundFor(properties?.receiveMaximum ?? DEFAULT_RECEIVE_MAXIMUM)
    this.#sessionPresent = sessionPresent
    if (!sessionPresent) this.#packetIds.deallocateAll()
    this.#isOpen = true
    // Before the messages of the session, which may follow in the same read.
    this.#inbound.beginSession(sessionPresent)
  }

  /** What makes a CONNACK a protocol error, if anything does. */
  #faultOf({ sessionPresent, properties }: IConnackPacket): string | undefined {
    if (this.#capabilities) return 'a second CONNACK arrived'
    if (sessionPresent && this.#cleanStart) {
      return 'CONNACK tells of a session that was to be begun anew (MQTT 5, section 3.2.2.1.1)'
    }
    if (properties?.receiveMaximum === 0) {
      return 'CONNACK has a receive maximum of 0 (MQTT 5, section 3.2.2.3.3)'
    }
    if (properties?.maximumPacketSize === 0) {
      return 'CONNACK has a maximum packet size of 0 (MQTT 5, section 3.2.2.3.6)'
    }
    return undefined
  }

  #outboundFor(receiveMaximum: number): Outbound {
    return new Outbound({
      receiveMaximum,
      timeout: this.#config.publishTimeout * 1000,
      packetIds: this.#packetIds,
      send: (packet) => this.#send(packet),
      onAwait: () => this.#inbound.readAhead(),
    })
  }

  /** While the window is full nothing is read, not even the answer to a ping. */
  #keepAlive(): void {
    const { keepalive } = this.#client
    if (keepalive === 0) return
    const timer = setInterval(() => {
      if (!this.#inbound.holds) return
      this.#client.sendPing()
      this.#client.reschedulePing(true)
    }, keepalive * 500)
    void this.ended.then(() => clearInterval(timer))
  }

  #openStream(openLink: OpenLink): IStream {
    const { protocolVersion, maxPacketSize } = this.#config
    const takePublish = (publish: ReceivedPublish, readOn: () => void) =>
      this.#take(publish, readOn)
    const takePuback = (id: number, reasonCode: number) =>
      this.#outbound.onAnswer('puback', id, reasonCode)
    const stream = new PacketStream({
      openLink,
      protocolVersion,
      maxPacketSize,
      takePublish,
      takePuback,
      onViolation: ({ reasonCode, text }) => this.#blame(reasonCode, text),
    })
    this.#stream = stream
    stream.on('error', (error) => {
      this.#cause ??= error
    })
    stream.on('drain', () => {
      for (const resume of this.#drained.splice(0)) resume()
    })
    return asStream(stream)
  }

  #send(packet: Packet): void {
    if (this.#stream?.writePacket(packet)) return
    sendUnkept(this.#client, packet)
  }

  /** Notes that the connection ends because of what the broker sent. */
  #blame(reasonCode: number, text: string): void {
    this.#isOpen = false
    this.#cause ??= violation(addressOf(this.#config), reasonCode, text)
  }

  #end(cause: Error): void {
    this.#cause ??= cause
    this.#stream?.destroy()
  }
}

/** Not at once: the package tells of a lost connection here first, and the error for that comes next. */
function failSoon(
  answered: Parameters<Send<readonly number[]>>[0],
  error: Error | null | undefined,
): void {
  queueMicrotask(() => answered(error ?? new Error('The broker did not answer'), []))
}
