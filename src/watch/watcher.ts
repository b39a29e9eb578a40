/**
 * A watcher: what devices say, for a page that shows it, over any broker and without a fleet.
 *
 * @module
 */
import type { AbortSignalLike } from '../base/abort-signal.ts'
import type { Logger } from '../base/log.ts'
import type { Message } from '../broker/broker.ts'
import type { SendArguments } from '../command/call.ts'
import type { DeviceRef } from '../device/reference.ts'
import type { DataOf, DeviceType, ReplyOf, StatusOf } from '../device/type.ts'
import type { WatcherCommands } from './commands.ts'

/**
 * A value that changes, in the form that views take it in: `useSyncExternalStore` of React, a store of
 * Svelte (`$store`), and a ref of Vue that is set by `subscribe`. Both functions may be passed on alone.
 */
export interface Store<T> {
  /**
   * Calls at once with the value, and with each other one from then on. It is never called without a
   * change. Returns how to stop that, which may be called more than once.
   */
  subscribe(run: (value: T) => void): () => void
  /** The value: the same object as long as nothing has changed. */
  getSnapshot(): T
}

/** The watcher's own connection. As long as it is not `connected`, what is shown of devices may be old. */
export interface WatcherConnection {
  /**
   * `idle` until the watcher starts, `connecting` until there is a first connection, then `connected`, or
   * `disconnected` while it is made again. `closed` is the end: it was closed, or, with an `error`, the
   * broker gave up.
   */
  readonly state: 'idle' | 'connecting' | 'connected' | 'disconnected' | 'closed'
  /** What stood in the way last; `undefined` while it is connected. */
  readonly error: Error | undefined
}

/** What a watcher knows of whether a device is there. */
export interface WatchedPresence {
  /**
   * What the device, or its will, said last in the field `status` of its `status` message: `false` for
   * `offline` and `disconnected`, `true` for any other text. `unknown` before that, and for types whose
   * `status` has no such field. What a broker knows of connections a page cannot hear.
   */
  readonly connected: boolean | 'unknown'
  /** Whether it was heard from within 2.5 times the heartbeat of its type. */
  readonly fresh: boolean
  /**
   * When a message of it last arrived here, in milliseconds since the Unix epoch. What the broker had
   * retained does not count. `undefined`: none has.
   */
  readonly lastHeard: number | undefined
}

/** What is known of a device. A frozen value: whatever changes makes another one. */
export interface DeviceSnapshot<T extends DeviceType = DeviceType> {
  /** The newest valid `data`; `undefined` before there is one. */
  readonly data: DataOf<T> | undefined
  /** The device's own time of that, when it sent one. */
  readonly timestamp: Date | undefined
  /** The newest valid `status`; `undefined` before there is one. */
  readonly status: StatusOf<T> | undefined
  readonly presence: WatchedPresence
  /**
   * Why a channel cannot be heard: a `BrokerError` of the broker's refusal, or an `AccessDeniedError` of
   * the local guard. Each is asked for again whenever the connection is made anew. Empty: none is refused.
   */
  readonly refused: Readonly<Partial<Record<WatchedChannel, Error>>>
}

/** What devices say without being asked. */
export type WatchedChannel = 'data' | 'status'

/** What all messages that are watched have in common. */
export interface WatchedMessage {
  readonly device: DeviceRef
  /** The device's own time, when it sent a readable `timestamp`. */
  readonly timestamp: Date | undefined
  /** When it arrived here. */
  readonly receivedAt: Date
  /** The message as it arrived. It says whether it was retained. */
  readonly message: Message
}

/** A valid `data` message. */
export interface WatchedData<T extends DeviceType = DeviceType> extends WatchedMessage {
  readonly data: DataOf<T>
}

/** A valid `status` message. */
export interface WatchedStatus<T extends DeviceType = DeviceType> extends WatchedMessage {
  readonly status: StatusOf<T>
}

/** Why a message was not shown. Stable, to switch on. */
export type WatchRejectionCode =
  /** The payload is no JSON text in UTF-8, or holds a number too large to be read. */
  | 'payload-malformed'
  /** The schema of the type refuses the payload. */
  | 'payload-invalid'
  /** A reply to a command of this watcher that waits no more. */
  | 'reply-unexpected'
  /** A reader of a stream is more than 1,000 messages behind, and does not get this one. */
  | 'reader-behind'

