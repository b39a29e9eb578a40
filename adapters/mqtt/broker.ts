/**
 * The {@link Broker} contract over a sequence of connections.
 *
 * @module
 */
import { monotonicNow } from '../../src/base/clock.ts'
import { BrokerError, MissingDependencyError, toError } from '../../src/base/errors.ts'
import type {
  Broker,
  BrokerCapabilities,
  BrokerStatus,
  ConnectOptions,
  OutgoingMessage,
  Subscription,
  SubscriptionResult,
  Will,
} from '../../src/broker/broker.ts'
import {
  checkFilters,
  checkMessage,
  checkSubscriptions,
  checkWill,
} from '../../src/broker/check.ts'
import { copyMessage } from '../../src/broker/copy.ts'
import { StatusStream } from '../../src/broker/status-stream.ts'
import { AccessDeniedError } from '../../src/rule/access-denied.ts'
import { addressOf } from './address.ts'
import type { ResolvedBrokerConfig } from './config.ts'
import { type Connection, openConnection } from './connection.ts'
import { Inbound } from './inbound.ts'
import type { Logins } from './login.ts'
import { OfflineQueue } from './offline-queue.ts'
import { PacketIds } from './packet-ids.ts'
import { Pauses, pause } from './pauses.ts'
import { isProtocolError } from './reason.ts'
import { makeSubscriptions } from './subscribe.ts'
import { Turns } from './turns.ts'
import { endSubscriptions } from './unsubscribe.ts'

/** See {@link mqtt}. */
export class MqttBroker implements Broker {
  readonly #config: ResolvedBrokerConfig
  readonly #logins: Logins
  readonly #status = new StatusStream()
  /** What is to be restored after a reconnect, by filter, and apart if shared. */
  readonly #subscriptions = new Map<string, Subscription>()
  /** For changes of these: what is subscribed must not be in doubt because two overtake each other. */
  readonly #changes = new Turns()
  readonly #packetIds = new PacketIds()
  /** Aborts whatever dials or waits to dial. */
  readonly #ended = new AbortController()
  #state: 'new' | 'started' | 'closed' = 'new'
  #inbound: Inbound | undefined
  #will: Will | undefined
  #connection: Connection | undefined
  /** There from the first connection on, if messages are to wait for another one. */
  #offlineQueue: OfflineQueue | undefined
  readonly #pauses = new Pauses()
  /** Keys of the subscriptions that the session in the broker lacks, or may lack. */
  readonly #missing = new Set<string>()
  #closing: Promise<void> | undefined
  /** Settles when the last dialling is over. Never rejects. */
  #dialled: Promise<void> | undefined

  constructor(config: ResolvedBrokerConfig, logins: Logins) {
    this.#config = config
    this.#logins = logins
  }

