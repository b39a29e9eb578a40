/**
 * Messages on their way to the handler: the window that bounds how many are handled at once, and how
 * many bytes of them, and their acknowledgement when the handler is done. It outlives the connections of
 * a broker.
 *
 * @module
 */
import { toError } from '../base/errors.ts'
import { isPromise, type MaybePromise } from '../base/maybe-promise.ts'
import type { Message, MessageHandler } from '../broker/broker.ts'

/** Answers the broker; does nothing once the connection it belongs to is lost. */
export type Acknowledge = (isFailed: boolean) => void

interface Delivery {
  readonly message: Message
  readonly packetId: number
  /** In bytes, roughly. */
  readonly size: number
  readonly acknowledge: Acknowledge
}

/** A QoS 2 message until its PUBREL. It is not kept itself: that may never come. */
interface ExactlyOnce {
  /** Answers on the connection that brought it last. */
  acknowledge: Acknowledge
  /** `undefined` while it is handled. */
  isFailed: boolean | undefined
}

/** The window between connections and the handler. */
export interface Inbound {
  /**
   * Takes a message. Where it is a repetition, of QoS 2, only its answer is repeated.
   *
   * @param size In bytes, roughly.
   * @param readOn Called, once, when the connection may deliver the next.
   */
  take(
    message: Message,
    packetId: number,
    size: number,
    acknowledge: Acknowledge,
    readOn: () => void,
  ): void
  /** Forgets a QoS 2 message that the broker will not repeat. */
  release(id: number): void
  /**
   * Prepares for the messages of a new connection.
   *
   * @param resumed Whether the broker kept the session. Then it repeats what was not acknowledged,
   * so what still waits here is dropped; else this is all there is, and it is handled.
   */
  beginSession(resumed: boolean): void
  /** Starts handlers: the broker is connected, so they can publish. */
  resume(): void
  /** Starts no more handlers until {@link resume}. The lost connection is not read on. */
  pause(): void
  /**
   * Starts no more handlers until {@link resume}, while the connection is read on, within bounds: what is
   * being handled is acknowledged on it, and it is left then.
   */
  hold(): void
  /** Starts no more handlers. What arrives from now on is neither handled nor acknowledged. */
  stop(): void
  /** Settles when no handler is running. */
  idle(): Promise<void>
  /** Reads on if there is a reason to. Called when an answer comes to be awaited. */
  readAhead(): void
}

/** How many bytes of messages are in the hands of handlers at most, unless it is one message. */
const HANDLED_BYTES = 16 * 1024 * 1024
/** How many bytes are read ahead at most for the sake of an awaited answer. */
const READ_AHEAD_BYTES = 8 * 1024 * 1024

/**
 * See the module.
 *
 * @param receiveMaximum Most handlers running at once.
 * @param mustRead Whether the connection has to be read on, because an answer is awaited from it.
 */
export function makeInbound(
  receiveMaximum: number,
  onMessage: MessageHandler,
  onError: (error: Error) => void,
  mustRead: () => boolean,
): Inbound {
  let running = 0
  let runningBytes = 0
  const idle: (() => void)[] = []
  /** QoS 2 messages from their PUBLISH to their PUBREL: the same one is not handled again. */
  const exactlyOnce = new Map<number, ExactlyOnce>()
  let queue: Delivery[] = []
  let queuedBytes = 0
  let next: (() => void) | undefined
  let state: 'paused' | 'flowing' | 'held' | 'stopped' = 'paused'

  function mayHandle({ size }: Delivery): boolean {
    if (state !== 'flowing' || running >= receiveMaximum) return false
    return running === 0 || runningBytes + size <= HANDLED_BYTES
  }

  function advance(): void {
    for (let first = queue[0]; first && mayHandle(first); first = queue[0]) {
      queue.shift()
      queuedBytes -= first.size
      handle(first)
    }
    readAhead()
  }

  function readAhead(): void {
    const mayRead =
      queue.length === 0 || ((state === 'held' || mustRead()) && queuedBytes < READ_AHEAD_BYTES)
    if (!next || !mayRead) return
    const readOn = next
    next = undefined
    readOn()
  }

  function handle(delivery: Delivery): void {
    running++
    runningBytes += delivery.size
    const settle = (isFailed: boolean) => {
      delivery.acknowledge(isFailed)
      running--
      runningBytes -= delivery.size
      if (running === 0) for (const done of idle.splice(0)) done()
    }
    const fail = (error: unknown) => {
      onError(toError(error))
      settle(true)
    }
    let handled: MaybePromise<void>
    try {
      handled = onMessage(delivery.message)
    } catch (error) {
      fail(error)
      return
    }
    // Not advanced at once: whoever called goes on by itself.
    if (isPromise(handled)) {
      void Promise.resolve(handled)
        .then(() => settle(false), fail)
        .then(advance)
    } else settle(false)
  }

  return {
    take(message, packetId, size, acknowledge, readOn) {
      let answer = acknowledge
      if (message.qos === 2) {
        const known = exactlyOnce.get(packetId)
        if (known) {
          known.acknowledge = acknowledge
          if (known.isFailed !== undefined) acknowledge(known.isFailed)
          readOn()
          return
        }
        const once: ExactlyOnce = { acknowledge, isFailed: undefined }
        if (state !== 'stopped') exactlyOnce.set(packetId, once)
        answer = (isFailed) => {
          once.isFailed = isFailed
          once.acknowledge(isFailed)
        }
      }
      const delivery: Delivery = { message, packetId, size, acknowledge: answer }
      if (queue.length === 0 && mayHandle(delivery)) {
        handle(delivery)
        readOn()
        return
      }
      next = readOn
      if (state !== 'stopped') {
        queue.push(delivery)
        queuedBytes += size
      }
      advance()
    },

    release(id) {
      exactlyOnce.delete(id)
    },

    beginSession(resumed) {
      if (!resumed) {
        exactlyOnce.clear()
        return
      }
      queue = queue.filter(({ message, packetId, size }) => {
        if (message.qos === 0) return true
        queuedBytes -= size
        if (message.qos === 2) exactlyOnce.delete(packetId)
        return false
      })
    },

    resume() {
      if (state !== 'stopped') state = 'flowing'
      advance()
    },

    pause() {
      if (state !== 'stopped') state = 'paused'
      next = undefined
    },

    hold() {
      if (state === 'flowing') state = 'held'
      readAhead()
    },

    stop() {
      state = 'stopped'
      queue = []
      queuedBytes = 0
      readAhead()
    },

    async idle() {
      if (running > 0) await new Promise<void>((resolve) => idle.push(resolve))
    },

    readAhead,
  }
}
