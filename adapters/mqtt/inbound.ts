/**
 * Messages on their way to the handler: the window that bounds how many are handled at once, and how
 * many bytes of them, and their acknowledgement when the handler is done. It outlives the connections of
 * a broker.
 *
 * @module
 */
import { toError } from '../../src/base/errors.ts'
import { isPromise, type MaybePromise } from '../../src/base/maybe-promise.ts'
import type { Message, MessageHandler } from '../../src/broker/broker.ts'
import { hasProperties, userPairs } from '../../src/broker/properties.ts'

/** Answers the broker; does nothing once the connection it belongs to is lost. */
export type Acknowledge = (outcome: Outcome) => void

/** How handling a message ended. */
export type Outcome = 'handled' | 'failed'

interface Delivery {
  readonly message: Message
  /** In bytes, roughly. */
  readonly size: number
  readonly acknowledge: Acknowledge
  /** The packet identifier of a QoS 2 message. */
  readonly exactlyOnceId?: number
}

/** A QoS 2 message until its PUBREL. It is not kept itself: that may never come. */
interface ExactlyOnce {
  /** Answers on the connection that brought it last. */
  acknowledge: Acknowledge
  outcome: Outcome | undefined
}

/** What {@link Inbound} takes. */
export interface InboundOptions {
  /** Most handlers running at once. */
  readonly receiveMaximum: number
  readonly onMessage: MessageHandler
  readonly onError: (error: Error) => void
  /** Whether the connection has to be read on, because an answer is awaited from it. */
  readonly mustRead: () => boolean
}

/** How many bytes of messages are in the hands of handlers at most, unless it is one message. */
const HANDLED_BYTES = 16 * 1024 * 1024
/** How many bytes are read ahead at most for the sake of an awaited answer. */
const READ_AHEAD_BYTES = 8 * 1024 * 1024
/** What a message costs beside its payload and its texts, roughly. */
const MESSAGE_BYTES = 512
/** The same of a user property. */
const PROPERTY_BYTES = 64

/** The window between connections and the handler. */
export class Inbound {
  readonly #options: InboundOptions
  #running = 0
  #runningBytes = 0
  #idle: (() => void)[] = []
  /** QoS 2 messages from their PUBLISH to their PUBREL: the same one is not handled again. */
  readonly #exactlyOnce = new Map<number, ExactlyOnce>()
  #queue: Delivery[] = []
  #queuedBytes = 0
  #readOn: (() => void) | undefined
  #state: 'paused' | 'flowing' | 'stopped' = 'paused'

  constructor(options: InboundOptions) {
    this.#options = options
  }

  /** Whether the connection waits to be read on. */
  get holds(): boolean {
    return this.#readOn !== undefined
  }

  /**
   * Takes a message of QoS 0 or 1.
   *
   * @param readOn Called, once, when the connection may deliver the next.
   */
  take(message: Message, acknowledge: Acknowledge, readOn: () => void): void {
    this.#enqueue({ message, size: sizeOf(message), acknowledge }, readOn)
  }

