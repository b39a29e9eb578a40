/**
 * The contract between a hub and whatever carries its messages. `src/testing/broker/` is the same
 * contract as cases that every implementation runs.
 *
 * @module
 */
import type { AbortSignalLike } from '../base/abort-signal.ts'

/** Quality of service (MQTT 5, section 4.3). */
export type Qos = 0 | 1 | 2

/** What may travel with a message beside its payload (MQTT 5, section 3.3.2.3). */
export interface MessageProperties {
  /** A key with several values has an array. */
  readonly userProperties?: Readonly<Record<string, string | readonly string[]>>
  readonly correlationData?: Uint8Array
  /** The topic name an answer should go to. */
  readonly responseTopic?: string
  readonly contentType?: string
  /** Seconds after which the broker drops the message undelivered, 1 to 4,294,967,295. */
  readonly messageExpiry?: number
}

/** A message that arrived. */
export interface Message extends MessageProperties {
  readonly topic: string
  readonly payload: Uint8Array
  readonly qos: Qos
  /** Set when the broker had it stored before the subscription was made. */
  readonly retain: boolean
}

/** A message to send. */
export interface OutgoingMessage extends MessageProperties {
  readonly topic: string
  readonly payload: Uint8Array
  /** Default: 1. */
  readonly qos?: Qos
  /** Asks the broker to keep it for later subscribers. Default: `false`. */
  readonly retain?: boolean
}

/**
 * A message that the broker publishes in the name of a connection that ends without `close()`
 * (MQTT 5, section 3.1.2.5).
 */
export interface Will extends OutgoingMessage {
  /**
   * Seconds that the broker waits before it publishes the will, 0 to 4,294,967,295: a connection that
   * is back by then cancels it. A session that ends sooner ends the wait (MQTT 5, section 3.1.3.2.2), so
   * it needs one that outlives the connection. Default: 0.
   */
  readonly delay?: number
}

/** A subscription to make. */
export interface Subscription {
  /** A topic filter without a share prefix. */
  readonly filter: string
  /** Highest QoS to deliver with. Default: 1. */
  readonly qos?: Qos
  /**
   * Asks that each message reach one member of the share group only. Where the broker has no shared
   * subscriptions a plain one is made instead, and the result says so. Default: `false`.
   */
  readonly shared?: boolean
}

/** What became of a subscription. */
export interface SubscriptionResult {
  readonly filter: string
  /** QoS the broker granted. */
  readonly qos: Qos
  /** Whether messages are shared with the other members of the group. */
  readonly shared: boolean
  /** Why they are not, although that was asked for. */
  readonly unsharedBecause?: 'turned-off' | 'broker-has-none' | 'protocol-has-none'
}

/** What the broker said of itself when the connection was made. */
export interface BrokerCapabilities {
  readonly sharedSubscriptions: boolean
  readonly retain: boolean
  readonly maxQos: Qos
  /** Longest packet it takes, in bytes; `undefined` when it sets no limit. */
  readonly maxPacketSize: number | undefined
}

/** A change in the life of a connection. */
export type BrokerStatus =
  /**
   * Connected, and every subscription is in place again, save for those that were refused: each of them
   * is an `error` before it. Comes once more when these are in place too.
   */
  | { readonly kind: 'connected'; readonly capabilities: BrokerCapabilities }
  /** The connection is lost; the broker adapter makes it again. */
  | { readonly kind: 'disconnected'; readonly error?: Error }
  /** It was not made in this attempt, and another one follows. */
  | {
      readonly kind: 'reconnect-failed'
      /** Counts the attempts since the last `connected`, or since `connect()`, from 1. */
      readonly attempt: number
      /** What stood in the way: the network, the broker that refused the login, a certificate … */
      readonly error: Error
      /** Seconds until the next attempt, with fractions. */
      readonly delay: number
    }
  /** Something failed that no caller waits for, such as a handler that rejected. */
  | { readonly kind: 'error'; readonly error: Error }
  /** The last event: `close()` was called, or trying again is pointless. */
  | { readonly kind: 'closed'; readonly error?: Error }

/**
 * Handles a message. It is acknowledged when the promise settles, and not before; without a promise
 * when the handler returns. A rejection or exception is reported as an `error` status, and the
 * message is acknowledged as failed: it does not come back.
 */
export type MessageHandler = (message: Message) => void | Promise<void>

/** What {@link Broker.connect} takes. */
export interface ConnectOptions {
  /** Receives every message, from the first one a durable session has waiting. */
  readonly onMessage: MessageHandler
  /**
   * What the broker publishes when a connection is lost, and not when `close()` ends it. It goes with
   * each connection that is made, and is a publish: whoever may not publish it has no such will.
   * Default: none.
   */
  readonly will?: Will
  /** Gives up connecting. After that it has no effect. */
  readonly signal?: AbortSignalLike
}

