/**
 * Messages that are published while there is no connection: they wait here, in order, until there is
 * one again.
 *
 * @module
 */
import { monotonicNow } from '../base/clock.ts'
import { BrokerError, type BrokerErrorCode } from '../base/errors.ts'
import { MAX_TIMER_DELAY } from '../base/timer.ts'
import type { OutgoingMessage } from '../broker/broker.ts'
import { copyMessage } from '../broker/copy.ts'
import { publishing } from './reason.ts'

/** What becomes of messages that are published while there is no connection. */
export interface OfflineQueueConfig {
  /**
   * Most messages that wait, 1 to 1,000,000; each counts until the broker has answered. There is no
   * bound on their bytes beside it. Default: 1,000.
   */
  readonly limit?: number
  /**
   * What gives way when so many are there, with `ERR_BROKER_QUEUE_FULL`: the newest message
   * (`'reject'`), or the one that waits longest (`'drop-oldest'`). Default: `'reject'`.
   */
  readonly whenFull?: 'reject' | 'drop-oldest'
}

/** Publishes over a connection. */
type Send = (message: OutgoingMessage) => Promise<void>

interface Entry {
  readonly message: OutgoingMessage
  readonly expiresAt: number
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
  isWaiting: boolean
  timer: ReturnType<typeof setTimeout> | undefined
}

/**
 * Most messages of the queue that are handed to a connection at once. The others are not on their
 * way, so that the deadline of an answer does not count for them.
 */
const MOST_HANDED_OVER = 256

/** The queue of a broker, over all of its connections. */
export class OfflineQueue {
  readonly #config: Required<OfflineQueueConfig>
  readonly #now: () => number
  /** In the order they came; each stays until its promise settles. */
  readonly #entries = new Set<Entry>()
  /** How many of them are not handed over. */
  #waiting = 0
  /** Those that the connection has not had its turn with. */
  #next = this.#entries.values()
  #send: Send | undefined
  #closed: { readonly cause: unknown } | undefined

  /** @param now Milliseconds on a clock that is never set. */
  constructor(config: Required<OfflineQueueConfig>, now: () => number = monotonicNow) {
    this.#config = config
    this.#now = now
  }

