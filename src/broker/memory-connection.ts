/**
 * A connection to an MQTT server in the same process: packets as they are, and no bytes.
 *
 * @module
 */
import { BrokerError, toError } from '../base/errors.ts'
import { quote } from '../base/quote.ts'
import type {
  AckPacket,
  ClientPacket,
  PublishPacket,
  ServerPacket,
  SubackPacket,
  UnsubackPacket,
} from '../packet/packet.ts'
import { REASON } from '../packet/reason.ts'
import type { Endpoint, Link } from '../server/link.ts'
import type { MqttServer } from '../server/server.ts'
import type {
  Broker,
  BrokerCapabilities,
  BrokerStatus,
  ConnectOptions,
  MessageHandler,
  OutgoingMessage,
  Subscription,
  SubscriptionResult,
  Will,
} from './broker.ts'
import { checkFilters, checkMessage, checkSubscriptions, checkWill } from './check.ts'
import { copyMessage } from './copy.ts'
import { publishProperties, readPublish } from './packets.ts'
import { refusal } from './refusal.ts'
import { StatusStream } from './status-stream.ts'

const CAPABILITIES: BrokerCapabilities = {
  sharedSubscriptions: true,
  retain: true,
  maxQos: 2,
  maxPacketSize: undefined,
}

/** The answer to a packet. */
type Answer = AckPacket | SubackPacket | UnsubackPacket

/** A {@link Broker} on an MQTT server in this process. */
export class MemoryConnection implements Broker {
  readonly #server: MqttServer
  readonly #receiveMaximum: number
  readonly #shareName: string
  readonly #status = new StatusStream()
  /** Messages that came and are not with the handler yet. */
  readonly #waiting: { packet: PublishPacket; endpoint: Endpoint }[] = []
  /** Bytes of those with QoS 0, which the server's flow control does not hold back. */
  #waitingBytes = 0
  readonly #running = new Set<Promise<void>>()
  /** Packets that the server is not ready for. */
  readonly #held: ClientPacket[] = []
  /** Who waits for an answer, by packet identifier. */
  readonly #asked = new Map<number, (answer: Answer) => void>()
  readonly #subscriptions = new Map<string, ClientPacket & { kind: 'subscribe' }>()
  #lastId = 0
  #state: 'new' | 'connected' | 'closed' = 'new'
  #endpoint: Endpoint | undefined
  #onMessage: MessageHandler | undefined
  #will: Will | undefined
  #closing: Promise<void> | undefined

  constructor(server: MqttServer, receiveMaximum: number, shareName: string) {
    this.#server = server
    this.#receiveMaximum = receiveMaximum
    this.#shareName = shareName
  }

  async connect({ onMessage, will, signal }: ConnectOptions): Promise<BrokerCapabilities> {
    if (will !== undefined) checkWill(will)
    if (this.#state !== 'new') {
      throw new BrokerError('ERR_BROKER_CLOSED', 'This broker was connected or closed before')
    }
    signal?.throwIfAborted()
    this.#state = 'connected'
    this.#onMessage = onMessage
    if (will) this.#will = copyMessage(will)
    this.#open()
    return CAPABILITIES
  }

  async subscribe(subscriptions: readonly Subscription[]): Promise<readonly SubscriptionResult[]> {
    checkSubscriptions(subscriptions)
    this.#checkConnected()
    return Promise.all(
      subscriptions.map(async ({ filter, qos = 1, shared = false }) => {
        const full = shared ? `$share/${this.#shareName}/${filter}` : filter
        const options = { noLocal: false, retainAsPublished: false, retainHandling: 0 } as const
        const wanted = [{ filter: full, qos, ...options }]
        const packet = { kind: 'subscribe', packetId: 0, subscriptions: wanted } as const
        const answer = await this.#ask((packetId) => ({ ...packet, packetId }))
        checkAnswer(answer, `Subscribing to ${quote(filter)}`)
        this.#subscriptions.set(full, packet)
        return { filter, qos, shared }
      }),
    )
  }

  async unsubscribe(filters: readonly string[]): Promise<void> {
    checkFilters(filters)
    this.#checkConnected()
    if (filters.length === 0) return
    const all = filters.flatMap((filter) => [filter, `$share/${this.#shareName}/${filter}`])
    for (const filter of all) this.#subscriptions.delete(filter)
    await this.#ask((packetId) => ({ kind: 'unsubscribe', packetId, filters: all }))
  }