/**
 * A connection to a message broker.
 *
 * What it is asked to do is checked before any of it is done, whatever the connection is like: see
 * `checkMessage`, `checkWill`, `checkSubscriptions` and `checkFilters`. A topic that is not well formed
 * is an `InvalidTopicError`, and any other argument that is wrong, such as a payload that is no
 * `Uint8Array`, is a `TypeError` that names the field. Each method rejects with them and throws nothing.
 * Settings are another matter: those that are wrong are a `ConfigError` of whatever makes the broker.
 *
 * Messages reach the handler in the order the broker sent them, and handlers of several messages
 * may run at once: at most `receiveMaximum` (an option of each implementation) are waiting for
 * their handler at a time, and the others wait in the broker.
 */
export interface Broker extends AsyncDisposable {
  /**
   * Connects, and keeps connected until `close()`. Settles when the first connection stands.
   *
   * @throws {BrokerError} `ERR_BROKER_UNREACHABLE`, `ERR_BROKER_LOGIN_REFUSED`,
   * `ERR_BROKER_CERTIFICATE`, `ERR_BROKER_CREDENTIALS` or `ERR_BROKER_TIMEOUT` when it cannot be
   * made, `ERR_BROKER_NOT_AUTHORIZED` if the will is not granted, and `ERR_BROKER_REFUSED` where there
   * are no wills: the broker is then closed. `ERR_BROKER_CLOSED` if it was connected or closed before.
   * The signal's reason, if it was aborted.
   * @throws {InvalidTopicError} If a topic of the will is not well formed; then nothing is connected.
   * @throws {TypeError} If another field of the will is wrong; then nothing is connected.
   */
  connect(options: ConnectOptions): Promise<BrokerCapabilities>
  /**
   * Subscribes. Settles when the broker has answered for each filter. A subscription lasts until
   * `unsubscribe()` or `close()`: it is made again after a reconnect where the broker did not keep it.
   *
   * @throws {BrokerError} `ERR_BROKER_NOT_AUTHORIZED` or `ERR_BROKER_REFUSED` if one was refused;
   * the others stand. `ERR_BROKER_NOT_CONNECTED` or `ERR_BROKER_CLOSED` without a connection.
   * `ERR_BROKER_TIMEOUT` or `ERR_BROKER_CONNECTION_LOST` if it was not answered.
   * @throws {InvalidTopicError} If a filter is not well formed; then nothing is subscribed.
   * @throws {TypeError} If another argument is wrong, such as a filter with a share prefix; then nothing
   * is subscribed.
   */
  subscribe(subscriptions: readonly Subscription[]): Promise<readonly SubscriptionResult[]>
  /**
   * Ends the subscriptions with these filters, whether they were to be shared or not. Settles when the
   * broker has answered for each: then none of them is made again after a reconnect. A filter that is
   * not subscribed is no error. Other subscriptions stand, those with filters that overlap too.
   *
   * Messages that are on their way by then are handled and acknowledged as any other, so a handler may
   * get some after this has settled: those that wait for their turn, and what the broker has begun to
   * send (MQTT 5, section 3.10.4).
   *
   * @throws {BrokerError} `ERR_BROKER_NOT_AUTHORIZED` or `ERR_BROKER_REFUSED` if one was refused, which
   * stands then; the others have ended. `ERR_BROKER_NOT_CONNECTED` or `ERR_BROKER_CLOSED` without a
   * connection, and `ERR_BROKER_TIMEOUT` or `ERR_BROKER_CONNECTION_LOST` if it was not answered: all of
   * them last then, and are made again.
   * @throws {InvalidTopicError} If a filter is not well formed; then nothing ends.
   * @throws {TypeError} If another argument is wrong, such as a filter with a share prefix; then nothing
   * ends.
   */
  unsubscribe(filters: readonly string[]): Promise<void>
  /**
   * Publishes. With QoS 0 it settles when the message is handed to the connection, with QoS 1 and
   * 2 when the broker has taken it. It never waits for ever, and for a connection only where a queue
   * for that was asked for, as by `offlineQueue` of the MQTT adapter.
   *
   * @throws {BrokerError} `ERR_BROKER_NOT_AUTHORIZED` or `ERR_BROKER_REFUSED` if the broker refused
   * it; `ERR_BROKER_NOT_CONNECTED`, `ERR_BROKER_QUEUE_FULL` or `ERR_BROKER_MESSAGE_EXPIRED` if
   * nothing was sent; `ERR_BROKER_TIMEOUT` or `ERR_BROKER_CONNECTION_LOST` if it may or may not have
   * arrived; `ERR_BROKER_CLOSED` if the broker is closed, and nothing was sent.
   * @throws {InvalidTopicError} If a topic is not well formed; then nothing is sent.
   * @throws {TypeError} If another field of the message is wrong; then nothing is sent.
   */
  publish(message: OutgoingMessage): Promise<void>
  /**
   * Takes no more messages, waits for the running handlers and their acknowledgements, and
   * disconnects. Settles when that is done; a second call settles with the first.
   */
  close(): Promise<void>
  /** {@link Broker.close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>
  /**
   * Events from now on; ends after `closed`. Each call is a stream of its own. A reader that falls far
   * behind may miss the older ones.
   */
  status(): AsyncIterable<BrokerStatus>
}

/** The part of a {@link Broker} that sends. */
export type Publisher = Pick<Broker, 'publish'>
