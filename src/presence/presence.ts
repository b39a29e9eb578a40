/**
 * Which devices are there: connected, as their broker tells, and fresh, as their own messages tell.
 * The two are kept apart, since each fails in its own way: an event can be lost, and a connection
 * can stand while the device behind it hangs.
 *
 * @module
 */
import type { Logger } from '../base/log.ts'
import type { DeviceRef } from '../device/reference.ts'
import type { DeviceType } from '../device/type.ts'

/** What `presenceTracker` takes. */
export interface PresenceOptions {
  /** The device types, such as `fleet.types`: their heartbeats say how long a device is fresh. */
  readonly types: readonly DeviceType[]
  /**
   * Most devices that are remembered, at least 1. Beyond it the one that nothing was heard or told
   * of for the longest time is forgotten, and unknown again. Default: 100,000.
   */
  readonly maxDevices?: number
  /** Told of a listener that fails. Default: `console`. */
  readonly logger?: Logger
}

/** What is known of a device. All times are milliseconds since the epoch. */
export interface Presence {
  /**
   * Whether one of its connections stands, as far as its broker has told; `unknown` before the first
   * event.
   */
  readonly connected: boolean | 'unknown'
  /**
   * When the oldest of the connections that stand began, or the last one ended: by the broker's
   * clock where it tells times. `undefined` while `connected` is `unknown`.
   */
  readonly since: number | undefined
  /** Whether it was heard from within 2.5 times the heartbeat of its type. */
  readonly fresh: boolean
  /** When it was last heard from. */
  readonly lastHeard: number | undefined
}

/** What {@link PresenceTracker.list} is narrowed by. Default: by nothing. */
export interface PresenceQuery {
  /** Devices of this type alone. */
  readonly type?: DeviceType
  readonly connected?: Presence['connected']
  readonly fresh?: boolean
}

/** A device, and what is known of it: plain data, as a route may answer it. */
export interface DevicePresence extends DeviceRef, Presence {}

/** A connection that an event speaks of. */
export interface ConnectionRef {
  /** Which broker tells: a client id is one connection at most there. */
  readonly broker: string
  readonly clientId: string
  /**
   * What tells it from another connection of its client id, such as the client's address and port:
   * the same text in both events, or none in either.
   */
  readonly connection?: string | undefined
  /**
   * When it began, by the broker's clock, in whole milliseconds since the epoch: the same in both
   * events. Where a broker tells no times, or one more than a minute ahead of our clock, the order of
   * arrival counts.
   */
  readonly connectedAt?: number | undefined
}

/** A connection was made. */
export interface ConnectedEvent extends ConnectionRef {
  /** Whose it is. Default: the device that was last connected under the client id. */
  readonly device?: DeviceRef | undefined
}

/** A connection ended. */
export interface DisconnectedEvent extends ConnectionRef {
  /** Whose it was. Needed only if the event may come before the one of the connection. */
  readonly device?: DeviceRef | undefined
  /** When it ended, by the broker's clock. */
  readonly disconnectedAt?: number | undefined
  /**
   * Whether another connection of the same client id took its place. It does not disconnect the
   * device unless nothing is heard of that other one for a minute.
   */
  readonly takenOver?: boolean
}

/** A device's presence became another. */
export interface PresenceChange {
  readonly device: DeviceRef
  readonly before: Pick<Presence, 'connected' | 'fresh'>
  readonly presence: Presence
}

/**
 * Keeps presence. Make one with `presenceTracker`. Times called `now` are milliseconds since
 * the epoch, and default to the clock. How long a device has been silent is then measured by one that
 * nobody sets back.
 */
export interface PresenceTracker {
  /**
   * A message of the device arrived at a time. Default: `now`. An earlier time than one known is
   * ignored, unless that lies more than a minute ahead by now; a later one than `now` counts as `now`.
   */
  heard(device: DeviceRef, at?: number, now?: number): void
  /**
   * A broker told of a connection. Repeating an event, or telling events in another order, changes
   * nothing where they hold {@link ConnectionRef.connectedAt}.
   *
   * @returns Whether it is known whose connection it is, and counts.
   */
  connected(event: ConnectedEvent, now?: number): boolean
  /** A broker told of the end of a connection. As {@link PresenceTracker.connected}. */
  disconnected(event: DisconnectedEvent, now?: number): boolean
  /** What is known of a device. @throws {ConfigError} If the type is not one of the tracker's. */
  of(type: DeviceType, id: string, now?: number): Presence
  /**
   * The devices that are remembered, each once: at most {@link PresenceOptions.maxDevices}. The one that
   * was heard or told of last comes first. A device of which nothing was heard or told is not among them,
   * though it is on record. Looks at every device that is remembered, as {@link PresenceTracker.sweep}
   * does.
   * @throws {ConfigError} If the type is not one of the tracker's, or a key of the query is unknown or of
   * a wrong kind.
   */
  list(query?: PresenceQuery, now?: number): readonly DevicePresence[]
  /**
   * Calls a listener when `connected` or `fresh` of a device becomes another: at the event that
   * makes it so, or at the next {@link PresenceTracker.sweep} for what time alone makes so. A
   * device that is forgotten is not told of. Returns how to stop that.
   */
  onChange(listener: (change: PresenceChange) => void): () => void
  /**
   * Tells the listeners of the devices that fell silent. Looks at every device that is remembered;
   * call it every few seconds, as precise as it has to be.
   */
  sweep(now?: number): void
}