  async connect({ onMessage, will, signal }: ConnectOptions): Promise<BrokerCapabilities> {
    if (will !== undefined) checkWill(will)
    if (this.#state !== 'new') {
      throw new BrokerError('ERR_BROKER_CLOSED', 'This broker was connected or closed before')
    }
    signal?.throwIfAborted()
    this.#state = 'started'
    if (will) this.#will = copyMessage(will)
    this.#inbound = new Inbound({
      receiveMaximum: this.#config.receiveMaximum,
      onMessage,
      onError: (error) => this.#status.emit({ kind: 'error', error }),
      mustRead: () => this.#connection?.awaits ?? false,
    })
    try {
      const connection = await this.#firstConnection(this.#inbound, signal)
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
    this.#connected()
    const asked = subscriptions.map((subscription) => ({ ...subscription }))
    return this.#changes.take(() => this.#subscribe(asked))
  }

  async unsubscribe(filters: readonly string[]): Promise<void> {
    checkFilters(filters)
    this.#connected()
    const asked = [...new Set(filters)]
    return this.#changes.take(() => this.#unsubscribe(asked))
  }

  // Each promise more is a good part of what a message takes.
  publish(message: OutgoingMessage): Promise<void> {
    try {
      checkMessage(message)
      const { topic, qos = 1, retain = false } = message
      const denial = this.#logins.findDenial({ action: 'publish', topic, qos, retain })
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

  async #subscribe(subscriptions: readonly Subscription[]): Promise<readonly SubscriptionResult[]> {
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
      const key = keyOf(filter, shared)
      this.#subscriptions.set(key, outcome.subscription)
      this.#missing.delete(key)
      results.push(outcome.result)
    }
    if (errors[0]) throw errors[0]
    return results
  }

  async #unsubscribe(filters: readonly string[]): Promise<void> {
    const connection = this.#connected()
    const keysOf = (filter: string) =>
      [false, true]
        .map((shared) => keyOf(filter, shared))
        .filter((key) => this.#subscriptions.has(key))
    const endings = filters.map((filter) => ({
      filter,
      shareName: this.#shareNameOf(filter, connection),
    }))
    const ending = endSubscriptions(connection, endings)
    ending.catch(() => {
      // What was not answered may or may not have ended: it lasts, and is made again.
      for (const key of filters.flatMap(keysOf)) this.#missing.add(key)
    })
    const refusals = await ending
    for (const [i, filter] of filters.entries()) {
      if (refusals[i]) continue
      for (const key of keysOf(filter)) {
        this.#subscriptions.delete(key)
        this.#missing.delete(key)
      }
    }
    const refused = refusals.find((error) => error !== undefined)
    if (refused) throw refused
  }

  /** The share name of a shared subscription with a filter, if the session in the broker may have one. */
  #shareNameOf(filter: string, { capabilities }: Connection): string | undefined {
    const { sharedSubscriptions, cleanStart, shareName } = this.#config
    if (sharedSubscriptions === false || !capabilities.sharedSubscriptions) return undefined
    return !cleanStart || this.#subscriptions.has(keyOf(filter, true)) ? shareName : undefined
  }

  #makeSubscriptions(connection: Connection, subscriptions: readonly Subscription[]) {
    return makeSubscriptions(connection, this.#config, this.#logins.findDenial, subscriptions)
  }

  #connected(): Connection {
    if (this.#state === 'closed') {
      throw new BrokerError('ERR_BROKER_CLOSED', 'This broker is closed')
    }
    if (this.#connection) return this.#connection
    const address = addressOf(this.#config)
    throw new BrokerError('ERR_BROKER_NOT_CONNECTED', `Not connected to ${address} at the moment`)
  }

  #firstConnection(inbound: Inbound, signal: AbortSignal | undefined): Promise<Connection> {
    const { cleanStart, waitForBroker } = this.#config
    const ended = this.#ended.signal
    const given = signal ? AbortSignal.any([ended, signal]) : ended
    const dial = () => this.#dial(inbound, cleanStart, given)
    return waitForBroker ? this.#persist(dial, given) : dial()
  }

  async #dial(inbound: Inbound, cleanStart: boolean, signal: AbortSignal): Promise<Connection> {
    const { connectTimeout } = this.#config
    const deadline = new AbortController()
    const timer = setTimeout(() => {
      const message = `${addressOf(this.#config)} did not answer within ${connectTimeout} s`
      deadline.abort(new BrokerError('ERR_BROKER_TIMEOUT', message))
    }, connectTimeout * 1000)
    try {
      const dialling = openConnection({
        config: this.#config,
        logins: this.#logins,
        cleanStart,
        will: this.#will,
        inbound,
        packetIds: this.#packetIds,
        signal: AbortSignal.any([signal, deadline.signal]),
      })
      this.#dialled = dialling.then(
        () => {},
        () => {},
      )
      const connection = await dialling
      if (!this.#ended.signal.aborted) return connection
      await connection.close()
      throw this.#ended.signal.reason
    } catch (error) {
      throw this.#logins.refusedForGood(error) ?? error
    } finally {
      clearTimeout(timer)
    }
  }

  /** Makes a new connection whenever one is lost. Settles when the broker is closed. */
  async #stayConnected(first: Connection, inbound: Inbound): Promise<void> {
    const ended = this.#ended.signal
    let connection = first
    try {
      for (;;) {
        const since = monotonicNow()
        const error = await connection.ended
        this.#leave(inbound)
        if (ended.aborted) return
        // Of a broker that is at odds with the protocol no session is believed.
        if (isProtocolError(error)) this.#missAll()
        this.#status.emit({ kind: 'disconnected', ...(error && { error }) })
        this.#pauses.onEnd(monotonicNow() - since)
        await pause(this.#pauses.afterLoss(), ended)
        connection = await this.#persist(() => this.#restoreConnection(inbound), ended)
      }
    } catch (error) {
      this.#giveUp(error)
    }
  }

  /** Tries until there is a connection. Rejects when that is pointless, or with the signal's reason. */
  async #persist(connect: () => Promise<Connection>, signal: AbortSignal): Promise<Connection> {
    for (let attempt = 1; ; attempt++) {
      signal.throwIfAborted()
      try {
        return await connect()
      } catch (error) {
        signal.throwIfAborted()
        if (error instanceof MissingDependencyError || error instanceof AccessDeniedError) {
          throw error
        }
        if (this.#logins.refusedForGood(error)) throw error
        const isRefusal = error instanceof BrokerError && error.reasonCode !== undefined
        const ms = isRefusal ? this.#pauses.afterRefusal() : this.#pauses.afterLoss()
        const failed = { kind: 'reconnect-failed', attempt, error: toError(error) } as const
        this.#status.emit({ ...failed, delay: ms / 1000 })
        await pause(ms, signal)
      }
    }
  }

  async #restoreConnection(inbound: Inbound): Promise<Connection> {
    const { cleanStart, sessionExpiry } = this.#config
    const isClean = cleanStart && sessionExpiry === 0
    const connection = await this.#dial(inbound, isClean, this.#ended.signal)
    try {
      this.#enter(connection, inbound)
      await this.#restore(connection)
      this.#beReady(connection)
      void this.#mend(connection)
      return connection
    } catch (error) {
      this.#leave(inbound)
      await connection.close()
      throw error
    }
  }

  #enter(connection: Connection, inbound: Inbound): void {
    this.#connection = connection
    inbound.resume()
  }

  /** Everything is in place: what waited is sent before anything else is. */
  #beReady(connection: Connection): void {
    this.#offlineQueue?.resume((message) => connection.publish(message))
    this.#status.emit({ kind: 'connected', capabilities: connection.capabilities })
  }

  #leave(inbound: Inbound): void {
    this.#connection = undefined
    this.#offlineQueue?.pause()
    inbound.pause()
  }

  async #restore(connection: Connection): Promise<void> {
    if (!connection.sessionPresent) this.#missAll()
    await this.#changes.take(() => this.#makeMissing(connection))
  }

  /** Has every subscription made again. */
  #missAll(): void {
    for (const key of this.#subscriptions.keys()) this.#missing.add(key)
  }

  /** Settles when the broker has answered for each. What it refuses stays missing, and is told. */
  async #makeMissing(connection: Connection): Promise<void> {
    const keys = [...this.#missing]
    const subscriptions = keys.map((key) => this.#subscriptions.get(key)!)
    const outcomes = await this.#makeSubscriptions(connection, subscriptions)
    for (const [i, outcome] of outcomes.entries()) {
      if ('error' in outcome) this.#status.emit({ kind: 'error', error: outcome.error })
      else this.#missing.delete(keys[i]!)
    }
  }

  /**
   * Asks again for what was refused, ever more slowly, for as long as the connection stands: a broker
   * that cannot ask whether to grant something refuses it. Never rejects.
   */
  async #mend(connection: Connection): Promise<void> {
    if (this.#missing.size === 0) return
    const lost = new AbortController()
    void connection.ended.then(() => lost.abort())
    const over = AbortSignal.any([this.#ended.signal, lost.signal])
    const pauses = new Pauses()
    try {
      while (this.#missing.size > 0) {
        await pause(pauses.afterRefusal(), over)
        if (over.aborted) return
        await this.#changes.take(() => this.#makeMissing(connection))
      }
    } catch {
      // The connection is over, or is ended by whoever waited for an answer: it is made again.
      return
    }
    this.#status.emit({ kind: 'connected', capabilities: connection.capabilities })
  }

  /** Closes because of an error. */
  #giveUp(error: unknown): void {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    this.#ended.abort(error)
    this.#inbound?.stop()
    this.#offlineQueue?.close(error)
    this.#status.emit({ kind: 'closed', ...(error instanceof Error && { error }) })
  }

  async #drain(): Promise<void> {
    this.#state = 'closed'
    this.#ended.abort(new BrokerError('ERR_BROKER_CLOSED', 'This broker was closed'))
    this.#inbound?.stop()
    this.#offlineQueue?.close(undefined)
    const connection = this.#connection
    await Promise.all([this.#inbound?.idle(), connection?.idle(), this.#dialled])
    await connection?.close()
    this.#status.emit({ kind: 'closed' })
  }
}

function keyOf(filter: string, shared: boolean): string {
  return `${shared} ${filter}`
}
