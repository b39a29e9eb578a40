/**
 * The {@link Broker} contract without a network: a message broker in memory and connections to it.
 * It is the reference for the contract, and runs on every runtime: for tests, demonstrations and
 * single-process use. Nothing survives the process.
 *
 * @module
 */
import { monotonicNow } from '../base/clock.ts'
import { BrokerError, ConfigError, toError } from '../base/errors.ts'
import { checkOptions } from '../base/options.ts'
import { DEFAULT_SHARE_NAME } from '../device/default-rules.ts'
import { parseTopicFilter } from '../topic/filter.ts'
import { levelsCover } from '../topic/relation.ts'
import type {
  Broker,
  BrokerCapabilities,
  BrokerStatus,
  ConnectOptions,
  Message,
  MessageHandler,
  OutgoingMessage,
  Qos,
  Subscription,
  SubscriptionResult,
  Will,
} from './broker.ts'
import { checkFilters, checkMessage, checkSubscriptions, checkWill } from './check.ts'
import { copyMessage } from './copy.ts'
import { StatusStream } from './status-stream.ts'

const CAPABILITIES: BrokerCapabilities = {
  sharedSubscriptions: true,
  retain: true,
  maxQos: 2,
  maxPacketSize: undefined,
}

interface Entry {
  readonly client: MemoryBroker
  readonly levels: readonly string[]
  readonly qos: Qos
}

interface StoredMessage {
  readonly message: Message
  /** By the clock for durations. */
  readonly expiresAt: number
}

/** A message broker in memory. Connect to it with {@link memoryBroker}. */
export class MemoryServer {
  readonly #plain = new Set<Entry>()
  readonly #shared = new Map<string, Entry[]>()
  readonly #retained = new Map<string, StoredMessage>()

  /** Routes a message to every subscriber. Used by {@link memoryBroker}. */
  publish(outgoing: OutgoingMessage, levels: readonly string[]): void {
    const { messageExpiry } = outgoing
    const stored: StoredMessage = {
      message: {
        ...copyMessage(outgoing),
        qos: outgoing.qos ?? 1,
        retain: false,
      },
      expiresAt: messageExpiry === undefined ? Infinity : monotonicNow() + messageExpiry * 1000,
    }
    if (outgoing.retain) {
      if (outgoing.payload.length === 0) this.#retained.delete(outgoing.topic)
      else this.#retained.set(outgoing.topic, stored)
    }
    // A client with several matching subscriptions receives one copy, with the highest QoS.
    const receivers = new Map<MemoryBroker, Qos>()
    for (const { client, levels: filter, qos } of this.#plain) {
      if (!levelsCover(filter, levels)) continue
      receivers.set(client, Math.max(receivers.get(client) ?? 0, qos) as Qos)
    }
    for (const [client, qos] of receivers) client.deliver(stored, qos)
    for (const members of this.#shared.values()) {
      if (!levelsCover(members[0]!.levels, levels)) continue
      const next = members.shift()!
      members.push(next)
      next.client.deliver(stored, next.qos)
    }
  }

