/**
 * A hub: a fleet plus its brokers. It receives what devices say, checks it against their type and
 * hands it to typed handlers; and it sends them typed commands.
 *
 * @module
 */
import type { AbortSignalLike } from '../base/abort-signal.ts'
import type { ExpiringKeys } from '../base/expiring-keys.ts'
import type { Logger } from '../base/log.ts'
import type { Broker } from '../broker/broker.ts'
import type { SendArguments, SendOptions } from '../command/call.ts'
import type { DeviceType, ReplyOf } from '../device/type.ts'
import type { RejectionOptions } from '../message/rejections.ts'
import type { PresenceTracker } from '../presence/presence.ts'
import type { StoredPresence } from '../presence/stored.ts'
import type { DataEvent, DeadLetter, Rejection, StatusEvent } from './events.ts'
import type { RetryOptions } from './retry.ts'
import type { HubStatus } from './status.ts'

/** What `createHub` takes. */
export interface HubOptions {
  /** The brokers by name. Every broker that a type of the fleet names must be here. */
  readonly brokers: Readonly<Record<string, Broker>>
  /** Most devices whose messages are handled at once, at least 1. Default: 32. */
  readonly concurrency?: number
  /** How a failing handler is tried again. */
  readonly retry?: RetryOptions
  /**
   * Takes a message whose handler failed in every attempt. The message is acknowledged when the
   * hook settles. Default: it is only reported as rejected.
   */
  readonly deadLetter?: (letter: DeadLetter) => void | Promise<void>
  /**
   * Is told of each device that a message came from, unless the broker had it retained. Where the store of
   * the fleet keeps states, what devices told last is written to it, with when they were heard from: by
   * this if it is made by `storedPresence`, else by the hub itself, which writes the last of it when it is
   * closed. No message waits for that. Default: nobody is told.
   */
  readonly presence?: Pick<PresenceTracker, 'heard'> & Partial<Pick<StoredPresence, 'told'>>
  /**
   * Which messages were handled, so that one that comes again is only acknowledged: by the id that its
   * sender gives it, in the user property `message-id` or the field that its type names
   * (`messageId`). A message without an id is handled each time it comes. Each is remembered for a day,
   * unless the keys lose it: `memoryKeys()` knows those of this process, and keys that several hubs
   * share tell them of each other's. Default: none is remembered.
   */
  readonly seen?: ExpiringKeys
  /**
   * Where trouble is logged: of the messages that are rejected without a handler for that, the first 5
   * of each code, and then one line in 10 seconds with how many there were. Default: `console`.
   */
  readonly logger?: Logger
}

/**
 * The brokers that the types of a fleet name, for `createHub`: one that is missing is an error of the
 * compiler. Brokers of which the names are not known to it, such as those of a file, are only checked
 * while running.
 */
export type NeededBrokers<
  Types extends readonly DeviceType[],
  Brokers extends Readonly<Record<string, Broker>>,
> = string extends keyof Brokers ? unknown : Readonly<Record<Types[number]['broker'], Broker>>

/** Takes the `data` messages of a type. */
export type DataHandler<T extends DeviceType> = (event: DataEvent<T>) => void | Promise<void>
/** Takes the `status` messages of a type. */
export type StatusHandler<T extends DeviceType> = (event: StatusEvent<T>) => void | Promise<void>
/** Takes what cannot be delivered. */
export type RejectionHandler = (rejection: Rejection) => void
/** One device, to send commands to. */
export interface HubDevice<T extends DeviceType> {
  readonly type: T
  readonly id: string
  /**
   * Sends a command. Settles with the typed reply; for a command that declares none, when the
   * broker has taken it, which is not to say that the device has it.
   *
   * @throws {CommandError} Its `code` tells how it ended.
   * @throws {PayloadError} If the payload is not what the command declares. Nothing is sent.
   * @throws {DeviceUnknownError} If the device is not provisioned, or revoked. Nothing is sent.
   * @throws {TypeError} If the type declares no such command, or an option is not valid. Nothing is
   * sent.
   * @throws The signal's reason, if it was aborted. The command may have been sent.
   */
  send<Name extends keyof T['commands'] & string>(
    command: Name,
    ...args: SendArguments<T['commands'][Name]>
  ): Promise<ReplyOf<T['commands'][Name]>>
  /**
   * Sends a command of which the name and the payload come from outside, such as in a request: all of it
   * is checked now, since no compiler could. Else as {@link HubDevice.send}.
   *
   * @param payload `undefined` for a command that declares none.
   * @throws {CommandError} `ERR_COMMAND_UNKNOWN`, if the type declares no such command.
   * @throws {PayloadError} If there is a payload, and the command declares none.
   * @throws What {@link HubDevice.send} does.
   */
  sendByName(command: string, payload: unknown, options?: SendOptions): Promise<unknown>
}

/** A hub. Make one with `createHub`. */
export interface Hub extends AsyncDisposable {
  /**
   * Calls a handler for each valid `data` message of a type. Handlers of one message run one after
   * the other; messages of one device are handled in order. A message is acknowledged when its
   * handlers are done. Returns how to stop that.
   */
  onData<T extends DeviceType>(type: T, handler: DataHandler<T>): () => void
  /** {@link Hub.onData} for `status` messages. */
  onStatus<T extends DeviceType>(type: T, handler: StatusHandler<T>): () => void
  /**
   * Calls a handler for each message that cannot be delivered. Without any, each is logged as a
   * warning. Returns how to stop that.
   *
   * @throws {ConfigError} If an option is unknown.
   */
  onRejected(handler: RejectionHandler, options?: RejectionOptions): () => void
  /** A device to send commands to. Nothing is checked or sent yet. */
  device<T extends DeviceType>(type: T, id: string): HubDevice<T>
  /**
   * Connects every broker and subscribes to every type. Settles when all is in place; register
   * handlers before. If one broker fails all are closed, and the error is the broker's. A second call
   * settles with the first.
   *
   * @param options `signal` gives up starting: the hub is closed, and the error is the signal's reason.
   * After the start it has no effect.
   */
  start(options?: { readonly signal?: AbortSignalLike }): Promise<void>
  /**
   * Starts, and closes when the signal aborts or a broker ends by itself: the whole life of a process
   * that does nothing else. Settles when the hub is closed, by the signal or by {@link Hub.close};
   * handlers that are running end first.
   *
   * @throws As {@link Hub.start} does; and the error of a broker that ended, such as one whose token is
   * over, when all the others are closed. `ERR_BROKER_CLOSED` if that one gave no error.
   */
  run(options: { readonly signal: AbortSignalLike }): Promise<void>
  /**
   * Takes no more messages, lets the running handlers end, and disconnects. Commands that wait for
   * a reply end as `timed-out`. Settles when that is done; a second call settles with the first.
   */
  close(): Promise<void>
  /** What is known of the hub and each broker now: from what they told, and no question is asked. */
  status(): HubStatus
  /**
   * Whether the hub is at work: it is started, not closed, and every broker is connected with every
   * subscription in place. For the route by which something outside asks after the process.
   */
  readonly ready: boolean
}
