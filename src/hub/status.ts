/**
 * What is known of a hub and its brokers at any time.
 *
 * @module
 */

/** An error, as a plain value. */
export interface ToldError {
  /** Stable, to switch on, where the error has one. */
  readonly code?: string
  readonly message: string
  /** When it was told, in milliseconds since the Unix epoch. */
  readonly at: number
}

/** A broker of a hub, as far as it has told of itself. */
export interface BrokerState {
  /**
   * `idle` until the hub starts, `connecting` until there is a first connection, then `connected`, or
   * `disconnected` while it is made again. `closed` is the end: the hub closed it, or, with a
   * `lastError`, it gave up. `unknown` is a broker whose stream of statuses failed, or ended before
   * `closed`: it may be connected, and nobody would hear if it were not.
   */
  readonly state: 'idle' | 'connecting' | 'connected' | 'disconnected' | 'closed' | 'unknown'
  /** Since when, in milliseconds since the Unix epoch. */
  readonly since: number
  /** Whether it is connected, and every subscription of the hub is in place. */
  readonly subscribed: boolean
  /** How many attempts to connect have failed since there last was a connection. */
  readonly attempts: number
  /** The newest error it told of, which may long be over. */
  readonly lastError?: ToldError
}

/** A hub and its brokers: a plain value, which does not change and can be written as JSON. */
export interface HubStatus {
  /** `starting` and `closing` while `start()` and `close()` are under way. */
  readonly state: 'idle' | 'starting' | 'running' | 'closing' | 'closed'
  /** Since when, in milliseconds since the Unix epoch. */
  readonly since: number
  /** See {@link Hub.ready}. */
  readonly ready: boolean
  /** Messages that came and are not dealt with: those in their handlers, and those behind them. */
  readonly messages: number
  /** Commands that wait for a reply. */
  readonly commands: number
  /** By the names in `brokers`. */
  readonly brokers: Readonly<Record<string, BrokerState>>
}
