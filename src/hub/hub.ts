/**
 * A hub: a fleet plus its brokers. It receives what devices say, checks it against their type and
 * hands it to typed handlers; and it sends them typed commands.
 *
 * @module
 */
import { hasReplies } from '../access/default-rules.ts'
import type { Broker, Message, Subscription } from '../broker/broker.ts'
import { outageFilter } from '../broker/outage.ts'
import type { Commands, DeviceType, PayloadOf, ReplyOf } from '../device/type.ts'
import { ConfigError, DeviceUnknownError, PayloadError } from '../errors.ts'
import type { DeviceRef, Fleet } from '../fleet.ts'
import { describeError, type Logger, writeLine } from '../log.ts'
import { andThen, isPromise, type MaybePromise } from '../maybe-promise.ts'
import type { PresenceTracker } from '../presence/presence.ts'
import { PendingCommands, type SendOptions } from './commands.ts'
import { deviceQueue } from './device-queue.ts'
import type {
  DataEvent,
  DeadLetter,
  DeviceEvent,
  Rejection,
  RejectionCode,
  StatusEvent,
} from './events.ts'
import { type DecodedPayload, decodePayload, MalformedPayloadError } from './payload.ts'
import { type RetryOptions, retry, retryPolicy } from './retry.ts'
import { type Route, topicRoutes } from './routes.ts'
import { messageIdOf, type SeenStore } from './seen.ts'

/** What {@link createHub} takes. */
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
  /** Is told of each device that a message came from, unless the broker had it retained. */
  readonly presence?: Pick<PresenceTracker, 'heard'>
  /**
   * Which messages were handled, so that one that comes again is only acknowledged: by the id that its
   * sender gives it, in the user property `message-id` or the field that its type names
   * (`messageId`). A message without an id is handled each time it comes. Default: none is remembered.
   */
  readonly seen?: SeenStore
  /** Default: `console`. */
  readonly logger?: Logger
}

type DataHandler<T extends DeviceType> = (event: DataEvent<T>) => void | Promise<void>
type StatusHandler<T extends DeviceType> = (event: StatusEvent<T>) => void | Promise<void>
type RejectionHandler = (rejection: Rejection) => void
type HandledChannel = 'data' | 'status'
// Which event a handler takes was checked where it was registered, beside its type.
type Handler = (event: never) => MaybePromise<void>

/** The arguments of a command: its payload if it has one, then options. */
export type SendArguments<C extends Commands[string]> =
  PayloadOf<C> extends undefined
    ? [payload?: undefined, options?: SendOptions]
    : [payload: PayloadOf<C>, options?: SendOptions]

/** One device, to send commands to. */
export interface HubDevice<T extends DeviceType> {
  readonly type: T
  readonly id: string
  /**
   * Sends a command. Settles with the typed reply; for a command that declares none, when the
   * broker has taken it, which is not to say that the device has it.
   *
   * @throws {CommandError} With `outcome` telling how it ended: `failed`, `timed-out`,
   * `reply-invalid`, `not-authorized` or `not-sent`.
   * @throws {PayloadError} If the payload is not what the command declares. Nothing is sent.
   * @throws {DeviceUnknownError} If the device is not provisioned, or revoked. Nothing is sent.
   */
  send<Name extends keyof T['commands'] & string>(
    command: Name,
    ...args: SendArguments<T['commands'][Name]>
  ): Promise<ReplyOf<T['commands'][Name]>>
}

/** A hub. Make one with {@link createHub}. */
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
   */
  onRejected(handler: RejectionHandler): () => void
  /** A device to send commands to. Nothing is checked or sent yet. */
  device<T extends DeviceType>(type: T, id: string): HubDevice<T>
  /**
   * Connects every broker and subscribes to every type. Settles when all is in place; register
   * handlers before. If one broker fails all are closed, and the error is the broker's.
   */
  start(): Promise<void>
  /**
   * Starts, and closes when the signal aborts: the whole life of a process that does nothing else.
   * Settles when it is closed; rejects as {@link Hub.start} does. Handlers that are running when the
   * signal aborts end first.
   */
  run(options: { readonly signal: AbortSignal }): Promise<void>
  /**
   * Takes no more messages, lets the running handlers end, and disconnects. Commands that wait for
   * a reply end as `timed-out`. Settles when that is done; a second call settles with the first.
   */
  close(): Promise<void>
}

