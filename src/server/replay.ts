/**
 * The retained messages that a new subscription is sent, as fast as the client takes them (MQTT 5,
 * section 3.3.1.3).
 *
 * @module
 */
import { parseTopicFilter } from '../topic/filter.ts'
import { type ApplicationMessage, lowerQos } from './message.ts'
import type { RetainedMessages } from './retained.ts'
import type { Replay, Session, Subscription } from './session.ts'

/** Most messages sent in one turn of the event loop. */
const MESSAGES_PER_TURN = 200

/** A filter's messages, and how many of them are sent. */
interface Progress {
  readonly subscription: Subscription
  readonly messages: readonly ApplicationMessage[]
  at: number
}

/** Sends retained messages to one session. */
export class RetainedReplay implements Replay {
  readonly #retained: RetainedMessages
  readonly #session: Session
  readonly #waiting: Subscription[] = []
  #current: Progress | undefined

  constructor(retained: RetainedMessages, session: Session) {
    this.#retained = retained
    this.#session = session
  }

  get isPending(): boolean {
    return this.#current !== undefined || this.#waiting.length > 0
  }

  add(subscription: Subscription): void {
    this.#waiting.push(subscription)
  }

  run(now: number): boolean {
    const { outgoing, subscriptions } = this.#session
    for (let sent = 0; this.isPending; sent++) {
      if (!outgoing.isOpen) return false
      if (sent === MESSAGES_PER_TURN) return true
      this.#current ??= this.#start(this.#waiting.shift()!, now)
      const { subscription, messages } = this.#current
      const message = messages[this.#current.at++]
      if (!message || subscriptions.get(subscription.filter) !== subscription) {
        this.#current = undefined
        continue
      }
      // Another one may have taken its place, which the client got as it came.
      if (!this.#retained.has(message)) continue
      const { qos, identifier } = subscription
      outgoing.push({
        message,
        qos: lowerQos(qos, message.qos),
        retain: true,
        subscriptionIdentifiers: identifier === undefined ? undefined : [identifier],
        shared: undefined,
      })
    }
    return false
  }

  #start(subscription: Subscription, now: number): Progress {
    const { levels } = parseTopicFilter(subscription.filter)
    return { subscription, messages: this.#retained.match(levels, now), at: 0 }
  }
}
