/**
 * What an adapter gives the client that it makes.
 *
 * @module
 */
import type { BrokerError } from '../base/errors.ts'
import type { BrokerCapabilities, Subscription, SubscriptionResult } from '../broker/broker.ts'
import type { OfflineQueue } from './offline-queue.ts'
import type { PacketIds } from './packet-ids.ts'
import type { Describe } from './reason.ts'
import type { MakeRenewal } from './renewal.ts'
import type { FilterQos, Login, OpenWire } from './wire.ts'

/** What became of a subscription: a result, or why it was refused. */
export type Outcome = { readonly subscription: Subscription } & (
  | { readonly result: SubscriptionResult; readonly error?: undefined }
  | { readonly result?: undefined; readonly error: BrokerError }
)

/** A connection, as subscriptions are made over it. */
export interface Asked {
  readonly capabilities: BrokerCapabilities
  /** A reason code in words. */
  readonly describe: Describe
  /**
   * Subscribes. To be called when every SUBSCRIBE and UNSUBSCRIBE before this one was answered: NanoMQ 0.24
   * and 0.25 have a thread for each question to an authentication server, and deadlock where as many come at
   * once. Settles with the broker's reason code for each filter.
   *
   * @throws {BrokerError} `ERR_BROKER_TIMEOUT` if it is not answered; the connection ends then.
   */
  subscribe(filters: readonly FilterQos[]): Promise<readonly number[]>
}

/** Makes subscriptions some of which are to be shared, where a client can. */
export interface Sharing {
  makeSubscriptions(
    connection: Asked,
    subscriptions: readonly Subscription[],
  ): Promise<readonly Outcome[]>
  /**
   * The filter of a shared subscription, if the session in the broker may have one.
   *
   * @param isKnown Whether this client has made it.
   */
  sharedFilter(
    filter: string,
    capabilities: BrokerCapabilities,
    isKnown: boolean,
  ): string | undefined
}

/** What a client works with. All of it is checked. */
export interface ClientSettings {
  /** Of the broker, as far as it may be shown. */
  readonly address: string
  /** Most handlers at once. */
  readonly receiveMaximum: number
  /** Seconds. */
  readonly connectTimeout: number
  /** Seconds. */
  readonly publishTimeout: number
  /** Whether the first connection starts without what the broker kept of an earlier session. */
  readonly cleanStart: boolean
  /** Seconds. */
  readonly sessionExpiry: number
  readonly waitForBroker: boolean
  /** Whether the broker can be told that a message was not handled, as in MQTT 5. */
  readonly canRefuse: boolean
  /** The login of the next connection. Rejects with the signal's reason once it is aborted. */
  readonly nextLogin: (signal: AbortSignal) => Login | Promise<Login>
  /** Leaves connections in time. Missing where no login has an end. */
  readonly makeRenewal?: MakeRenewal
  /** A reason code in words. */
  readonly describe: Describe
  /** Loads what speaks the packets. */
  readonly loadWire: (packetIds: PacketIds) => Promise<OpenWire>
  /** Waits for some milliseconds, or until the signal aborts. */
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>
  /** What is told of a connection that could not be made, where more is known than its cause. */
  readonly explain?: (cause: unknown, signal: AbortSignal) => Promise<Error | undefined>
  /** Whether it is pointless to try again after an error. Default: it never is. */
  readonly isFinal?: (error: unknown) => boolean
  readonly sharing?: Sharing
  /** Makes the queue of messages that wait for a connection. Missing where nothing is to wait. */
  readonly offlineQueue?: (() => OfflineQueue) | undefined
}