  /**
   * Publishes a checked message when its turn comes: at once if there is a connection and none waits.
   * Settles when that has, or when it is known that it never will. What the connection was lost over
   * before it was sent waits for the next one, in its place; what was sent is not sent again.
   */
  publish(message: OutgoingMessage): Promise<void> {
    const { messageExpiry } = message
    const expiresAt = messageExpiry === undefined ? Infinity : this.#now() + messageExpiry * 1000
    if (this.#send && this.#waiting === 0) return this.#pass(this.#send, message, expiresAt)
    return this.#add(message, expiresAt)
  }

  /** There is a connection: sends what waits, and from then on what comes. */
  resume(send: (message: OutgoingMessage) => Promise<void>): void {
    if (this.#closed) return
    this.#send = send
    this.#next = this.#entries.values()
    this.#advance()
  }

  /** There is no connection any more: keeps what comes. */
  pause(): void {
    this.#send = undefined
  }

  /** Rejects what waits and what comes. What was handed over is answered by the connection. */
  close(cause: unknown): void {
    this.#closed = { cause }
    this.#send = undefined
    for (const entry of this.#entries) {
      if (entry.isWaiting) this.#refuse(entry, closed(entry.message, cause))
    }
  }

  async #pass(send: Send, message: OutgoingMessage, expiresAt: number): Promise<void> {
    try {
      await send(message)
    } catch (error) {
      this.#stopIfLost(send, error)
      if (!isUnsent(error)) throw error
      await this.#add(message, expiresAt)
    }
  }

  async #add(message: OutgoingMessage, expiresAt: number): Promise<void> {
    if (this.#closed) throw closed(message, this.#closed.cause)
    if (expiresAt <= this.#now()) throw expired(message)
    const { limit, whenFull } = this.#config
    if (this.#entries.size >= limit) {
      const oldest = whenFull === 'reject' ? undefined : this.#oldestWaiting()
      if (!oldest) throw failure('ERR_BROKER_QUEUE_FULL', message, `${limit} others wait already`)
      const problem = 'a newer message took its place in the offline queue'
      this.#refuse(oldest, failure('ERR_BROKER_QUEUE_FULL', oldest.message, problem))
    }
    await new Promise<void>((resolve, reject) => {
      const entry: Entry = {
        message: copyMessage(message),
        expiresAt,
        resolve,
        reject,
        isWaiting: false,
        timer: undefined,
      }
      this.#entries.add(entry)
      this.#wait(entry)
    })
  }

  #oldestWaiting(): Entry | undefined {
    for (const entry of this.#entries) if (entry.isWaiting) return entry
    return undefined
  }

  #wait(entry: Entry): void {
    entry.isWaiting = true
    this.#waiting++
    if (entry.expiresAt <= this.#now()) this.#expire(entry)
    else if (entry.expiresAt !== Infinity) this.#watch(entry)
  }

  /** Again and again: a timer may be early, by this clock, and has a longest delay. */
  #watch(entry: Entry): void {
    const delay = Math.min(MAX_TIMER_DELAY, Math.ceil(entry.expiresAt - this.#now()))
    entry.timer = setTimeout(() => {
      if (entry.expiresAt <= this.#now()) this.#expire(entry)
      else this.#watch(entry)
    }, delay)
  }

  #endWait(entry: Entry): void {
    entry.isWaiting = false
    this.#waiting--
    clearTimeout(entry.timer)
  }

  #refuse(entry: Entry, error: BrokerError): void {
    this.#endWait(entry)
    this.#entries.delete(entry)
    entry.reject(error)
  }

  #expire(entry: Entry): void {
    this.#refuse(entry, expired(entry.message))
  }

  /** Hands over as many as may be. */
  #advance(): void {
    while (this.#send && this.#entries.size - this.#waiting < MOST_HANDED_OVER) {
      const next = this.#next.next()
      if (next.done) return
      const entry = next.value
      if (entry.expiresAt <= this.#now()) this.#expire(entry)
      else void this.#handOver(this.#send, entry)
    }
  }

  async #handOver(send: Send, entry: Entry): Promise<void> {
    this.#endWait(entry)
    try {
      await send(this.#remaining(entry))
      this.#entries.delete(entry)
      entry.resolve()
    } catch (error) {
      this.#stopIfLost(send, error)
      if (isUnsent(error) && !this.#closed) {
        this.#wait(entry)
        return
      }
      this.#entries.delete(entry)
      entry.reject(isUnsent(error) ? closed(entry.message, this.#closed?.cause) : error)
    }
    this.#advance()
  }

  /** The message with what is left of its time (MQTT 5, section 3.3.2.3.3). */
  #remaining({ message, expiresAt }: Entry): OutgoingMessage {
    if (expiresAt === Infinity) return message
    return { ...message, messageExpiry: Math.ceil((expiresAt - this.#now()) / 1000) }
  }

  /** A connection tells of its end with each message first: nothing more goes to it then. */
  #stopIfLost(send: Send, error: unknown): void {
    const isLost = isUnsent(error) || hasCode(error, 'ERR_BROKER_CONNECTION_LOST')
    if (isLost && this.#send === send) this.pause()
  }
}

function isUnsent(error: unknown): boolean {
  return hasCode(error, 'ERR_BROKER_NOT_CONNECTED')
}

function hasCode(error: unknown, code: BrokerErrorCode): boolean {
  return error instanceof BrokerError && error.code === code
}

function closed(message: OutgoingMessage, cause: unknown): BrokerError {
  return failure('ERR_BROKER_CLOSED', message, 'the broker was closed before', { cause })
}

function expired(message: OutgoingMessage): BrokerError {
  const problem = 'it expired while there was no connection'
  return failure('ERR_BROKER_MESSAGE_EXPIRED', message, problem)
}

function failure(
  code: BrokerErrorCode,
  { topic }: OutgoingMessage,
  problem: string,
  options?: ErrorOptions,
): BrokerError {
  return new BrokerError(code, `${publishing(topic)}: ${problem}`, options)
}
