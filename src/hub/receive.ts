/**
 * Receives messages: whose each is, whether it is what its type declares, and the calls of its handlers,
 * in order for each device.
 *
 * @module
 */
import { clock } from '../base/clock.ts'
import { ConfigError, PayloadError } from '../base/errors.ts'
import { describeError } from '../base/log.ts'
import { andThen, isPromise, type MaybePromise } from '../base/maybe-promise.ts'
import type { QuietLog } from '../base/quiet-log.ts'
import type { Message } from '../broker/broker.ts'
import type { PendingCommands } from '../command/pending.ts'
import type { DeviceRef } from '../device/reference.ts'
import type { Warn } from '../device/schema.ts'
import type { DeviceType } from '../device/type.ts'
import type { Fleet } from '../fleet/fleet.ts'
import { type Observer, timed } from '../fleet/observer.ts'
import { type Tracing, traceMessage } from '../fleet/tracing.ts'
import { MalformedPayloadError } from '../message/json.ts'
import { type DecodedPayload, decodePayload } from '../message/payload.ts'
import { deviceQueue } from './device-queue.ts'
import type { DeviceEvent, Rejection, RejectionCode } from './events.ts'
import type { HubOptions } from './hub.ts'
import { lastWordsOf } from './last-words.ts'
import { retrier, retryPolicy } from './retry.ts'
import { type Route, topicRoutes } from './routes.ts'
import { messageIdOf, seenMessages } from './seen.ts'

type HandledChannel = 'data' | 'status'
// Which event a handler takes was checked where it was registered, beside its type.
type Handler = (event: never) => MaybePromise<void>

interface Incoming {
  readonly broker: string
  readonly message: Message
  readonly route: Route
  readonly receivedAt: Date
}

/** What {@link messageReceiver} takes beside the fleet. */
export interface ReceiverOptions
  extends Pick<HubOptions, 'concurrency' | 'retry' | 'deadLetter' | 'seen'> {
  /** Who is told of the devices that were heard from, and of what they said. */
  readonly presences: readonly NonNullable<HubOptions['presence']>[]
  readonly commands: PendingCommands
  readonly reject: (rejection: Rejection) => void
  readonly log: QuietLog
}

/** See {@link messageReceiver}. */
export interface MessageReceiver {
  /** Takes a message. Settles when it may be acknowledged; never fails. */
  receive(broker: string, message: Message): MaybePromise<void>
  /** Messages that were taken and are not dealt with. */
  readonly pending: number
  /** Calls a handler for each message of a type on a channel. Returns how to stop that. */
  register(channel: HandledChannel, type: DeviceType, handler: Handler): () => void
}

/**
 * Makes it.
 *
 * @throws {ConfigError} If an option is out of range.
 */