  /** Adds a subscription. Used by {@link memoryBroker}. */
  subscribe(entry: Entry, group: string | undefined): void {
    if (group !== undefined) {
      const members = (this.#shared.get(group) ?? []).filter((m) => m.client !== entry.client)
      this.#shared.set(group, [...members, entry])
      return
    }
    const filter = entry.levels.join('/')
    for (const other of this.#plain) {
      if (other.client === entry.client && other.levels.join('/') === filter) {
        this.#plain.delete(other)
      }
    }
    this.#plain.add(entry)
    for (const [topic, stored] of this.#retained) {
      if (!levelsCover(entry.levels, topic.split('/'))) continue
      const message = { ...stored.message, retain: true }
      entry.client.deliver({ ...stored, message }, entry.qos)
    }
  }

  /** Ends a client's subscriptions with a filter. Used by {@link memoryBroker}. */
  unsubscribe(client: MemoryBroker, filter: string, group: string): void {
    for (const entry of this.#plain) {
      if (entry.client === client && entry.levels.join('/') === filter) this.#plain.delete(entry)
    }
    const members = this.#shared.get(group)
    if (members) this.#keep(group, members, client)
  }

  /**
   * Loses the connection of a broker, as a network does: its will is published, and it is connected
   * again at once, with its subscriptions. A delay of the will does not count, since no session outlives
   * a connection here. Without a connection there is nothing to lose.
   */
  cut(broker: Broker): void {
    if (broker instanceof MemoryBroker) broker.lose()
  }

  /** Forgets a client's subscriptions. Used by {@link memoryBroker}. */
  leave(client: MemoryBroker): void {
    for (const entry of this.#plain) if (entry.client === client) this.#plain.delete(entry)
    for (const [group, members] of this.#shared) this.#keep(group, members, client)
  }

  /** Keeps the members of a group but one. */
  #keep(group: string, members: readonly Entry[], but: MemoryBroker): void {
    const rest = members.filter(({ client }) => client !== but)
    if (rest.length > 0) this.#shared.set(group, rest)
    else this.#shared.delete(group)
  }
}

/** What {@link memoryBroker} takes. */
export interface MemoryBrokerOptions {
  /** Most messages waiting for their handler at once, at least 1. Default: 64. */
  readonly receiveMaximum?: number
  /** Share group of shared subscriptions. Default: `devicehub`. */
  readonly shareName?: string
}

/** Makes an empty message broker in memory. */
export function memoryServer(): MemoryServer {
  return new MemoryServer()
}

/**
 * Makes a connection to a message broker in memory.
 *
 * @param server Which one. Default: one of its own.
 * @throws {ConfigError} If `receiveMaximum` is not a whole number of at least 1, or an option is unknown.
 */
export function memoryBroker(
  server: MemoryServer = memoryServer(),
  options: MemoryBrokerOptions = {},
): Broker {
  checkOptions(options, { receiveMaximum: true, shareName: true })
  return new MemoryBroker(server, options)
}

class MemoryBroker implements Broker {
  readonly #server: MemoryServer
  readonly #receiveMaximum: number
  readonly #shareName: string
  readonly #status = new StatusStream()
  readonly #waiting: { stored: StoredMessage; qos: Qos }[] = []
  readonly #running = new Set<Promise<void>>()
  #state: 'new' | 'connected' | 'closed' = 'new'
  #onMessage: MessageHandler | undefined
  #will: Will | undefined
  #closing: Promise<void> | undefined

  constructor(server: MemoryServer, options: MemoryBrokerOptions) {
    this.#server = server
    this.#receiveMaximum = options.receiveMaximum ?? 64
    this.#shareName = options.shareName ?? DEFAULT_SHARE_NAME
    if (!Number.isInteger(this.#receiveMaximum) || this.#receiveMaximum < 1) {
      throw new ConfigError('receiveMaximum', 'must be a whole number of at least 1')
    }
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
    this.#status.emit({ kind: 'connected', capabilities: CAPABILITIES })
    return CAPABILITIES
  }

  async subscribe(subscriptions: readonly Subscription[]): Promise<readonly SubscriptionResult[]> {
    checkSubscriptions(subscriptions)
    this.#checkConnected()
    return subscriptions.map(({ filter, qos = 1, shared = false }) => {
      const { levels } = parseTopicFilter(filter)
      const group = shared ? this.#groupOf(filter) : undefined
      this.#server.subscribe({ client: this, levels, qos }, group)
      return { filter, qos, shared }
    })
  }

  async unsubscribe(filters: readonly string[]): Promise<void> {
    checkFilters(filters)
    this.#checkConnected()
    for (const filter of filters) this.#server.unsubscribe(this, filter, this.#groupOf(filter))
  }

  async publish(message: OutgoingMessage): Promise<void> {
    checkMessage(message)
    this.#checkConnected()
    this.#server.publish(message, message.topic.split('/'))
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

  /** Takes a message for this connection. Called by the server. */
  deliver(stored: StoredMessage, granted: Qos): void {
    this.#waiting.push({ stored, qos: Math.min(stored.message.qos, granted) as Qos })
    this.#handleWaiting()
  }

  /** Called by the server: see `cut`. */
  lose(): void {
    if (this.#state !== 'connected') return
    this.#status.emit({ kind: 'disconnected' })
    if (this.#will) {
      const { delay: _, ...message } = this.#will
      this.#server.publish(message, message.topic.split('/'))
    }
    this.#status.emit({ kind: 'connected', capabilities: CAPABILITIES })
  }

  #groupOf(filter: string): string {
    return `${this.#shareName}/${filter}`
  }

  #handleWaiting(): void {
    while (this.#running.size < this.#receiveMaximum) {
      const next = this.#waiting.shift()
      if (!next) return
      if (next.stored.expiresAt <= monotonicNow()) continue
      const run = this.#handle({ ...next.stored.message, qos: next.qos }).finally(() => {
        this.#running.delete(run)
        this.#handleWaiting()
      })
      this.#running.add(run)
    }
  }

  async #handle(message: Message): Promise<void> {
    try {
      // Not in the publisher's turn: its promise settles when the broker has the message.
      await Promise.resolve()
      await this.#onMessage?.(message)
    } catch (error) {
      this.#status.emit({ kind: 'error', error: toError(error) })
    }
  }

  async #drain(): Promise<void> {
    this.#state = 'closed'
    this.#server.leave(this)
    this.#waiting.length = 0
    await Promise.all(this.#running)
    this.#status.emit({ kind: 'closed' })
  }

  #checkConnected(): void {
    if (this.#state === 'connected') return
    throw this.#state === 'new'
      ? new BrokerError('ERR_BROKER_NOT_CONNECTED', 'This broker is not connected yet')
      : new BrokerError('ERR_BROKER_CLOSED', 'This broker is closed')
  }
}