  async publish(message: OutgoingMessage): Promise<void> {
    checkMessage(message)
    this.#checkConnected()
    const { topic, payload, qos = 1, retain = false, ...properties } = copyMessage(message)
    const packet: PublishPacket = {
      kind: 'publish',
      topic,
      payload,
      qos,
      retain,
      dup: false,
      ...publishProperties(properties),
    }
    if (qos === 0) {
      this.#send(packet)
      return
    }
    const what = `Publishing to ${quote(topic)}`
    const answer = await this.#ask((packetId) => ({ ...packet, packetId }))
    checkAnswer(answer, what)
    if (answer.kind === 'pubrec') {
      const { packetId } = answer
      await this.#ask(() => ({ kind: 'pubrel', packetId, reasonCode: REASON.success }), packetId)
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#drain()
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  status(): AsyncIterable<BrokerStatus> {
    return this.#status.watch()
  }

  /** Loses the connection, and makes it again. */
  lose(): void {
    if (this.#state !== 'connected') return
    this.#status.emit({ kind: 'disconnected' })
    this.#endpoint!.closed()
    this.#waiting.length = 0
    this.#waitingBytes = 0
    this.#held.length = 0
    this.#open()
  }

  #open(): void {
    const endpoint = this.#server.accept(this.#link())
    this.#endpoint = endpoint
    const { delay, ...will } = this.#will ?? {}
    endpoint.receive({
      kind: 'connect',
      version: 5,
      cleanStart: true,
      keepAlive: 0,
      clientId: '',
      receiveMaximum: this.#receiveMaximum,
      ...(this.#will && {
        will: {
          topic: this.#will.topic,
          payload: this.#will.payload,
          qos: this.#will.qos ?? 1,
          retain: this.#will.retain ?? false,
          ...publishProperties(will),
          ...(delay !== undefined && { willDelayInterval: delay }),
        },
      }),
    })
    for (const packet of this.#subscriptions.values()) {
      void this.#ask((packetId) => ({ ...packet, packetId }))
    }
    this.#status.emit({ kind: 'connected', capabilities: CAPABILITIES })
  }

  #link(): Link {
    const client = this
    let departed = 0
    const link: Link = {
      send: (packet) => this.#take(packet),
      get backlog() {
        return client.#waitingBytes
      },
      get departed() {
        // What waits for its handler is no network that stands still.
        return ++departed
      },
      resume: () => this.#flush(),
      end() {},
      destroy() {},
    }
    return link
  }

  #take(packet: ServerPacket): void {
    switch (packet.kind) {
      case 'publish':
        // Whoever is left of a shared subscription gets it when this session ends.
        if (this.#state === 'closed') return
        if (packet.qos === 0) this.#waitingBytes += packet.payload.length
        this.#waiting.push({ packet, endpoint: this.#endpoint! })
        this.#handleWaiting()
        break
      case 'pubrel':
        this.#send({ kind: 'pubcomp', packetId: packet.packetId, reasonCode: REASON.success })
        break
      case 'puback':
      case 'pubrec':
      case 'pubcomp':
      case 'suback':
      case 'unsuback':
        this.#settle(packet)
        break
      default:
    }
  }

  #settle(answer: Answer): void {
    const { packetId } = answer as { readonly packetId: number }
    const answered = this.#asked.get(packetId)
    this.#asked.delete(packetId)
    answered?.(answer)
  }

  /** Sends what is answered, under a packet identifier of its own if none is given. */
  #ask(
    make: (packetId: number) => ClientPacket,
    packetId: number = this.#freeId(),
  ): Promise<Answer> {
    return new Promise((resolve) => {
      this.#asked.set(packetId, resolve)
      this.#send(make(packetId))
    })
  }

  #send(packet: ClientPacket): void {
    if (this.#held.length === 0 && this.#endpoint!.isReady) this.#endpoint!.receive(packet)
    else this.#held.push(packet)
  }

  #flush(): void {
    while (this.#held.length > 0 && this.#endpoint!.isReady) {
      this.#endpoint!.receive(this.#held.shift()!)
    }
  }

  #freeId(): number {
    do this.#lastId = (this.#lastId % 0xffff) + 1
    while (this.#asked.has(this.#lastId))
    return this.#lastId
  }

  #handleWaiting(): void {
    while (this.#running.size < this.#receiveMaximum) {
      const next = this.#waiting.shift()
      if (!next) return
      const { packet, endpoint } = next
      if (packet.qos === 0) this.#waitingBytes -= packet.payload.length
      const run = this.#handle(packet, endpoint).finally(() => {
        this.#running.delete(run)
        this.#handleWaiting()
        if (this.#endpoint === endpoint && this.#state === 'connected') endpoint.drained()
      })
      this.#running.add(run)
    }
  }

  async #handle(packet: PublishPacket, endpoint: Endpoint): Promise<void> {
    try {
      // Not in the publisher's turn: its promise settles when the broker has the message.
      await Promise.resolve()
      await this.#onMessage?.(readPublish(packet))
    } catch (error) {
      this.#status.emit({ kind: 'error', error: toError(error) })
    }
    const { qos, packetId } = packet
    if (qos === 0 || this.#endpoint !== endpoint) return
    const kind = qos === 1 ? 'puback' : 'pubrec'
    this.#send({ kind, packetId: packetId!, reasonCode: REASON.success })
  }

  async #drain(): Promise<void> {
    const isConnected = this.#state === 'connected'
    this.#state = 'closed'
    this.#waiting.length = 0
    await Promise.all(this.#running)
    if (isConnected) {
      this.#endpoint!.receive({ kind: 'disconnect', reasonCode: REASON.success })
      this.#endpoint!.closed()
    }
    this.#status.emit({ kind: 'closed' })
  }

  #checkConnected(): void {
    if (this.#state === 'connected') return
    throw this.#state === 'new'
      ? new BrokerError('ERR_BROKER_NOT_CONNECTED', 'This broker is not connected yet')
      : new BrokerError('ERR_BROKER_CLOSED', 'This broker is closed')
  }
}

/** @throws {BrokerError} If what was asked for was refused. */
function checkAnswer(answer: Answer, what: string): void {
  const code = 'reasonCodes' in answer ? answer.reasonCodes[0]! : answer.reasonCode
  if (code >= REASON.unspecifiedError) throw refusal(what, code)
}
