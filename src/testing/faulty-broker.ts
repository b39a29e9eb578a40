/**
 * A broker between whose connection and its user a test stands.
 *
 * @module
 */
import { clock } from '../base/clock.ts'
import { BrokerError, ConfigError, toError } from '../base/errors.ts'
import { checkMethods, checkOptions } from '../base/options.ts'
import { quote } from '../base/quote.ts'
import type {
  Broker,
  BrokerCapabilities,
  BrokerStatus,
  ConnectOptions,
  Message,
  MessageHandler,
  OutgoingMessage,
  Subscription,
  SubscriptionResult,
} from '../broker/broker.ts'
import { checkFilters, checkMessage, checkSubscriptions } from '../broker/check.ts'
import { copyMessage } from '../broker/copy.ts'
import { StatusStream } from '../broker/status-stream.ts'
import type { FaultScript } from './fault.ts'
import { type Deferred, deferred } from './wait.ts'

/** What {@link faultyBroker} takes. */
export interface FaultOptions {
  /**
   * What happens to each message that is published. One that is dropped settles with QoS 0; with QoS 1
   * and 2 it rejects with `ERR_BROKER_TIMEOUT`, as one that nobody answered. Default: nothing happens.
   */
  readonly onPublish?: FaultScript<OutgoingMessage>
  /**
   * What happens to each message that arrives. One that is dropped is acknowledged, and no handler sees
   * it. Default: nothing happens.
   */
  readonly onReceive?: FaultScript<Message>
}

/** A {@link Broker} whose faults a test has in hand. */
export interface FaultyBroker extends Broker {
  /**
   * Loses the connection, as its user sees it: what is under way rejects with
   * `ERR_BROKER_CONNECTION_LOST`, what is asked then with `ERR_BROKER_NOT_CONNECTED`, and `status()` tells.
   * The message broker notices nothing, so it sends no will. Without a connection nothing happens.
   */
  disconnect(): void
  /**
   * Has it back. Messages that came meanwhile with QoS 1 or 2 are handled now, as from a session that the
   * message broker kept, and so are those of QoS 1 whose handler had not ended when it was lost: they
   * come again. Messages of QoS 0 are gone.
   */
  reconnect(): void
}

/**
 * Puts faults between a broker and its user. It keeps the `Broker` contract, but for what the test has
 * happen. A connection that is really lost is told as ever.
 *
 * @throws {ConfigError} If the broker is none, or an option is wrong.
 *
 * @example
 * ```ts
 * import { memoryBroker, memoryServer } from 'devicehub'
 * import { faultyBroker } from 'devicehub/testing'
 *
 * const server = memoryServer()
 * const broker = faultyBroker(memoryBroker(server), {
 *   onReceive: (message, index) => (index === 0 ? 'duplicate' : undefined),
 * })
 * await broker.connect({ onMessage: ({ topic }) => console.log(topic) })
 * await broker.subscribe([{ filter: 'a' }])
 * await broker.publish({ topic: 'a', payload: new Uint8Array(0) })
 * broker.disconnect()
 * await broker.publish({ topic: 'a', payload: new Uint8Array(0) }).catch(({ code }) => code)
 * broker.reconnect()
 * await broker.close()
 * ```
 */
export function faultyBroker(broker: Broker, options: FaultOptions = {}): FaultyBroker {
  checkMethods('broker', broker, METHODS)
  checkOptions(options, { onPublish: true, onReceive: true })
  for (const [key, script] of Object.entries(options)) {
    if (script !== undefined && typeof script !== 'function') {
      throw new ConfigError(key, 'must be a function')
    }
  }
  return new Faulty(broker, options)
}

const METHODS = {
  connect: true,
  subscribe: true,
  unsubscribe: true,
  publish: true,
  close: true,
  status: true,
} as const

/** A message that came and is not acknowledged. */
interface Received {
  readonly message: Message
  readonly handler: MessageHandler
  /** How often the handler sees it each time it is handed over. */
  readonly times: number
  /** Settles when it is acknowledged, and rejects where the handler failed. */
  readonly acknowledged: Deferred<void>
  /** Prevents that it is handed over later. */
  cancel: () => void
  isHanded: boolean
  /** How many calls of the handler have not ended. */
  running: number
}

class Faulty implements FaultyBroker {
  readonly #broker: Broker
  readonly #options: FaultOptions
  readonly #status = new StatusStream()
  /** In the order in which they came. */
  readonly #received = new Set<Received>()
  /** Ends what is asked for and not answered. */
  readonly #asked = new Set<(error: BrokerError) => void>()
  /** Ends what is published later. */
  readonly #paused = new Set<(error: BrokerError) => void>()
  #publishedCount = 0
  #receivedCount = 0
  #capabilities: BrokerCapabilities | undefined
  #isLost = false
  /** Counts losses: what a handler of a lost connection ends in is told to nobody. */
  #losses = 0
  #isClosing = false
  #closing: Promise<void> | undefined

  constructor(broker: Broker, options: FaultOptions) {
    this.#broker = broker
    this.#options = options
    void this.#passOn(broker.status())
  }

  async connect(options: ConnectOptions): Promise<BrokerCapabilities> {
    const { onMessage: handler } = options
    const onMessage: MessageHandler = (message) => this.#receive(message, handler)
    const capabilities = await this.#broker.connect({ ...options, onMessage })
    this.#capabilities = capabilities
    this.#status.emit({ kind: 'connected', capabilities })
    return capabilities
  }

