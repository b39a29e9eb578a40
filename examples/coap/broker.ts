/**
 * A hub's end of a CoAP server: the `Broker` contract of devicehub.
 *
 * @module
 */
import {
  type Broker,
  type BrokerCapabilities,
  BrokerError,
  type BrokerStatus,
  type ConnectOptions,
  checkFilters,
  checkMessage,
  checkSubscriptions,
  checkWill,
  type Message,
  type MessageHandler,
  matches,
  type OutgoingMessage,
  type Qos,
  StatusStream,
  type Subscription,
  type SubscriptionResult,
} from 'devicehub'
import type { CoapServer } from './server.ts'

/** A notification is one datagram, and no longer than RFC 7252, section 4.6, takes as safe. */
const MAX_PAYLOAD_BYTES = 1024
/** Messages that wait for their turn; whoever sends one more is told to come back. */
const MAX_WAITING = 1000

const CAPABILITIES: BrokerCapabilities = {
  sharedSubscriptions: false,
  retain: false,
  maxQos: 2,
  maxPacketSize: undefined,
}

interface Waiting {
  readonly message: Message
  /** Milliseconds since the Unix epoch. */
  readonly until: number
  readonly done: () => void
  readonly failed: (error: unknown) => void
}

export class CoapBroker implements Broker {
  readonly #server: CoapServer
  readonly #receiveMaximum: number
  readonly #statuses = new StatusStream()
  readonly #filters = new Map<string, Qos>()
  readonly #waiting: Waiting[] = []
  readonly #running = new Set<Promise<void>>()
  #state: 'new' | 'connecting' | 'connected' | 'closed' = 'new'
  #onMessage: MessageHandler | undefined
  #closing: Promise<void> | undefined

  constructor(
    server: CoapServer,
    { receiveMaximum = 64 }: { readonly receiveMaximum?: number } = {},
  ) {
    this.#server = server
    this.#receiveMaximum = receiveMaximum
  }

  /** Whether it takes no more messages for now. */
  get isBusy(): boolean {
    return this.#waiting.length >= MAX_WAITING
  }

  async connect({ onMessage, will, signal }: ConnectOptions): Promise<BrokerCapabilities> {
    if (will !== undefined) checkWill(will)
    if (this.#state !== 'new') {
      throw new BrokerError('ERR_BROKER_CLOSED', 'This broker was connected or closed before')
    }
    signal?.throwIfAborted()
    this.#state = 'connecting'
    this.#onMessage = onMessage
    try {
      if (will) {
        const problem = 'CoAP has no wills: leave `will` out, and go by what is heard of a device'
        throw new BrokerError('ERR_BROKER_REFUSED', problem)
      }
      await this.#server.enter(this)
      signal?.throwIfAborted()
      this.#checkOpen()
    } catch (error) {
      await this.close()
      throw error
    }
    this.#state = 'connected'
    this.#statuses.emit({ kind: 'connected', capabilities: CAPABILITIES })
    return CAPABILITIES
  }

  async subscribe(subscriptions: readonly Subscription[]): Promise<readonly SubscriptionResult[]> {
    checkSubscriptions(subscriptions)
    this.#checkConnected()
    return subscriptions.map(({ filter, qos = 1, shared = false }) => {
      this.#filters.set(filter, qos)
      const result = { filter, qos, shared: false }
      return shared ? { ...result, unsharedBecause: 'broker-has-none' } : result
    })
  }

  /** Settles when it is sent to every device that observes the topic, and queued for every hub. */
  async unsubscribe(filters: readonly string[]): Promise<void> {
    checkFilters(filters)
    this.#checkConnected()
    for (const filter of filters) this.#filters.delete(filter)
  }

  async publish(message: OutgoingMessage): Promise<void> {
    checkMessage(message)
    this.#checkConnected()
    if (message.retain) {
      throw new BrokerError('ERR_BROKER_REFUSED', 'There are no retained messages here')
    }
    if (message.payload.length > MAX_PAYLOAD_BYTES) {
      const problem = `A payload to a device has at most ${MAX_PAYLOAD_BYTES} bytes`
      throw new BrokerError('ERR_BROKER_REFUSED', problem)
    }
    // Copied now: whoever published it may change it later.
    await this.#server.publish({ ...message, payload: new Uint8Array(message.payload) })
  }

  close(): Promise<void> {
    this.#closing ??= this.#drain()
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  status(): AsyncIterable<BrokerStatus> {
    return this.#statuses.watch()
  }

  /** The highest QoS a topic is subscribed to with; `undefined` if it is not. */
  findQos(topic: string): Qos | undefined {
    if (this.#state !== 'connected') return undefined
    const granted = [...this.#filters].flatMap(([filter, qos]) =>
      matches(filter, topic) ? [qos] : [],
    )
    return granted.length === 0 ? undefined : (Math.max(...granted) as Qos)
  }

  /**
   * Takes a message. Settles when it is handled; rejects if that failed, or it will not be any more.
   */
  take({ qos = 1, ...message }: OutgoingMessage, granted: Qos): Promise<void> {
    const { messageExpiry } = message
    const until = messageExpiry === undefined ? Infinity : Date.now() + messageExpiry * 1000
    return new Promise((done, failed) => {
      const arrived = { ...message, qos: Math.min(qos, granted) as Qos, retain: false }
      this.#waiting.push({ message: arrived, until, done, failed })
      this.#handleWaiting()
    })
  }

  /** Tells of something that failed and that nobody waits for. */
  report(error: Error): void {
    this.#statuses.emit({ kind: 'error', error })
  }

  #handleWaiting(): void {
    while (this.#running.size < this.#receiveMaximum) {
      const next = this.#waiting.shift()
      if (!next) return
      if (next.until <= Date.now()) {
        next.done()
        continue
      }
      const run = this.#handle(next).finally(() => {
        this.#running.delete(run)
        this.#handleWaiting()
      })
      this.#running.add(run)
    }
  }

  async #handle({ message, done, failed }: Waiting): Promise<void> {
    try {
      // Not in the turn of whoever sent it.
      await Promise.resolve()
      await this.#onMessage?.(message)
      done()
    } catch (thrown) {
      const error = thrown instanceof Error ? thrown : new Error(String(thrown))
      this.report(error)
      failed(error)
    }
  }

  async #drain(): Promise<void> {
    this.#state = 'closed'
    const error = new BrokerError('ERR_BROKER_CLOSED', 'This broker was closed')
    for (const { failed } of this.#waiting.splice(0)) failed(error)
    await Promise.all(this.#running)
    await this.#server.leave(this)
    this.#statuses.emit({ kind: 'closed' })
  }

  #checkConnected(): void {
    this.#checkOpen()
    if (this.#state === 'connected') return
    throw new BrokerError('ERR_BROKER_NOT_CONNECTED', 'This broker is not connected yet')
  }

  #checkOpen(): void {
    if (this.#state !== 'closed') return
    throw new BrokerError('ERR_BROKER_CLOSED', 'This broker is closed')
  }
}
