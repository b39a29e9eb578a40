/**
 * The retained messages that a new subscription is sent, as fast as the client takes them (MQTT 5,
 * section 3.3.1.3).
 *
 * @module
 */
import { parseTopicFilter } from '../topic/filter.ts'
import { type Delivery, lowerQos } from './message.ts'
import type { OnDropped } from './notices.ts'
import type { RetainedMessages } from './retained.ts'
import type { RetainedMessage } from './retained-message.ts'
import type { Replay, Session, Subscription } from './session.ts'

/** How much is done in one turn of the event loop: messages. */
const WORK_PER_TURN = 200
/** Finding those of a filter, which may mean looking at all there are. */
const FIND_WORK = 20

/** A filter's messages, and how many of them are sent. */
interface Progress {
  readonly subscription: Subscription
  readonly messages: readonly RetainedMessage[]
  at: number
}

/** Sends retained messages to one session. */
export class RetainedReplay implements Replay {
  readonly #retained: RetainedMessages
  readonly #session: Session
  readonly #onDropped: OnDropped
  /** By filter. Most sessions have none that waits. */
  #waiting: Map<string, Subscription> | undefined
  #current: Progress | undefined

  constructor(retained: RetainedMessages, session: Session, onDropped: OnDropped) {
    this.#retained = retained
    this.#session = session
    this.#onDropped = onDropped
  }

  get isPending(): boolean {
    return this.#current !== undefined || this.#waiting !== undefined
  }

  add(subscription: Subscription): void {
    this.#waiting ??= new Map()
    this.#waiting.set(subscription.filter, subscription)
  }

  remove(filter: string): void {
    if (this.#waiting?.delete(filter) && this.#waiting.size === 0) this.#waiting = undefined
  }

  run(now: number): boolean {
    const { outgoing, subscriptions } = this.#session
    for (let work = 0; this.isPending; work++) {
      if (!outgoing.isOpen) return false
      if (work >= WORK_PER_TURN) return true
      if (!this.#current) {
        this.#current = this.#start(now)
        work += FIND_WORK
      }
      const { subscription, messages } = this.#current
      const message = messages[this.#current.at++]
      if (!message || subscriptions.get(subscription.filter) !== subscription) {
        this.#current = undefined
      } else if (this.#isWanted(message, subscription, now)) this.#send(message, subscription)
    }
    return false
  }

  /** Finds the messages of the filter that waits longest. */
  #start(now: number): Progress {
    const [subscription] = this.#waiting!.values()
    this.remove(subscription!.filter)
    const { levels } = parseTopicFilter(subscription!.filter)
    return { subscription: subscription!, messages: this.#retained.match(levels, now), at: 0 }
  }

  /** Whether a message is still to be sent: turns may have passed since it was found. */
  #isWanted(message: RetainedMessage, { isNarrowed }: Subscription, now: number): boolean {
    const { rights } = this.#session
    if (message.expiresAt <= now || (isNarrowed && !rights.mayReceive(message.topic, undefined)))
      return false
    // Another one may have taken its place, which the client got as it came.
    return this.#retained.has(message)
  }

  #send({ message }: RetainedMessage, { qos, identifier }: Subscription): void {
    const delivery: Delivery = {
      message,
      qos: lowerQos(qos, message.qos),
      retain: true,
      subscriptionIdentifiers: identifier === undefined ? undefined : [identifier],
      shared: undefined,
    }
    if (!this.#session.outgoing.push(delivery)) {
      this.#onDropped('session-full', this.#session, delivery)
    }
  }
}
