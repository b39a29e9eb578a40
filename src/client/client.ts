/**
 * The {@link Broker} contract over a sequence of connections.
 *
 * @module
 */
import { monotonicNow } from '../base/clock.ts'
import { BrokerError, hasCode, toError } from '../base/errors.ts'
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
import type { OfflineQueue } from './offline-queue.ts'
import { PacketIds } from './packet-ids.ts'
import { Pauses, pause } from './pauses.ts'
import { asking, FAILURE, PROTOCOL_ERROR, refusal } from './reason.ts'
import type { ClientSettings } from './settings.ts'
import { subscribePlainly } from './subscribe.ts'
import { Turns } from './turns.ts'

/** Milliseconds for handlers and answers to come to their end before a connection is left for another one. */
const LEAVE_LIMIT_MS = 5_000

/** A connection that is left for another one, with another login. */
interface Renewal {
  readonly connection: Connection
  /** Settles when there is the other one, or none. */
  readonly over: Promise<void>
  readonly end: () => void
}

/** Makes a client of a broker, over whatever wire its settings name. */
export function createClient(settings: ClientSettings): Broker {
  const { address, logins, sharing } = settings
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
  let renewal: Renewal | undefined
  const inbound = makeInbound({
    receiveMaximum: settings.receiveMaximum,
    onMessage: (message) => onMessage(message),
    onError: (error) => status.emit({ kind: 'error', error }),
    mustRead: () => current?.awaits() ?? false,
  })

  function connected(): Connection {
    if (closed.aborted) throw new BrokerError('ERR_BROKER_CLOSED', 'This broker is closed')
    if (current) return current
    const message = `Not connected to ${address} at the moment`
    throw new BrokerError('ERR_BROKER_NOT_CONNECTED', message)
  }

  async function subscribe(asked: readonly Subscription[]): Promise<readonly SubscriptionResult[]> {
    const outcomes = await makeSubscriptions(connected(), asked)
    const results: SubscriptionResult[] = []
    let refused: BrokerError | undefined
    for (const outcome of outcomes) {
      if ('error' in outcome) {
        refused ??= outcome.error
        continue
      }
      const key = keyOf(outcome.subscription)
      subscriptions.set(key, outcome.subscription)
      missing.delete(key)
      results.push(outcome.result)
    }
    if (refused) throw refused
    return results
  }

  async function unsubscribe(filters: readonly string[]): Promise<void> {
    const connection = connected()
    // A filter may stand for a plain subscription, a shared one, or both.
    const keysOf = (filter: string) =>
      [false, true]
        .map((shared) => keyOf({ filter, shared }))
        .filter((key) => subscriptions.has(key))
    const asked = filters.flatMap((filter) => {
      const isKnown = subscriptions.has(keyOf({ filter, shared: true }))
      const shared = sharing?.sharedFilter(filter, connection.capabilities, isKnown) ?? []
      return [filter].concat(shared).map((name) => ({ filter, name }))
    })
    if (asked.length === 0) return
    let codes: readonly number[]
    try {
      codes = await connection.unsubscribe(asked.map(({ name }) => name))
    } catch (error) {
      // What was not answered may or may not have ended: it lasts, and is made again.
      for (const key of filters.flatMap(keysOf)) missing.add(key)
      throw error
    }
    const refused = asked.filter((_, i) => (codes[i] ?? FAILURE) >= FAILURE)
    for (const filter of filters) {
      if (refused.some((one) => one.filter === filter)) continue
      for (const key of keysOf(filter)) {
        subscriptions.delete(key)
        missing.delete(key)
      }
    }
    const [first] = refused
    if (!first) return
    const what = asking('Unsubscribing from', [first.name])
    throw refusal(what, codes[asked.indexOf(first)] ?? FAILURE, connection.describe)
  }

  function makeSubscriptions(connection: Connection, asked: readonly Subscription[]) {
    return (sharing?.makeSubscriptions ?? subscribePlainly)(connection, asked)
  }

  async function dial(cleanStart: boolean, signal: AbortSignal): Promise<Connection> {
    const { connectTimeout } = settings
    const deadline = new AbortController()
    const timer = setTimeout(() => {
      const message = `${address} did not answer within ${connectTimeout} s`
      deadline.abort(new BrokerError('ERR_BROKER_TIMEOUT', message))
    }, connectTimeout * 1000)
    const dialling = openConnection({
      ...{ settings, cleanStart, will, inbound, packetIds },
      signal: AbortSignal.any([signal, deadline.signal]),
    })
    dialled = Promise.allSettled([dialling])
    try {
      const connection = await dialling
      if (!closed.aborted) return connection
      await connection.close()
      throw closed.reason
    } catch (error) {
      throw logins.refusedForGood?.(error) ?? error
    } finally {
      clearTimeout(timer)
    }
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
        endRenewal()
        signal.throwIfAborted()
        if (hasCode(thrown, 'ERR_DEPENDENCY_MISSING') || logins.refusedForGood?.(thrown)) {
          throw thrown
        }
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
        const stopRenewing = renewInTime(connection)
        const error = await connection.ended
        stopRenewing()
        leave()
        if (closed.aborted) return
        // Of a broker that is at odds with the protocol, not only sends too much, no session is believed.
        const { reasonCode } = (error ?? {}) as Partial<BrokerError>
        if (hasCode(error, 'ERR_BROKER_PROTOCOL') && reasonCode === PROTOCOL_ERROR) missAll()
        status.emit({ kind: 'disconnected', ...(error && { error }) })
        pauses.onEnd(monotonicNow() - since)
        if (!renewal) await settings.pause(pauses.afterLoss(), closed)
        connection = await persist(restore, closed)
      }
    } catch (error) {
      giveUp(error)
    }
  }

  /**
   * Leaves a connection before its login ends, so that the session goes on. Returns how to prevent it.
   * What was handled is acknowledged before, and what was asked is answered, if that takes no longer than
   * it may; what comes meanwhile is the session's.
   */
  function renewInTime(connection: Connection): () => void {
    const { renewAfter } = connection
    if (renewAfter === undefined) return () => {}
    const timer = setTimeout(async () => {
      let end = () => {}
      const over = new Promise<void>((resolve) => {
        end = resolve
      })
      renewal = { connection, over, end }
      current = undefined
      queue?.pause()
      inbound.hold()
      const quiet = Promise.all([inbound.idle(), connection.idle()])
      const limit = Math.min(LEAVE_LIMIT_MS, renewAfter / 8)
      await Promise.race([quiet, connection.ended, pause(limit, closed)])
      await connection.close()
    }, renewAfter)
    return () => clearTimeout(timer)
  }

  /** What waited for another connection goes on, or learns that there is none. */
  function endRenewal(): void {
    renewal?.end()
    renewal = undefined
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
    endRenewal()
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
    for (const outcome of await makeSubscriptions(connection, asked)) {
      if ('error' in outcome) status.emit({ kind: 'error', error: outcome.error })
      else missing.delete(keyOf(outcome.subscription))
    }
  }

  /**
   * Asks again for what was refused, ever more slowly, for as long as the connection stands: a broker
   * that cannot ask whether to grant something refuses it. Never rejects.
   */
  async function mend(connection: Connection): Promise<void> {
    if (missing.size === 0) return
    const lost = new AbortController()
    void connection.ended.then(() => lost.abort())
    const over = AbortSignal.any([closed, lost.signal])
    const own = new Pauses()
    try {
      while (missing.size > 0) {
        await settings.pause(own.afterRefusal(), over)
        if (over.aborted) return
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
    endRenewal()
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
    const left = renewal?.connection
    end(new BrokerError('ERR_BROKER_CLOSED', 'This broker was closed'))
    const connection = current
    await Promise.all([inbound.idle(), connection?.idle(), dialled])
    await connection?.close()
    await left?.ended
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
      if (renewal) await renewal.over
      connected()
      return changes.take(() => subscribe(copies))
    },

    async unsubscribe(filters) {
      checkFilters(filters)
      const asked = [...new Set(filters)]
      if (renewal) await renewal.over
      connected()
      return changes.take(() => unsubscribe(asked))
    },

    // Each promise more is a good part of what a message takes.
    publish(message) {
      try {
        checkMessage(message)
        if (renewal && !queue) {
          const copy = copyMessage(message)
          return renewal.over.then(() => connected().publish(copy))
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
