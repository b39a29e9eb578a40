/**
 * The wire that the `mqtt` package speaks. The package would reconnect by itself and repeat unanswered
 * messages; here a client of it lives exactly as long as its connection, so nothing of a lost one
 * lingers.
 *
 * @module
 */

import type { IConnackPacket, IPublishPacket, IStream, MqttClient, Packet } from 'mqtt'
import { loadTogether } from '../../src/base/load-package.ts'
import { MAX_TIMER_DELAY } from '../../src/base/timer.ts'
import type { Message, OutgoingMessage, Qos } from '../../src/broker/broker.ts'
import type { PacketIds } from '../../src/client/packet-ids.ts'
import type {
  Answered,
  Connack,
  ConnectWith,
  FilterQos,
  OpenWire,
  Wire,
  WireEvents,
  WirePacket,
} from '../../src/client/wire.ts'
import { PUBACK, PUBCOMP, PUBREC, PUBREL } from '../../src/client/wire.ts'
import { REASON } from '../../src/packet/reason.ts'
import type { ResolvedBrokerConfig } from './config.ts'
import type { OpenLink } from './link.ts'
import {
  asStream,
  loadMqtt,
  type Mqtt,
  providerOf,
  sendUnkept,
  takeBeforePubrec,
} from './package.ts'
import { toCapabilities, toMessage, toPacket, toPacketWill } from './packet.ts'
import { PacketStream } from './packet-stream.ts'
import { exceeds, memorySize } from './sizes.ts'
import { linkOpener } from './transport.ts'

/** Handed to the `mqtt` package in place of an acknowledgement: it then sends none itself. */
const NOT_YET = new Error('The handler is not done yet')
const VERSION_REASONS: readonly number[] = [1, 132]

/**
 * Loads what a connection needs.
 *
 * @throws {MissingDependencyError} If `mqtt`, or `ws` where it is needed, is not installed.
 */
export async function loadWire(
  config: ResolvedBrokerConfig,
  packetIds: PacketIds,
): Promise<OpenWire> {
  const [mqtt, openLink] = await loadTogether([loadMqtt(), linkOpener(config)])
  return (connect, events) => new MqttWire(mqtt, openLink, config, packetIds, connect, events)
}

/** What the package calls acknowledgements. */
const ACKS = { [PUBACK]: 'puback', [PUBREC]: 'pubrec', [PUBREL]: 'pubrel' } as const
const ANSWERS = { puback: PUBACK, pubrec: PUBREC, pubcomp: PUBCOMP } as const

class MqttWire implements Wire {
  readonly #config: ResolvedBrokerConfig
  readonly #events: WireEvents
  readonly #client: MqttClient
  #stream: PacketStream | undefined
  /** Whether a CONNACK came. */
  #isAnswered = false

  constructor(
    mqtt: Mqtt,
    openLink: OpenLink,
    config: ResolvedBrokerConfig,
    packetIds: PacketIds,
    { login, cleanStart, will }: ConnectWith,
    events: WireEvents,
  ) {
    this.#config = config
    this.#events = events
    const { clientId, username, password, sessionExpiry } = login
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
      messageIdProvider: providerOf(packetIds),
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
    this.#receive(mqtt)
    this.#client.connect()
  }

