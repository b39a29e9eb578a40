/**
 * The {@link Broker} contract over a sequence of connections.
 *
 * @module
 */
import type {
  Broker,
  BrokerCapabilities,
  BrokerStatus,
  ConnectOptions,
  OutgoingMessage,
  Subscription,
  SubscriptionResult,
} from '../../src/broker/broker.ts'
import type { ResolvedBrokerConfig } from '../../src/broker/config.ts'
import type { FindDenial } from '../../src/broker/guard.ts'
import { StatusStream } from '../../src/broker/status-stream.ts'
import { BrokerError, toError } from '../../src/errors.ts'
import { checkMessage } from './check.ts'
import { type Connection, openConnection } from './connection.ts'
import { Inbound } from './inbound.ts'
import { OfflineQueue } from './offline-queue.ts'
import { PacketIds } from './packet-ids.ts'
import { checkSubscriptions, makeSubscriptions } from './subscribe.ts'
import { addressOf } from './transport.ts'

/** Milliseconds: the longest first pause before a reconnect, and the longest of all. */
const FIRST_PAUSE = 1_000
const LONGEST_PAUSE = 30_000

/** See {@link mqtt}. */
export class MqttBroker implements Broker {
  readonly #config: ResolvedBrokerConfig
  readonly #findDenial: FindDenial
  readonly #status = new StatusStream()
  /** What is to be restored after a reconnect, by filter, and apart if shared. */
  readonly #subscriptions = new Map<string, Subscription>()
  readonly #packetIds = new PacketIds()
  /** Aborts whatever dials or waits to dial. */
  readonly #ended = new AbortController()
  #state: 'new' | 'started' | 'closed' = 'new'
  #inbound: Inbound | undefined
  #connection: Connection | undefined
  /** There from the first connection on, if messages are to wait for another one. */
  #offlineQueue: OfflineQueue | undefined
  /** How often it was connected again, or tried, since a connection last was of some duration. */
  #attempts = 0
  /** Whether the session in the broker has every subscription. */
  #isRestored = true
  #closing: Promise<void> | undefined
  /** Settles when the last dialling is over. Never rejects. */
  #dialled: Promise<void> | undefined

  constructor(config: ResolvedBrokerConfig, findDenial: FindDenial) {
    this.#config = config
    this.#findDenial = findDenial
  }