/** A message that was not shown. */
export interface WatchRejection {
  readonly code: WatchRejectionCode
  /** The reason as one line of printable characters. It may quote a little of what the device sent. */
  readonly text: string
  readonly device: DeviceRef
  /** The message as it arrived. */
  readonly message: Message
  /** What was thrown, where something was. */
  readonly error?: unknown
}

/** How long a stream is read. */
export interface StreamOptions {
  /** Ends the stream, without an error. */
  readonly signal?: AbortSignalLike
}

/**
 * One device, as it is watched. What it says is subscribed to while anybody wants it: a subscriber of the
 * store, or a reader of a stream. A second after the last one has left the subscriptions end, and what was
 * known is forgotten; whoever comes back within it, such as a view that is mounted twice, finds all as it
 * was.
 *
 * A stream begins when its first value is asked for, with the newest message that is known, and holds up
 * to 1,000 that were not read. It goes on while the connection is made again. It ends when the watcher is
 * closed, and throws if what it reads is refused, or the broker gave up.
 */
export interface DeviceWatch<T extends DeviceType = DeviceType> extends Store<DeviceSnapshot<T>> {
  readonly type: T
  readonly id: string
  /** Its valid `data` messages. */
  data(options?: StreamOptions): AsyncIterable<WatchedData<T>>
  /** Its valid `status` messages. */
  status(options?: StreamOptions): AsyncIterable<WatchedStatus<T>>
  /** Its presence as it is, and then whenever `connected` or `fresh` is another. */
  presence(options?: StreamOptions): AsyncIterable<WatchedPresence>
  /**
   * Sends a command. Settles with the typed reply; for a command that declares none, when the broker has
   * taken it, which is not to say that the device has it. The reply is subscribed to before anything is
   * sent. Whether the device is on record is for the broker to know: a command to one that is not there
   * is not answered.
   *
   * @throws {ConfigError} If the watcher was made without `commands: sendCommands()`. Nothing is sent.
   * @throws {CommandError} Its `code` tells how it ended.
   * @throws {PayloadError} If the payload is not what the command declares. Nothing is sent.
   * @throws {TypeError} If the type declares no such command, or an option is not valid. Nothing is sent.
   * @throws The signal's reason, if it was aborted. The command may have been sent.
   */
  send<Name extends keyof T['commands'] & string>(
    command: Name,
    ...args: SendArguments<T['commands'][Name]>
  ): Promise<ReplyOf<T['commands'][Name]>>
}

/** What `createWatcher` takes. */
export interface WatcherOptions {
  /** The first level of topics, as in `createFleet`. Default: `things`. */
  readonly prefix?: string
  /** Lets {@link DeviceWatch.send} send commands: what `sendCommands()` makes. Default: it sends none. */
  readonly commands?: () => WatcherCommands
  /** Where trouble is logged: messages that are rejected, without a handler for that. Default: `console`. */
  readonly logger?: Logger
}

/** Watches devices over one broker. Make one with `createWatcher`. */
export interface Watcher extends AsyncDisposable {
  /** The connection to the broker, to show beside what may be old without it. */
  readonly connection: Store<WatcherConnection>
  /**
   * Connects. Settles when the first connection stands; what is watched before is subscribed to then. A
   * second call settles with the first.
   *
   * @param options `signal` gives up connecting.
   * @throws As `connect()` of the broker does. `connection` tells it too.
   */
  start(options?: StreamOptions): Promise<void>
  /**
   * A device to watch, and to send commands to. Nothing is subscribed to yet. Of one device it returns
   * the same object again, so that a view may ask each time it renders; of the last 1,000 at least.
   *
   * @throws {InvalidNameError} If the id could change the shape of a topic.
   * @throws {ConfigError} If the type is none that `defineDeviceType` made.
   */
  watch<T extends DeviceType>(type: T, device: { readonly id: string }): DeviceWatch<T>
  /**
   * Calls a handler for each message that is not shown. Without any, each is logged as a warning, a few
   * of each code. Returns how to stop that.
   */
  onRejected(handler: (rejection: WatchRejection) => void): () => void
  /**
   * Ends all streams and the commands that wait, and closes the broker. Settles when that is closed; a
   * second call settles with the first.
   */
  close(): Promise<void>
  /** {@link Watcher.close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>
}