  pack(message: OutgoingMessage): IPublishPacket {
    return toPacket(message, this.#config.protocolVersion)
  }

  exceeds(_: WirePacket, limit: number, message: OutgoingMessage): boolean {
    return exceeds(message, limit)
  }

  send(packet: IPublishPacket, packetId?: number): boolean {
    if (packetId !== undefined) packet.messageId = packetId
    this.#send(packet)
    return !this.#stream?.writableNeedDrain
  }

  acknowledge(type: keyof typeof ACKS, messageId: number, reasonCode: number): void {
    this.#send({ cmd: ACKS[type], messageId, ...(type !== PUBREL && { reasonCode }) })
  }

  subscribe(filters: readonly FilterQos[], answered: Answered): void {
    const codes = new Map<string, number>()
    // One for each QoS: where several go together the package takes a filter `resubscribe` for an option.
    const next = ([qos, ...others]: readonly Qos[]): void => {
      if (qos === undefined) {
        answered(
          undefined,
          filters.map(([filter]) => codes.get(filter)!),
        )
        return
      }
      const names = filters.flatMap(([filter, one]) => (one === qos ? [filter] : []))
      if (names.length === 0) {
        next(others)
        return
      }
      this.#client.subscribe(names, { qos }, (error, _subscriptions, packet) => {
        // An error goes with the answer if one filter was refused; each code tells of its filter.
        if (!packet) {
          failSoon(answered, error)
          return
        }
        const granted = packet.granted as number[]
        for (const [i, name] of names.entries())
          codes.set(name, granted[i] ?? REASON.unspecifiedError)
        next(others)
      })
    }
    next([0, 1, 2])
  }

  unsubscribe(filters: readonly string[], answered: Answered): void {
    this.#client.unsubscribe([...filters], (error, packet) => {
      const { granted } = (packet ?? {}) as { granted?: readonly number[] }
      if (packet) answered(undefined, granted ?? filters.map(() => 0))
      else failSoon(answered, error)
    })
  }

  end(isOpen: boolean): void {
    if (isOpen) this.#send({ cmd: 'disconnect', reasonCode: 0 })
    this.#stream?.end()
  }

  leave(reasonCode: number): void {
    this.#stream?.leave(reasonCode)
  }

  destroy(): void {
    this.#stream?.destroy()
  }

  #receive(mqtt: Mqtt): void {
    const client = this.#client
    const events = this.#events
    client.on('error', (error) => {
      if (error === NOT_YET) return
      events.failed(error)
      this.destroy()
    })
    client.on('packetreceive', (packet) => this.#onPacket(packet))
    client.once('connect', () => {
      events.opened()
      this.#keepAlive()
    })
    // With what the package put off done: it is one queue for all clients, which stands still for good
    // where an edge worker drops its timer with the request.
    client.once('close', () => mqtt.nextTick(events.closed()))
    client.handleMessage = (packet, done) => {
      const { qos, messageId = 0 } = packet
      this.#take(toMessage(packet), messageId, qos === 0 ? done : () => done(NOT_YET))
    }
    // Else one whose handler did not end would be lost with the process.
    takeBeforePubrec(client, (packet, done) =>
      this.#take(toMessage(packet), packet.messageId!, () => done(NOT_YET)),
    )
  }

  #take(message: Message, messageId: number, readOn: () => void): void {
    this.#events.message(message, messageId, memorySize(message), readOn)
  }

  #onPacket(packet: Packet): void {
    const events = this.#events
    switch (packet.cmd) {
      case 'connack':
        this.#onConnack(packet)
        break
      case 'puback':
      case 'pubrec':
      case 'pubcomp':
        events.answer(ANSWERS[packet.cmd], packet.messageId!, packet.reasonCode)
        break
      case 'pubrel':
        events.released(packet.messageId!)
        break
      case 'disconnect':
        if (packet.reasonCode) {
          events.disconnect(packet.reasonCode, packet.properties?.serverReference)
        }
    }
  }

  #onConnack(packet: IConnackPacket): void {
    const { reasonCode, returnCode, sessionPresent, properties } = packet
    const code = reasonCode ?? returnCode ?? 0
    const fault = this.#isAnswered ? 'a second CONNACK came' : faultOf(packet)
    this.#isAnswered = true
    if (fault !== undefined) {
      this.#events.violation(REASON.protocolError, fault)
      this.leave(REASON.protocolError)
      return
    }
    this.#events.connack({
      reasonCode: code,
      sessionPresent,
      capabilities: toCapabilities(packet, this.#config.protocolVersion),
      receiveMaximum: properties?.receiveMaximum,
      serverReference: properties?.serverReference,
      ...(VERSION_REASONS.includes(code) && { hint: '; try another protocolVersion' }),
    } satisfies Connack)
  }

  /** While the window is full nothing is read, not even the answer to a ping. */
  #keepAlive(): void {
    const { keepalive } = this.#client
    if (keepalive === 0) return
    const timer = setInterval(() => {
      if (!this.#stream?.isHeld) return
      this.#client.sendPing()
      this.#client.reschedulePing(true)
    }, keepalive * 500)
    this.#client.once('close', () => clearInterval(timer))
  }

  #openStream(openLink: OpenLink): IStream {
    const { protocolVersion, maxPacketSize } = this.#config
    const events = this.#events
    const stream = new PacketStream({
      openLink,
      protocolVersion,
      maxPacketSize,
      takePublish: ({ message, messageId }, readOn) => this.#take(message, messageId, readOn),
      takePuback: (id, reasonCode) => events.answer(PUBACK, id, reasonCode),
      onViolation: ({ reasonCode, text }) => events.violation(reasonCode, text),
    })
    this.#stream = stream
    stream.on('error', events.failed)
    stream.on('drain', events.drained)
    return asStream(stream)
  }

  #send(packet: Packet): void {
    if (this.#stream?.writePacket(packet)) return
    sendUnkept(this.#client, packet)
  }
}

/** What makes a CONNACK a protocol error by itself, if anything does. */
function faultOf({ properties }: IConnackPacket): string | undefined {
  if (properties?.receiveMaximum === 0) {
    return 'CONNACK has a receive maximum of 0 (MQTT 5, section 3.2.2.3.3)'
  }
  if (properties?.maximumPacketSize === 0) {
    return 'CONNACK has a maximum packet size of 0 (MQTT 5, section 3.2.2.3.6)'
  }
  return undefined
}

/** Not at once: the package tells of a lost connection here first, and the error for that comes next. */
function failSoon(answered: Answered, error: Error | null | undefined): void {
  queueMicrotask(() => answered(error ?? new Error('The broker did not answer'), []))
}