export function messageReceiver(fleet: Fleet, options: ReceiverOptions): MessageReceiver {
  const { concurrency = 32, deadLetter, presences, commands, reject, log } = options
  const seen = options.seen && seenMessages(options.seen, fleet.prefix)
  const policy = retryPolicy(options.retry)
  if (!Number.isInteger(concurrency) || concurrency < 1) {
    throw new ConfigError('concurrency', 'must be a whole number of at least 1')
  }
  const queue = deviceQueue(concurrency)
  const retry = retrier(policy, queue.pause)
  const handlers = {
    data: new Map<DeviceType, readonly Handler[]>(),
    status: new Map<DeviceType, readonly Handler[]>(),
  }
  const routeOf = topicRoutes(fleet)
  const warn: Warn = (what, { path, message }) => {
    log.write('warn', 'payload', `Took ${what} all the same: ${path}: ${message}`)
  }
  const { observer, tracing } = fleet
  const handle = tracing ? handleTraced(tracing) : handlePlain
  const isActive = (device: DeviceRef) => fleet.isActive(device)

  function receive(broker: string, message: Message): MaybePromise<void> {
    const route = routeOf(message.topic)
    if (!route || route.channel === 'cmd') {
      const text = 'no device type sends on this topic'
      reject({ code: 'topic-unknown', text, broker, message })
      return
    }
    const { channel, type } = route
    const incoming: Incoming = { broker, message, route, receivedAt: new Date(clock().date()) }
    if (type.broker !== broker) {
      const text = `devices of the type "${type.name}" belong to the broker "${type.broker}", and this came through "${broker}"`
      refuse(incoming, 'broker-foreign', text)
      return
    }
    if (channel === 'reply') {
      // Not queued: a handler of this very device may be waiting for it.
      if (commands.accept(route.device, message) === 'unexpected') {
        refuse(incoming, 'reply-unexpected', 'the command it answers waits no more')
      }
      return
    }
    if (observer) return handleObserved(observer, incoming, channel)
    return queue.run(route.name, () => handle(incoming, channel))
  }

  function handleObserved(
    observe: Observer,
    incoming: Incoming,
    channel: HandledChannel,
  ): MaybePromise<void> {
    const { name, type } = incoming.route
    const { broker } = incoming
    const done = (_: unknown, seconds: number) => {
      return { kind: 'message', type: type.name, channel, broker, seconds } as const
    }
    const work = () => queue.run(name, () => handle(incoming, channel))
    return timed(observe, work, done, done)
  }

  /** When its turn has come: what it waited behind has contexts of its own. */
  function handleTraced(by: Tracing): typeof handlePlain {
    return (incoming, channel) => {
      const { broker, message, route } = incoming
      const { topic, userProperties: carrier = {} } = message
      const about = { ...route.device, channel, broker, topic, carrier }
      return traceMessage(by, about, () => handlePlain(incoming, channel))
    }
  }

  /** Never fails. Done at once if the device is known, and its schema and handlers are. */
  function handlePlain(incoming: Incoming, channel: HandledChannel): MaybePromise<void> {
    try {
      const known = retry(incoming.route.name, isActive, incoming.route.device)
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
    if (!message.retain) {
      for (const presence of presences) presence.heard(route.device, receivedAt.getTime())
    }
    const event = toEvent(incoming, channel)
    if (isPromise(event)) {
      return event.then((later) => later && take(incoming, channel, later))
    }
    return event && take(incoming, channel, event)
  }

  function take(
    incoming: Incoming,
    channel: HandledChannel,
    event: DeviceEvent,
  ): MaybePromise<void> {
    if (!incoming.message.retain) {
      for (const presence of presences) {
        if (presence.told) tell(presence, incoming.route, channel, event)
      }
    }
    return callOnce(incoming, channel, event)
  }

  function tell(
    presence: NonNullable<HubOptions['presence']>,
    { type, device, name }: Route,
    channel: HandledChannel,
    event: DeviceEvent,
  ): void {
    const value = (event as Partial<Record<HandledChannel, unknown>>)[channel]
    const words = lastWordsOf(type, channel, value, (field) => {
      const text = `The field "${field}" of data of ${name} is too long to be kept, or no JSON`
      log.write('warn', 'field', text)
    })
    if (words) presence.told?.(device, words)
  }

  /** Unless the message was handled before, as far as its sender and the keys tell. */
  function callOnce(
    { route: { type, device, name }, message }: Incoming,
    channel: HandledChannel,
    event: DeviceEvent,
  ): MaybePromise<void> {
    const all = handlers[channel].get(type) ?? []
    const value = (event as Partial<Record<HandledChannel, unknown>>)[channel]
    const id = seen && messageIdOf(type, device.id, channel, message, value)
    if (!seen || id === undefined) return callInTurn(name, all, event, 0)
    return andThen(
      retry(name, (known: string) => seen.has(known), id),
      (isSeen) => {
        if (isSeen) return
        const done = callInTurn(name, all, event, 0)
        return andThen(done, () => retry(name, (handled: string) => seen.add(handled), id))
      },
    )
  }

  function callInTurn(
    name: string,
    all: readonly Handler[],
    event: DeviceEvent,
    from: number,
  ): MaybePromise<void> {
    for (let i = from; i < all.length; i++) {
      const running = retry(name, all[i]!, event as never)
      if (isPromise(running)) return running.then(() => callInTurn(name, all, event, i + 1))
    }
  }

  function toEvent(
    incoming: Incoming,
    channel: HandledChannel,
  ): MaybePromise<DeviceEvent | undefined> {
    const { route, message } = incoming
    const refused = (error: unknown) => refusePayload(incoming, error)
    try {
      const decoded = decodePayload(route.type, channel, message.payload, route.what, warn)
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
      const problem = describeError(hookError)
      log.write('error', 'deadLetter', `The dead-letter hook failed: ${problem}`)
    }
    const text = `failed in every one of ${attempts} attempts: ${describeError(error)}`
    refuse(incoming, 'handler-failed', text, error)
  }

  function refuse(incoming: Incoming, code: RejectionCode, text: string, error?: unknown): void {
    const { broker, message } = incoming
    const { device } = incoming.route
    reject({ code, text, broker, message, device, ...(error !== undefined && { error }) })
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

  return {
    receive,
    register,
    get pending() {
      return queue.size
    },
  }
}

function eventOf(
  { broker, message, route: { device }, receivedAt }: Incoming,
  channel: HandledChannel,
  { value, timestamp }: DecodedPayload,
): DeviceEvent & Partial<Record<HandledChannel, unknown>> {
  return channel === 'data'
    ? { device, timestamp, receivedAt, broker, message, data: value }
    : { device, timestamp, receivedAt, broker, message, status: value }
}
