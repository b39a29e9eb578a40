/**
 * What is known of one device, while somebody watches it.
 *
 * @module
 */
import { clock } from '../base/clock.ts'
import { PayloadError } from '../base/errors.ts'
import { andThen, isPromise, type MaybePromise, orElse } from '../base/maybe-promise.ts'
import { MAX_TIMER_DELAY } from '../base/timer.ts'
import type { Message } from '../broker/broker.ts'
import type { DeviceRef } from '../device/reference.ts'
import type { Warn } from '../device/schema.ts'
import { type DeviceType, FRESH_HEARTBEATS } from '../device/type.ts'
import { MalformedPayloadError } from '../message/json.ts'
import { decodePayload } from '../message/payload.ts'
import type { Channel, TopicTemplate } from '../topic/template.ts'
import type { Writer } from './stream.ts'
import { type Connected, HeldSubscription } from './subscription.ts'
import { type Value, value } from './value.ts'
import type {
  DeviceSnapshot,
  WatchedChannel,
  WatchedMessage,
  WatchedPresence,
  WatchRejection,
} from './watcher.ts'

const UNKNOWN: WatchedPresence = /* @__PURE__ */ Object.freeze({
  connected: 'unknown',
  fresh: false,
  lastHeard: undefined,
})

/** What is known of a device that nobody watches. */
export const NOTHING: DeviceSnapshot = /* @__PURE__ */ Object.freeze({
  data: undefined,
  timestamp: undefined,
  status: undefined,
  presence: UNKNOWN,
  refused: {},
})

/** What a `status` says that is not connected. */
const ABSENT: readonly unknown[] = ['offline', 'disconnected']

const CHANNELS: readonly WatchedChannel[] = ['data', 'status']

/** A valid message. */
export type Event = WatchedMessage & Partial<Record<WatchedChannel, unknown>>

/** What a watched device has of its watcher. */
export interface Surroundings extends Connected {
  readonly reject: (rejection: WatchRejection) => void
  readonly warn: Warn
  readonly failed: (error: unknown) => void
  readonly answer: (device: DeviceRef, message: Message) => void
  /** Takes the messages of a topic; `undefined` when they are wanted no more. */
  route(topic: string, take: ((message: Message) => MaybePromise<void>) | undefined): void
  /** Nothing of it is wanted any more. */
  left(device: WatchedDevice): void
}