  /** Takes a message of QoS 2, unless it is a repetition: then only its answer is repeated. */
  takeOnce(id: number, message: Message, acknowledge: Acknowledge, readOn: () => void): void {
    const known = this.#exactlyOnce.get(id)
    if (!known) {
      const once: ExactlyOnce = { acknowledge, outcome: undefined }
      if (this.#state !== 'stopped') this.#exactlyOnce.set(id, once)
      const answer: Acknowledge = (outcome) => {
        once.outcome = outcome
        once.acknowledge(outcome)
      }
      const size = sizeOf(message)
      this.#enqueue({ message, size, acknowledge: answer, exactlyOnceId: id }, readOn)
      return
    }
    known.acknowledge = acknowledge
    if (known.outcome) acknowledge(known.outcome)
    readOn()
  }

  /** Forgets a QoS 2 message that the broker will not repeat. */
  release(id: number): void {
    this.#exactlyOnce.delete(id)
  }

  /**
   * Prepares for the messages of a new connection.
   *
   * @param resumed Whether the broker kept the session. Then it repeats what was not acknowledged,
   * so what still waits here is dropped; else this is all there is, and it is handled.
   */
  beginSession(resumed: boolean): void {
    if (!resumed) {
      this.#exactlyOnce.clear()
      return
    }
    const repeated = this.#queue.filter(({ message }) => message.qos > 0)
    this.#queue = this.#queue.filter(({ message }) => message.qos === 0)
    for (const delivery of repeated) {
      this.#queuedBytes -= delivery.size
      if (delivery.exactlyOnceId !== undefined) this.release(delivery.exactlyOnceId)
    }
  }

  /** Starts handlers: the broker is connected, so they can publish. */
  resume(): void {
    if (this.#state === 'paused') this.#state = 'flowing'
    this.#advance()
  }

  /** Starts no more handlers until {@link resume}. The lost connection is not read on. */
  pause(): void {
    if (this.#state === 'flowing') this.#state = 'paused'
    this.#readOn = undefined
  }

  /** Starts no more handlers. What arrives from now on is neither handled nor acknowledged. */
  stop(): void {
    this.#state = 'stopped'
    this.#queue = []
    this.#queuedBytes = 0
    this.readAhead()
  }

  /** Settles when no handler is running. */
  async idle(): Promise<void> {
    if (this.#running > 0) await new Promise<void>((resolve) => this.#idle.push(resolve))
  }

  /** Reads on if there is a reason to. Called when an answer comes to be awaited. */
  readAhead(): void {
    if (!this.#readOn || !this.#mayRead()) return
    const readOn = this.#readOn
    this.#readOn = undefined
    readOn()
  }

  #enqueue(delivery: Delivery, readOn: () => void): void {
    if (this.#queue.length === 0 && this.#mayHandle(delivery)) {
      this.#handle(delivery)
      readOn()
      return
    }
    this.#readOn = readOn
    if (this.#state !== 'stopped') {
      this.#queue.push(delivery)
      this.#queuedBytes += delivery.size
    }
    this.#advance()
  }

  #mayHandle({ size }: Delivery): boolean {
    if (this.#state !== 'flowing' || this.#running >= this.#options.receiveMaximum) return false
    return this.#running === 0 || this.#runningBytes + size <= HANDLED_BYTES
  }

  #advance(): void {
    for (;;) {
      const [next] = this.#queue
      if (!next || !this.#mayHandle(next)) break
      this.#queue.shift()
      this.#queuedBytes -= next.size
      this.#handle(next)
    }
    this.readAhead()
  }

  #mayRead(): boolean {
    if (this.#queue.length === 0) return true
    return this.#options.mustRead() && this.#queuedBytes < READ_AHEAD_BYTES
  }

  #handle(delivery: Delivery): void {
    this.#running++
    this.#runningBytes += delivery.size
    let handled: MaybePromise<void>
    try {
      handled = this.#options.onMessage(delivery.message)
    } catch (error) {
      this.#settle(delivery, this.#failed(error))
      return
    }
    if (!isPromise(handled)) {
      // Not advanced here: whoever called goes on by itself.
      this.#settle(delivery, 'handled')
      return
    }
    const settle = (outcome: Outcome) => {
      this.#settle(delivery, outcome)
      this.#advance()
    }
    void Promise.resolve(handled).then(
      () => settle('handled'),
      (error) => settle(this.#failed(error)),
    )
  }

  #failed(error: unknown): Outcome {
    this.#options.onError(toError(error))
    return 'failed'
  }

  #settle(delivery: Delivery, outcome: Outcome): void {
    delivery.acknowledge(outcome)
    this.#running--
    this.#runningBytes -= delivery.size
    if (this.#running === 0) for (const done of this.#idle.splice(0)) done()
  }
}

function sizeOf(message: Message): number {
  const size = MESSAGE_BYTES + message.topic.length + message.payload.byteLength
  if (!hasProperties(message)) return size
  const { userProperties = {}, correlationData, responseTopic = '', contentType = '' } = message
  return userPairs(userProperties).reduce(
    (sum, [key, value]) => sum + PROPERTY_BYTES + key.length + value.length,
    size + (correlationData?.byteLength ?? 0) + responseTopic.length + contentType.length,
  )
}
