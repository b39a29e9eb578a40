/**
 * The {@link Broker} contract over a sequence of connections.
 *
 * @module
 */
import { monotonicNow } from '../base/clock.ts'
import { BrokerError, toError } from '../base/errors.ts'
import type {
  Broker,
  MessageHandler,
  Subscription,
  SubscriptionResult,
  Will,
} from '../broker/broker.ts'
import { checkFilters, checkMessage, checkSubscriptions, checkWill } from '../broker/check.ts'
import { copyMessage } from '../broker/copy.ts'
import { StatusStream } from '../broker/status-stream.ts'
import { type Connection, openConnection } from './connection.ts'
import { makeInbound } from './inbound.ts'
import { limited } from './limit.ts'
import type { OfflineQueue } from './offline-queue.ts'
import { PacketIds } from './packet-ids.ts'
import { Pauses } from './pauses.ts'
import { asking, FAILURE, PROTOCOL_ERROR, refusal, unanswered } from './reason.ts'
import type { ClientSettings } from './settings.ts'
import { subscribePlainly } from './subscribe.ts'
import { Turns } from './turns.ts'

/** Makes a client of a broker, over whatever wire its settings name. */
export function createClient(settings: ClientSettings): Broker {
  const { address, sharing, connectTimeout } = settings
  const status = new StatusStream()
  /** What is to be restored after a reconnect, by filter, and apart if shared. */
  const subscriptions = new Map<string, Subscription>()
  /** Keys of the subscriptions that the session in the broker lacks, or may lack. */
  const missing = new Set<string>()
  /** For changes of these, one after another: what is subscribed must not be in doubt. */
  const changes = new Turns()
  const packetIds = new PacketIds()
  const pauses = new Pauses()
  /** Aborts whatever dials or waits to dial, once the broker is closed. */
  const closer = new AbortController()
  const closed = closer.signal
  let isStarted = false
  let onMessage: MessageHandler
  let will: Will | undefined
  let current: Connection | undefined
  /** There from the first connection on, if messages are to wait for another one. */
  let queue: OfflineQueue | undefined
  let closing: Promise<void> | undefined
  /** Settles when the last dialling is over. Never rejects. */
  let dialled: Promise<unknown> | undefined
  const inbound = makeInbound(
    settings.receiveMaximum,
    (message) => onMessage(message),
    (error) => status.emit({ kind: 'error', error }),
    () => current?.awaits() ?? false,
  )
  const renewal = settings.makeRenewal?.(() => {
    current = undefined
    queue?.pause()
    inbound.hold()
    return inbound.idle()
  }, closed)

  function connected(): Connection {
    if (closed.aborted) throw new BrokerError('ERR_BROKER_CLOSED', 'This broker is closed')
    if (current) return current
    const message = `Not connected to ${address} at the moment`
    throw new BrokerError('ERR_BROKER_NOT_CONNECTED', message)
  }

  /** Makes subscriptions. Returns the results of those that were made, and why others were not. */
  async function make(
    connection: Connection,
    asked: readonly Subscription[],
  ): Promise<readonly [readonly SubscriptionResult[], readonly BrokerError[]]> {
    const results: SubscriptionResult[] = []
    const errors: BrokerError[] = []
    const outcomes = await (sharing?.makeSubscriptions ?? subscribePlainly)(connection, asked)
    for (const { subscription, result, error } of outcomes) {
      if (result) {
        const key = keyOf(subscription)
        subscriptions.set(key, subscription)
        missing.delete(key)
        results.push(result)
      } else errors.push(error)
    }
    return [results, errors]
  }

  async function subscribe(asked: readonly Subscription[]): Promise<readonly SubscriptionResult[]> {
    const [results, [refused]] = await make(connected(), asked)
    if (refused) throw refused
    return results
  }

  async function unsubscribe(filters: ReadonlySet<string>): Promise<void> {
    const connection = connected()
    // A filter may stand for a plain subscription, a shared one, or both.
    const asked = [...filters].flatMap((filter) => {
      const isKnown = subscriptions.has(keyOf({ filter, shared: true }))
      const shared = sharing?.sharedFilter(filter, connection.capabilities, isKnown) ?? []
      return [filter].concat(shared).map((name) => ({ filter, name }))
    })
    if (asked.length === 0) return
    const ended = new Set(filters)
    const keys = () =>
      [...subscriptions].flatMap(([key, { filter }]) => (ended.has(filter) ? [key] : []))
    let codes: readonly number[]
    try {
      codes = await connection.unsubscribe(asked.map(({ name }) => name))
    } catch (error) {
      // What was not answered may or may not have ended: it lasts, and is made again.
      for (const key of keys()) missing.add(key)
      throw error
    }
    let refused: BrokerError | undefined
    for (const [i, { filter, name }] of asked.entries()) {
      const code = codes[i] ?? FAILURE
      if (code < FAILURE) continue
      ended.delete(filter)
      refused ??= refusal(asking('Unsubscribing from', [name]), code, connection.describe)
    }
    for (const key of keys()) {
      subscriptions.delete(key)
      missing.delete(key)
    }
    if (refused) throw refused
  }

  async function dial(cleanStart: boolean, signal: AbortSignal): Promise<Connection> {
    const deadline = new AbortController()
    const dialling = openConnection(
      settings,
      { cleanStart, will },
      inbound,
      packetIds,
      AbortSignal.any([signal, deadline.signal]),
    )
    dialled = Promise.allSettled([dialling])
    const connection = await limited(dialling, connectTimeout * 1000, () => {
      deadline.abort(unanswered(`Connecting to ${address}`, connectTimeout * 1000))
    })
    if (!closed.aborted) return connection
    await connection.close()
    throw closed.reason
  }

  /** Tries until there is a connection. Rejects when that is pointless, or with the signal's reason. */
  async function persist(
    connect: () => Promise<Connection>,
    signal: AbortSignal,
  ): Promise<Connection> {
    for (let attempt = 1; ; attempt++) {
      signal.throwIfAborted()
      try {
        return await connect()
      } catch (thrown) {
        renewal?.end()
        signal.throwIfAborted()
        if (settings.isFinal?.(thrown)) throw thrown
        const error = toError(thrown)
        const isRefusal = (error as Partial<BrokerError>).reasonCode !== undefined
        const ms = isRefusal ? pauses.afterRefusal() : pauses.afterLoss()
        status.emit({ kind: 'reconnect-failed', attempt, error, delay: ms / 1000 })
        await settings.pause(ms, signal)
      }
    }
  }

  /** Makes a new connection whenever one is lost. Settles when the broker is closed. */
  async function stayConnected(first: Connection): Promise<void> {
    let connection = first
    try {
      for (;;) {
        const since = monotonicNow()
        const stopRenewing = renewal?.watch(connection)
        const error = await connection.ended
        stopRenewing?.()
        leave()
        if (closed.aborted) return
        // Of a broker that is at odds with the protocol, not only sends too much, no session is believed.
        const { reasonCode } = (error ?? {}) as Partial<BrokerError>
        if (reasonCode === PROTOCOL_ERROR) missAll()
        status.emit({ kind: 'disconnected', ...(error && { error }) })
        pauses.onEnd(monotonicNow() - since)
        if (!renewal?.over) await settings.pause(pauses.afterLoss(), closed)
        connection = await persist(restore, closed)
      }
    } catch (error) {
      giveUp(error)
    }
  }

  async function restore(): Promise<Connection> {
    const isClean = settings.cleanStart && settings.sessionExpiry === 0
    const connection = await dial(isClean, closed)
    try {
      enter(connection)
      if (!connection.sessionPresent) missAll()
      await changes.take(() => makeMissing(connection))
      beReady(connection)
      void mend(connection)
      return connection
    } catch (error) {
      leave()
      await connection.close()
      throw error
    }
  }

  function enter(connection: Connection): void {
    current = connection
    inbound.resume()
  }

  /** Everything is in place: what waited is sent before anything else is. */
  function beReady({ publish, capabilities }: Connection): void {
    queue?.resume(publish)
    renewal?.end()
    status.emit({ kind: 'connected', capabilities })
  }

  function leave(): void {
    current = undefined
    queue?.pause()
    inbound.pause()
  }

  /** Has every subscription made again. */
  function missAll(): void {
    for (const key of subscriptions.keys()) missing.add(key)
  }

  /** Settles when the broker has answered for each. What it refuses stays missing, and is told. */
  async function makeMissing(connection: Connection): Promise<void> {
    const asked = [...missing].map((key) => subscriptions.get(key)!)
    const [, errors] = await make(connection, asked)
    for (const error of errors) status.emit({ kind: 'error', error })
  }

  /**
   * Asks again for what was refused, ever more slowly, for as long as the connection stands: a broker
   * that cannot ask whether to grant something refuses it. Never rejects.
   */
  async function mend(connection: Connection): Promise<void> {
    if (missing.size === 0) return
    const own = new Pauses()
    try {
      while (missing.size > 0) {
        await Promise.race([settings.pause(own.afterRefusal(), closed), connection.ended])
        if (closed.aborted || current !== connection) return
        await changes.take(() => makeMissing(connection))
      }
    } catch {
      // The connection is over, or is ended by whoever waited for an answer: it is made again.
      return
    }
    status.emit({ kind: 'connected', capabilities: connection.capabilities })
  }

  /** Takes nothing more, and gives up what waits. @param cause What is told of it. */
  function end(reason: unknown, cause?: unknown): void {
    renewal?.end()
    closer.abort(reason)
    inbound.stop()
    queue?.close(cause)
  }

  /** Closes because of an error. */
  function giveUp(error: unknown): void {
    if (closed.aborted) return
    end(error, error)
    status.emit({ kind: 'closed', ...(error instanceof Error && { error }) })
  }

  async function drain(): Promise<void> {
    end(new BrokerError('ERR_BROKER_CLOSED', 'This broker is closed'))
    const connection = current
    await Promise.all([inbound.idle(), connection?.idle(), dialled])
    await connection?.close()
    await renewal?.left
    status.emit({ kind: 'closed' })
  }

  return {
    async connect(options) {
      if (options.will !== undefined) checkWill(options.will)
      if (isStarted || closed.aborted) {
        throw new BrokerError('ERR_BROKER_CLOSED', 'This broker was connected or closed before')
      }
      const { signal } = options
      signal?.throwIfAborted()
      isStarted = true
      onMessage = options.onMessage
      will = options.will && copyMessage(options.will)
      try {
        const given = signal ? AbortSignal.any([closed, signal]) : closed
        const first = () => dial(settings.cleanStart, given)
        const connection = await (settings.waitForBroker ? persist(first, given) : first())
        enter(connection)
        queue = settings.offlineQueue?.()
        beReady(connection)
        void stayConnected(connection)
        return connection.capabilities
      } catch (error) {
        giveUp(error)
        throw error
      }
    },

    async subscribe(asked) {
      checkSubscriptions(asked)
      const copies = asked.map((subscription) => ({ ...subscription }))
      if (renewal?.over) await renewal.over
      connected()
      return changes.take(() => subscribe(copies))
    },

    async unsubscribe(filters) {
      checkFilters(filters)
      const asked = new Set(filters)
      if (renewal?.over) await renewal.over
      connected()
      return changes.take(() => unsubscribe(asked))
    },

    // Each promise more is a good part of what a message takes.
    publish(message) {
      try {
        checkMessage(message)
        const over = renewal?.over
        if (over && !queue) {
          const copy = copyMessage(message)
          return over.then(() => connected().publish(copy))
        }
        return (queue ?? connected()).publish(message)
      } catch (error) {
        return Promise.reject(error)
      }
    },

    status: () => status.watch(),

    close() {
      closing ??= drain()
      return closing
    },

    [Symbol.asyncDispose]() {
      return this.close()
    },
  }
}

function keyOf({ filter, shared = false }: Subscription): string {
  return `${shared} ${filter}`
}