  async subscribe(subscriptions: readonly Subscription[]): Promise<readonly SubscriptionResult[]> {
    checkSubscriptions(subscriptions)
    return this.#ask(() => this.#broker.subscribe(subscriptions))
  }

  async unsubscribe(filters: readonly string[]): Promise<void> {
    checkFilters(filters)
    return this.#ask(() => this.#broker.unsubscribe(filters))
  }

  async publish(message: OutgoingMessage): Promise<void> {
    checkMessage(message)
    return this.#ask(async () => {
      const fault = this.#capabilities && this.#options.onPublish?.(message, this.#publishedCount++)
      if (fault === 'drop') {
        if (message.qos === 0) return
        const problem = `Publishing to ${quote(message.topic)} was not answered: it was dropped`
        throw new BrokerError('ERR_BROKER_TIMEOUT', problem)
      }
      // Whoever gave the message may change it meanwhile.
      const kept = typeof fault === 'object' ? copyMessage(message) : message
      if (typeof fault === 'object') await this.#pause(fault.delay)
      await this.#broker.publish(kept)
      if (fault === 'duplicate') await this.#broker.publish(kept)
    })
  }

  close(): Promise<void> {
    this.#closing ??= this.#end()
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  status(): AsyncIterable<BrokerStatus> {
    return this.#status.watch()
  }

  disconnect(): void {
    if (!this.#capabilities || this.#isLost || this.#isClosing) return
    this.#isLost = true
    this.#losses++
    this.#status.emit({ kind: 'disconnected' })
    const what = 'The connection was lost before there was an answer'
    const error = new BrokerError('ERR_BROKER_CONNECTION_LOST', what)
    for (const reject of [...this.#asked, ...this.#paused]) reject(error)
    for (const one of this.#received) {
      if (one.message.qos === 0 && !one.isHanded) this.#acknowledge(one)
    }
  }

  reconnect(): void {
    if (!this.#capabilities || !this.#isLost || this.#isClosing) return
    this.#isLost = false
    this.#status.emit({ kind: 'connected', capabilities: this.#capabilities })
    for (const one of this.#received) {
      if (!one.isHanded || one.message.qos === 1) void this.#handOver(one)
    }
  }

  #receive(message: Message, handler: MessageHandler): void | Promise<void> {
    const fault = this.#options.onReceive?.(message, this.#receivedCount++)
    if (fault === 'drop' || (this.#isLost && message.qos === 0)) return
    const one: Received = {
      message,
      handler,
      times: fault === 'duplicate' ? 2 : 1,
      acknowledged: deferred(),
      cancel() {},
      isHanded: false,
      running: 0,
    }
    this.#received.add(one)
    const handOver = () => {
      if (!this.#isLost) void this.#handOver(one)
    }
    if (typeof fault === 'object') one.cancel = clock().after(fault.delay * 1_000, handOver)
    else handOver()
    return one.acknowledged.promise
  }

  async #handOver(one: Received): Promise<void> {
    one.cancel()
    one.isHanded = true
    one.running++
    const losses = this.#losses
    let failure: Error | undefined
    for (let time = 0; time < one.times; time++) {
      try {
        await one.handler(one.message)
      } catch (error) {
        failure = toError(error)
      }
    }
    one.running--
    const comesAgain = losses !== this.#losses && one.message.qos === 1 && !this.#isClosing
    if (!comesAgain) this.#acknowledge(one, failure)
    else if (failure) this.#status.emit({ kind: 'error', error: failure })
  }

  #acknowledge(one: Received, failure?: Error): void {
    one.cancel()
    this.#received.delete(one)
    if (failure) one.acknowledged.reject(failure)
    else one.acknowledged.resolve()
  }

  /** Asks the message broker, unless the connection is lost or is lost meanwhile. */
  async #ask<T>(work: () => Promise<T>): Promise<T> {
    if (this.#isClosing) throw new BrokerError('ERR_BROKER_CLOSED', 'This broker is closed')
    if (this.#isLost) {
      throw new BrokerError('ERR_BROKER_NOT_CONNECTED', 'The connection of this broker is lost')
    }
    const lost = deferred<never>()
    this.#asked.add(lost.reject)
    try {
      return await Promise.race([work(), lost.promise])
    } finally {
      this.#asked.delete(lost.reject)
    }
  }

  /** Waits, and rejects where the connection is lost or closed meanwhile. */
  async #pause(seconds: number): Promise<void> {
    const over = deferred()
    const cancel = clock().after(seconds * 1_000, over.resolve)
    this.#paused.add(over.reject)
    try {
      await over.promise
    } finally {
      cancel()
      this.#paused.delete(over.reject)
    }
  }

  async #end(): Promise<void> {
    this.#isClosing = true
    const error = new BrokerError('ERR_BROKER_CLOSED', 'This broker was closed before it was sent')
    for (const reject of this.#paused) reject(error)
    const ended = this.#broker.close()
    for (const one of this.#received) if (one.running === 0) this.#acknowledge(one)
    try {
      await ended
    } finally {
      this.#status.emit({ kind: 'closed' })
    }
  }

  /** Passes on what the broker tells, but for what is told here. */
  async #passOn(statuses: AsyncIterable<BrokerStatus>): Promise<void> {
    let isFirst = true
    for await (const status of statuses) {
      const isOfNetwork = status.kind !== 'error' && status.kind !== 'closed'
      const isTold =
        (status.kind === 'connected' && isFirst) ||
        (isOfNetwork && this.#isLost) ||
        (status.kind === 'closed' && this.#isClosing)
      if (status.kind === 'connected') isFirst = false
      if (!isTold) this.#status.emit(status)
    }
  }
}