interface Incoming {
  readonly broker: string
  readonly message: Message
  readonly route: Route
  readonly receivedAt: Date
}

/**
 * Makes a hub. Nothing is connected until {@link Hub.start}.
 *
 * @throws {ConfigError} If a type names a broker that is not given, or an option is out of range.
 *
 * @example
 * ```ts
 * import { createFleet, createHub, defineDeviceType, memoryBroker, memoryStore } from 'devicehub'
 * import * as v from 'valibot'
 *
 * const pump = defineDeviceType('pump', { data: v.object({ rpm: v.number() }) })
 * const fleet = createFleet({ types: [pump], store: memoryStore() })
 * const hub = createHub(fleet, { brokers: { default: memoryBroker() } })
 * hub.onData(pump, ({ device, data }) => console.log(device.id, data.rpm))
 * await hub.start()
 * await hub.close()
 * ```
 */
export function createHub(fleet: Fleet, options: HubOptions): Hub {
  const { brokers, concurrency = 32, deadLetter, presence, seen, logger = console } = options
  const policy = retryPolicy(options.retry)
  if (!Number.isInteger(concurrency) || concurrency < 1) {
    throw new ConfigError('concurrency', 'must be a whole number of at least 1')
  }
  for (const type of fleet.types) {
    if (!Object.hasOwn(brokers, type.broker)) {
      throw new ConfigError(
        `brokers.${type.broker}`,
        `is not given, but the device type "${type.name}" uses it`,
      )
    }
  }
  const queue = deviceQueue(concurrency)
  const commands = new PendingCommands()
  const handlers = {
    data: new Map<DeviceType, readonly Handler[]>(),
    status: new Map<DeviceType, readonly Handler[]>(),
  }
  const routeOf = topicRoutes(fleet)
  const isActive = (device: DeviceRef) => fleet.isActive(device)
  const rejectionHandlers = new Set<RejectionHandler>()
  let closing: Promise<void> | undefined

  function receive(broker: string, message: Message): MaybePromise<void> {
    const route = routeOf(message.topic)
    if (route?.type.broker !== broker || route.channel === 'cmd') {
      const reason = `no device type on broker "${broker}" sends on this topic`
      reject({ code: 'topic-unknown', reason, broker, message })
      return
    }
    const { channel } = route
    const incoming: Incoming = { broker, message, route, receivedAt: new Date() }
    if (channel === 'reply') {
      // Not queued: a handler of this very device may be waiting for it.
      if (commands.accept(route.device, message) === 'unexpected') {
        refuse(incoming, 'reply-unexpected', 'the command it answers waits no more')
      }
      return
    }
    return queue.run(route.name, () => handle(incoming, channel))
  }

  /** Never fails. Done at once if the device is known, and its schema and handlers are. */
  function handle(incoming: Incoming, channel: HandledChannel): MaybePromise<void> {
    try {
      const known = retry(policy, isActive, incoming.route.device)
      const done = isPromise(known)
        ? known.then((active) => deliver(incoming, channel, active))
        : deliver(incoming, channel, known)
      return isPromise(done) ? done.catch((error) => giveUp(incoming, error)) : done
    } catch (error) {
      return giveUp(incoming, error)
    }
  }

  function deliver(
    incoming: Incoming,
    channel: HandledChannel,
    active: boolean,
  ): MaybePromise<void> {
    const { route, message, receivedAt } = incoming
    if (!active) {
      refuse(incoming, 'device-unknown', 'the device is not provisioned, or revoked')
      return
    }
    if (!message.retain) presence?.heard(route.device, receivedAt.getTime())
    const event = toEvent(incoming, channel)
    if (isPromise(event)) {
      return event.then((later) => later && callOnce(incoming, channel, later))
    }
    return event && callOnce(incoming, channel, event)
  }

  /** Unless the message was handled before, as far as its sender and the store tell. */
  function callOnce(
    { route: { type, device }, message }: Incoming,
    channel: HandledChannel,
    event: DeviceEvent,
  ): MaybePromise<void> {
    const all = handlers[channel].get(type) ?? []
    const value = (event as Partial<Record<HandledChannel, unknown>>)[channel]
    const id = seen && messageIdOf(type, device.id, channel, message, value)
    if (!seen || id === undefined) return callInTurn(all, event, 0)
    return andThen(
      retry(policy, (known: string) => seen.has(known), id),
      (isSeen) => {
        if (isSeen) return
        const done = callInTurn(all, event, 0)
        return andThen(done, () => retry(policy, (handled: string) => seen.add(handled), id))
      },
    )
  }

  function callInTurn(
    all: readonly Handler[],
    event: DeviceEvent,
    from: number,
  ): MaybePromise<void> {
    for (let i = from; i < all.length; i++) {
      const running = retry(policy, all[i]!, event as never)
      if (isPromise(running)) return running.then(() => callInTurn(all, event, i + 1))
    }
  }

  function toEvent(
    incoming: Incoming,
    channel: HandledChannel,
  ): MaybePromise<DeviceEvent | undefined> {
    const { route, message } = incoming
    const refused = (error: unknown) => refusePayload(incoming, error)
    try {
      const decoded = decodePayload(route.type[channel], message.payload, route.what)
      return isPromise(decoded)
        ? decoded.then((later) => eventOf(incoming, channel, later), refused)
        : eventOf(incoming, channel, decoded)
    } catch (error) {
      return refused(error)
    }
  }

  function refusePayload(incoming: Incoming, error: unknown): undefined {
    if (!(error instanceof PayloadError)) throw error
    const malformed = error instanceof MalformedPayloadError
    refuse(incoming, malformed ? 'payload-malformed' : 'payload-invalid', error.message, error)
  }

  async function giveUp(incoming: Incoming, error: unknown): Promise<void> {
    const { broker, message } = incoming
    const { device } = incoming.route
    const { attempts } = policy
    try {
      await deadLetter?.({ device, broker, message, error, attempts })
    } catch (hookError) {
      writeLine(logger, 'error', `The dead-letter hook failed: ${describeError(hookError)}`)
    }
    const reason = `failed in every one of ${attempts} attempts: ${describeError(error)}`
    refuse(incoming, 'handler-failed', reason, error)
  }

  function refuse(incoming: Incoming, code: RejectionCode, reason: string, error?: unknown): void {
    const { broker, message } = incoming
    const { device } = incoming.route
    reject({ code, reason, broker, message, device, ...(error !== undefined && { error }) })
  }

  function reject(rejection: Rejection): void {
    if (rejectionHandlers.size === 0) {
      const topic = JSON.stringify(rejection.message.topic.slice(0, 200))
      // The reason may quote what the device sent.
      writeLine(
        logger,
        'warn',
        `Rejected a message on ${topic}: ${rejection.code}, ${rejection.reason}`,
      )
    }
    for (const handler of rejectionHandlers) {
      try {
        handler(rejection)
      } catch (error) {
        writeLine(logger, 'error', `A handler of rejected messages failed: ${describeError(error)}`)
      }
    }
  }

  function register(
    channel: HandledChannel,
    type: DeviceType,
    handler: (event: never) => void | Promise<void>,
  ): () => void {
    fleet.topics(type) // Throws for a type of another fleet, whose messages would never come.
    const all = handlers[channel]
    const registered = all.get(type) ?? []
    // A new list each time: a message that is being handled goes on with its own.
    if (!registered.includes(handler)) all.set(type, [...registered, handler])
    return () => {
      const others = (all.get(type) ?? []).filter((one) => one !== handler)
      all.set(type, others)
    }
  }

  async function startBroker(name: string, broker: Broker): Promise<void> {
    void watch(name, broker)
    await broker.connect({ onMessage: (message) => receive(name, message) })
    const results = await broker.subscribe(subscriptions(fleet, name))
    const because = results.find((result) => result.unsharedBecause)?.unsharedBecause
    if (because === 'broker-has-none' || because === 'protocol-has-none') {
      const reason = because === 'broker-has-none' ? 'the broker' : 'MQTT 3.1.1'
      writeLine(
        logger,
        'warn',
        `Broker "${name}": ${reason} has no shared subscriptions, so this hub receives every message. With several hubs each would handle all of them.`,
      )
    }
  }

  async function watch(name: string, broker: Broker): Promise<void> {
    let lost = false
    const isNews = outageFilter()
    for await (const status of broker.status()) {
      if (!isNews(status)) continue
      if (status.type === 'connected') {
        if (lost) writeLine(logger, 'info', `Broker "${name}": connected again`)
        lost = false
      } else if (status.type === 'disconnected') {
        lost = true
        writeLine(logger, 'warn', `Broker "${name}": connection lost${because(status.error)}`)
      } else if (status.error) {
        writeLine(logger, 'error', `Broker "${name}": ${status.type}${because(status.error)}`)
      }
    }
  }

  async function close(): Promise<void> {
    commands.abandonAll()
    await Promise.all(Object.values(brokers).map((broker) => broker.close()))
  }

  let starting: Promise<void> | undefined
  async function start(): Promise<void> {
    const attempts = await Promise.allSettled(
      Object.entries(brokers).map(([name, broker]) => startBroker(name, broker)),
    )
    const failed = attempts.find((attempt) => attempt.status === 'rejected')
    if (!failed) return
    closing ??= close()
    await closing
    throw failed.reason
  }

  return {
    onData: (type, handler) => register('data', type, handler),
    onStatus: (type, handler) => register('status', type, handler),
    onRejected(handler) {
      rejectionHandlers.add(handler)
      return () => {
        rejectionHandlers.delete(handler)
      }
    },
    device<T extends DeviceType>(type: T, id: string): HubDevice<T> {
      const topics = fleet.topics(type)
      const device: DeviceRef = { type: type.name, id }
      return {
        type,
        id,
        async send(name, ...[payload, options = {}]) {
          if (!(await fleet.isActive(device))) throw new DeviceUnknownError(type.name, id)
          const broker = brokers[type.broker]!
          const outgoing = { broker, type, device, topics, name, payload, options }
          return (await commands.send(outgoing)) as ReplyOf<T['commands'][typeof name]>
        },
      }
    },
    start() {
      starting ??= start()
      return starting
    },
    async run({ signal }) {
      if (!signal.aborted) {
        const aborted = new Promise<void>((resolve) => {
          signal.addEventListener('abort', () => resolve(), { once: true })
        })
        // One that is told to stop while it starts does not wait for that.
        await Promise.race([this.start(), aborted])
        await aborted
      }
      await this.close()
    },
    close() {
      closing ??= close()
      return closing
    },
    [Symbol.asyncDispose]() {
      return this.close()
    },
  }
}

function eventOf(
  { broker, message, route: { device }, receivedAt }: Incoming,
  channel: HandledChannel,
  { value, timestamp }: DecodedPayload<unknown>,
): DeviceEvent & Partial<Record<HandledChannel, unknown>> {
  return channel === 'data'
    ? { device, timestamp, receivedAt, broker, message, data: value }
    : { device, timestamp, receivedAt, broker, message, status: value }
}

/** What a hub subscribes to on one broker. */
function subscriptions(fleet: Fleet, broker: string): readonly Subscription[] {
  return fleet.types
    .filter((type) => type.broker === broker)
    .flatMap((type) => {
      const topics = fleet.topics(type)
      const received: Subscription[] = [
        { filter: topics.filter('data'), shared: true },
        { filter: topics.filter('status'), shared: true },
      ]
      // Not shared: a reply has to reach the hub that asked, whichever that is.
      return hasReplies(type) ? [...received, { filter: topics.filter('reply') }] : received
    })
}

function because(error: Error | undefined): string {
  return error ? `: ${error.message}` : ''
}