/** A device that is watched. */
export class WatchedDevice {
  /** As it was declared last: a page in development may load its types again. */
  type: DeviceType
  readonly device: DeviceRef
  readonly #around: Surroundings
  readonly #topics: TopicTemplate
  readonly #subscriptions = new Map<Channel, HeldSubscription>()
  readonly #snapshot: Value<DeviceSnapshot>
  readonly #writers: Record<WatchedChannel, Set<Writer<Event>>> = {
    data: new Set(),
    status: new Set(),
  }
  readonly #presences = new Set<Writer<WatchedPresence>>()
  #newest: Partial<Record<WatchedChannel, Event>> = {}
  #cancelSilence = () => {}
  /** What is under way: messages of one device are taken in order. */
  #last: Promise<void> | undefined

  constructor(type: DeviceType, id: string, topics: TopicTemplate, around: Surroundings) {
    this.type = type
    this.device = Object.freeze({ type: type.name, id })
    this.#topics = topics
    this.#around = around
    this.#snapshot = value(NOTHING, around.failed)
  }

  get snapshot(): DeviceSnapshot {
    return this.#snapshot.getSnapshot()
  }

  get subscriptions(): Iterable<HeldSubscription> {
    return this.#subscriptions.values()
  }

  subscribe(run: (snapshot: DeviceSnapshot) => void): () => void {
    const releases = [this.hold('data'), this.hold('status'), this.#snapshot.subscribe(run)]
    return () => {
      for (const release of releases) release()
    }
  }

  /** Writes the messages of a channel, from the newest that is known. Returns how to stop that. */
  read(channel: WatchedChannel, writer: Writer<Event>): () => void {
    const newest = this.#newest[channel]
    if (newest) writer.write(newest)
    return this.#open(this.#writers[channel], writer, [channel])
  }

  /** Writes presence, whenever it is another. Returns how to stop that. */
  readPresence(writer: Writer<WatchedPresence>): () => void {
    writer.write(this.snapshot.presence)
    return this.#open(this.#presences, writer, ['data', 'status'])
  }

  #open<T>(
    writers: Set<Writer<T>>,
    writer: Writer<T>,
    channels: readonly WatchedChannel[],
  ): () => void {
    writers.add(writer)
    const releases = channels.map((channel) => this.hold(channel))
    return () => {
      writers.delete(writer)
      for (const release of releases) release()
    }
  }

  /** Wants what comes on a channel. Returns how to want it no more. */
  hold(channel: Channel): () => void {
    return this.#subscription(channel).hold()
  }

  /** Settles when a channel that is held can be heard. */
  ready(channel: Channel): Promise<void> {
    return this.#subscription(channel).ready()
  }

  /** Ends what is read. */
  end(error?: Error): void {
    this.#cancelSilence()
    const { data, status } = this.#writers
    for (const writer of [...data, ...status, ...this.#presences]) writer.end(error)
  }

  #subscription(channel: Channel): HeldSubscription {
    const known = this.#subscriptions.get(channel)
    if (known) return known
    const topic = this.#topics.name(this.device.id, channel)
    const made: HeldSubscription = new HeldSubscription(
      this.#around,
      topic,
      (error) => this.#refuse(channel, error),
      () => this.#leave(channel, topic, made),
    )
    this.#subscriptions.set(channel, made)
    this.#around.route(topic, (message) =>
      isWatched(channel) ? this.#take(channel, message) : this.#around.answer(this.device, message),
    )
    return made
  }

  #leave(channel: Channel, topic: string, subscription: HeldSubscription): void {
    if (subscription.isIdle) {
      this.#subscriptions.delete(channel)
      this.#around.route(topic, undefined)
    }
    if (isWatched(channel)) {
      delete this.#newest[channel]
      this.#refuse(channel, undefined)
    }
    const left = CHANNELS.every((one) => !this.#subscriptions.get(one)?.isWanted)
    if (left) {
      this.#cancelSilence()
      this.#snapshot.set(NOTHING)
    }
    if (this.#subscriptions.size === 0) this.#around.left(this)
  }

  #refuse(channel: Channel, error: Error | undefined): void {
    const { refused } = this.snapshot
    if (!isWatched(channel) || refused[channel] === error) return
    const others: { -readonly [K in keyof typeof refused]: (typeof refused)[K] } = { ...refused }
    delete others[channel]
    this.#change({ refused: Object.freeze(error ? { ...others, [channel]: error } : others) })
    if (!error) return
    for (const writer of [...this.#writers[channel]]) writer.end(error)
    // Presence needs one of the two.
    if (Object.keys(others).length > 0) for (const writer of [...this.#presences]) writer.end(error)
  }

  #take(channel: WatchedChannel, message: Message): MaybePromise<void> {
    const handle = () => this.#handle(channel, message)
    const done = this.#last ? this.#last.then(handle) : handle()
    if (!isPromise(done)) return
    const last: Promise<void> = Promise.resolve(done).finally(() => {
      if (this.#last === last) this.#last = undefined
    })
    this.#last = last
    return last
  }

  /** Never fails. */
  #handle(channel: WatchedChannel, message: Message): MaybePromise<void> {
    const { device, type } = this
    const receivedAt = new Date(clock().date())
    const what = `${channel} of ${device.type}/${device.id}`
    return orElse(
      () =>
        andThen(
          decodePayload(type, channel, message.payload, what, this.#around.warn),
          ({ value, timestamp }) =>
            this.#show(channel, { device, timestamp, receivedAt, message, [channel]: value }),
        ),
      (error) => {
        this.#change({ presence: this.#heard(message, receivedAt) })
        const code =
          error instanceof MalformedPayloadError ? 'payload-malformed' : 'payload-invalid'
        const text = error instanceof PayloadError ? error.message : `failed: ${String(error)}`
        this.#around.reject({ code, text, device, message, error })
      },
    )
  }

  #show(channel: WatchedChannel, event: Event): void {
    const { message, receivedAt, timestamp, data, status } = event
    this.#newest[channel] = event
    // One change for all of it: a view renders once.
    if (channel === 'data') {
      this.#change({ data, timestamp, presence: this.#heard(message, receivedAt) })
    } else {
      const presence = this.#heard(message, receivedAt, connectedBy(status))
      this.#change({ status, presence } as object)
    }
    for (const writer of [...this.#writers[channel]]) {
      const lost = writer.write(event)
      if (!lost) continue
      const text = `a reader of ${channel} is behind, and does not get this message`
      this.#around.reject({
        code: 'reader-behind',
        text,
        device: this.device,
        message: lost.message,
      })
    }
  }

  /** The presence after a message. One that was retained may have been said long ago. */
  #heard(
    { retain }: Message,
    receivedAt: Date,
    connected: WatchedPresence['connected'] = this.snapshot.presence.connected,
  ): WatchedPresence {
    if (retain) return this.#presence({ connected })
    this.#cancelSilence()
    this.#silentAfter(this.type.heartbeat * FRESH_HEARTBEATS * 1_000)
    return this.#presence({ connected, fresh: true, lastHeard: receivedAt.getTime() })
  }

  #silentAfter(delay: number): void {
    const step = Math.min(delay, MAX_TIMER_DELAY)
    const run = () => {
      if (step < delay) this.#silentAfter(delay - step)
      else this.#change({ presence: this.#presence({ fresh: false }) })
    }
    this.#cancelSilence = clock().after(step, run, true)
  }

  /** The presence with changes; the same object where there are none. */
  #presence(changes: Partial<WatchedPresence>): WatchedPresence {
    const before = this.snapshot.presence
    const next = Object.freeze({ ...before, ...changes })
    const isOther = next.connected !== before.connected || next.fresh !== before.fresh
    if (isOther) for (const writer of this.#presences) writer.write(next)
    return isOther || next.lastHeard !== before.lastHeard ? next : before
  }

  #change(changes: Partial<DeviceSnapshot>): void {
    const before: Readonly<Record<string, unknown>> = { ...this.snapshot }
    const isOther = Object.entries(changes).some(([key, one]) => before[key] !== one)
    if (isOther) this.#snapshot.set(Object.freeze({ ...this.snapshot, ...changes }))
  }
}

function isWatched(channel: Channel): channel is WatchedChannel {
  return channel === 'data' || channel === 'status'
}

function connectedBy(status: unknown): WatchedPresence['connected'] {
  const word = (status as { readonly status?: unknown } | null)?.status
  return typeof word === 'string' ? !ABSENT.includes(word) : 'unknown'
}