  async connect({ onMessage, signal }: ConnectOptions): Promise<BrokerCapabilities> {
    if (this.#state !== 'new') {
      throw new BrokerError('ERR_BROKER_CLOSED', 'This broker was connected or closed before')
    }
    signal?.throwIfAborted()
    this.#state = 'started'
    this.#inbound = new Inbound({
      receiveMaximum: this.#config.receiveMaximum,
      onMessage,
      onError: (error) => this.#status.emit({ type: 'error', error }),
      mustRead: () => this.#connection?.awaits ?? false,
    })
    try {
      const connection = await this.#dial(this.#inbound, this.#config.cleanStart, signal)
      this.#enter(connection, this.#inbound)
      const { offlineQueue } = this.#config
      if (offlineQueue) this.#offlineQueue = new OfflineQueue(offlineQueue)
      this.#beReady(connection)
      void this.#stayConnected(connection, this.#inbound)
      return connection.capabilities
    } catch (error) {
      this.#giveUp(error)
      throw error
    }
  }

  async subscribe(subscriptions: readonly Subscription[]): Promise<readonly SubscriptionResult[]> {
    checkSubscriptions(subscriptions)
    const connection = this.#connected()
    const outcomes = await this.#makeSubscriptions(connection, subscriptions)
    const results: SubscriptionResult[] = []
    const errors: BrokerError[] = []
    for (const outcome of outcomes) {
      if ('error' in outcome) {
        errors.push(outcome.error)
        continue
      }
      const { filter, shared = false } = outcome.subscription
      this.#subscriptions.set(`${shared} ${filter}`, { ...outcome.subscription })
      results.push(outcome.result)
    }
    if (errors[0]) throw errors[0]
    return results
  }

  // Each promise more is a good part of what a message takes.
  publish(message: OutgoingMessage): Promise<void> {
    try {
      checkMessage(message)
      const { topic, qos = 1, retain = false } = message
      const denial = this.#findDenial({ action: 'publish', topic, qos, retain })
      if (denial) throw denial
      return (this.#offlineQueue ?? this.#connected()).publish(message)
    } catch (error) {
      return Promise.reject(error)
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

  #makeSubscriptions(connection: Connection, subscriptions: readonly Subscription[]) {
    return makeSubscriptions(connection, this.#config, this.#findDenial, subscriptions)
  }

  #connected(): Connection {
    if (this.#state === 'closed') {
      throw new BrokerError('ERR_BROKER_CLOSED', 'This broker is closed')
    }
    if (this.#connection) return this.#connection
    const address = addressOf(this.#config)
    throw new BrokerError('ERR_BROKER_NOT_CONNECTED', `Not connected to ${address} at the moment`)
  }

  async #dial(inbound: Inbound, cleanStart: boolean, signal?: AbortSignal): Promise<Connection> {
    const { connectTimeout } = this.#config
    const deadline = new AbortController()
    const timer = setTimeout(() => {
      const message = `${addressOf(this.#config)} did not answer within ${connectTimeout} ms`
      deadline.abort(new BrokerError('ERR_BROKER_TIMEOUT', message))
    }, connectTimeout)
    const signals = [this.#ended.signal, deadline.signal, ...(signal ? [signal] : [])]
    try {
      const options = { config: this.#config, cleanStart, inbound, packetIds: this.#packetIds }
      const dialling = openConnection({ ...options, signal: AbortSignal.any(signals) })
      this.#dialled = dialling.then(
        () => {},
        () => {},
      )
      const connection = await dialling
      if (!this.#ended.signal.aborted) return connection
      await connection.close()
      throw this.#ended.signal.reason
    } finally {
      clearTimeout(timer)
    }
  }

  /** Makes a new connection whenever one is lost. Settles when the broker is closed. */
  async #stayConnected(first: Connection, inbound: Inbound): Promise<void> {
    let connection: Connection | undefined = first
    while (connection) {
      const since = Date.now()
      const error = await connection.ended
      this.#leave(inbound)
      if (this.#ended.signal.aborted) return
      this.#status.emit({ type: 'disconnected', ...(error && { error }) })
      // One that is lost again and again is no better than one that cannot be made.
      if (Date.now() - since > LONGEST_PAUSE) this.#attempts = 0
      connection = await this.#reconnect(inbound)
    }
  }

  /** Tries until there is a connection. `undefined` if the broker is closed first. */
  async #reconnect(inbound: Inbound): Promise<Connection | undefined> {
    let delay = this.#nextPause()
    for (let attempt = 1; ; attempt++) {
      await pause(delay, this.#ended.signal)
      if (this.#ended.signal.aborted) return undefined
      try {
        return await this.#restoreConnection(inbound)
      } catch (error) {
        if (error instanceof BrokerError && error.code === 'ERR_BROKER_LOGIN_REFUSED') {
          this.#giveUp(error)
        }
        if (this.#ended.signal.aborted) return undefined
        delay = this.#nextPause()
        this.#status.emit({ type: 'reconnect-failed', attempt, error: toError(error), delay })
      }
    }
  }

  async #restoreConnection(inbound: Inbound): Promise<Connection> {
    const { cleanStart, sessionExpiry } = this.#config
    const connection = await this.#dial(inbound, cleanStart && sessionExpiry === 0)
    try {
      this.#enter(connection, inbound)
      await this.#restore(connection)
      this.#beReady(connection)
      return connection
    } catch (error) {
      this.#leave(inbound)
      await connection.close()
      throw error
    }
  }

  /** Exponential, with full jitter. */
  #nextPause(): number {
    const longest = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** this.#attempts++)
    return Math.round(Math.random() * longest)
  }

  #enter(connection: Connection, inbound: Inbound): void {
    this.#connection = connection
    inbound.resume()
  }

  /** Everything is in place: what waited is sent before anything else is. */
  #beReady(connection: Connection): void {
    this.#offlineQueue?.resume((message) => connection.publish(message))
    this.#status.emit({ type: 'connected', capabilities: connection.capabilities })
  }

  #leave(inbound: Inbound): void {
    this.#connection = undefined
    this.#offlineQueue?.pause()
    inbound.pause()
  }

  async #restore(connection: Connection): Promise<void> {
    if (!connection.sessionPresent) this.#isRestored = false
    if (this.#isRestored) return
    const subscriptions = [...this.#subscriptions.values()]
    for (const outcome of await this.#makeSubscriptions(connection, subscriptions)) {
      if ('error' in outcome) this.#status.emit({ type: 'error', error: outcome.error })
    }
    this.#isRestored = true
  }

  /** Closes because of an error. */
  #giveUp(error: unknown): void {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    this.#ended.abort(error)
    this.#inbound?.stop()
    this.#offlineQueue?.close(error)
    this.#status.emit({ type: 'closed', ...(error instanceof Error && { error }) })
  }

  async #drain(): Promise<void> {
    this.#state = 'closed'
    this.#ended.abort(new BrokerError('ERR_BROKER_CLOSED', 'This broker was closed'))
    this.#inbound?.stop()
    this.#offlineQueue?.close(undefined)
    const connection = this.#connection
    await Promise.all([this.#inbound?.idle(), connection?.idle(), this.#dialled])
    await connection?.close()
    this.#status.emit({ type: 'closed' })
  }
}

/** Settles after a time, or when the signal aborts. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    signal.addEventListener('abort', end)
    if (signal.aborted) end()
  })
}
