/**
 * Takes messages to whom they are for.
 *
 * @module
 */
import type { PacketQos } from '../packet/packet.ts'
import { REASON } from '../packet/reason.ts'
import { type ApplicationMessage, type Delivery, lowerQos } from './message.ts'
import type { OnDropped } from './notices.ts'
import type { RetainedMessages } from './retained.ts'
import type { Session, Subscription } from './session.ts'
import { ShareGroup, type Subscriptions } from './subscriptions.ts'

/** What became of a message. */
export interface Routed {
  /**
   * For the publisher: 0x00; 0x10 if nobody subscribed to it; 0x97 if it is not retained as it was to
   * be, or a session that it was to be kept for is full.
   */
  readonly reasonCode: number
  /** How many clients it was for. */
  readonly receivers: number
  /** Whether there was no room to retain it. */
  readonly isUnretained: boolean
}

/** Brings messages to sessions and keeps those to be retained. */
export class Router {
  readonly #subscriptions: Subscriptions
  readonly #retained: RetainedMessages
  readonly #onDropped: OnDropped

  constructor(subscriptions: Subscriptions, retained: RetainedMessages, onDropped: OnDropped) {
    this.#subscriptions = subscriptions
    this.#retained = retained
    this.#onDropped = onDropped
  }

  /**
   * Publishes a message.
   *
   * @param owner Who published it.
   * @param from The publisher's session, which may have asked not to get its own.
   */
  publish(
    message: ApplicationMessage,
    owner: string,
    from: Session | undefined,
    now: number,
  ): Routed {
    let isUnretained = false
    if (message.retain) {
      if (message.payload.length === 0) this.#retained.delete(message.topic)
      else isUnretained = !this.#retained.set(owner, message, now)
    }
    let isKept = !isUnretained
    const found = this.#subscriptions.match(message.topic)
    let receivers = 0
    /** One copy for each client, for several of its subscriptions (section 3.3.4). */
    const copies = found.size > 1 ? new Map<Session, Delivery>() : undefined
    for (const entry of found) {
      if (entry instanceof ShareGroup) {
        if (!entry.some((member) => isGranted(member, message))) continue
        receivers++
        if (!this.#pushToGroup(entry, message)) isKept = false
        continue
      }
      const { session } = entry
      if ((entry.noLocal && session === from) || !isGranted(entry, message)) continue
      receivers++
      const delivery = deliveryOf(message, entry)
      if (!copies) {
        if (!this.#push(session, delivery)) isKept = false
        continue
      }
      const copy = copies.get(session)
      copies.set(session, copy ? joined(copy, delivery) : delivery)
    }
    if (copies) {
      for (const [session, delivery] of copies) {
        if (!this.#push(session, delivery)) isKept = false
      }
    }
    const { success, noMatchingSubscribers, quotaExceeded } = REASON
    const reasonCode = receivers > 0 ? success : noMatchingSubscribers
    return { reasonCode: isKept ? reasonCode : quotaExceeded, receivers, isUnretained }
  }

  /** Gives what was for one member of a shared subscription to another. */
  handOn({ message, shared }: Delivery): void {
    const group = shared === undefined ? undefined : this.#subscriptions.group(shared)
    if (group) this.#pushToGroup(group, message)
  }

  #push(session: Session, delivery: Delivery): boolean {
    if (session.outgoing.push(delivery)) return true
    this.#onDropped('session-full', session, delivery)
    return false
  }

  /** To the first in turn who takes it at once, else to one that is there, else to one that will be. */
  #pushToGroup(group: ShareGroup, message: ApplicationMessage): boolean {
    const push = (member: Subscription) =>
      isGranted(member, message) && member.session.outgoing.push(deliveryOf(message, member))
    const member =
      group.take((each) => each.session.outgoing.isOpen && push(each)) ??
      group.take((each) => each.session.connection !== undefined && push(each))
    if (member) return true
    // Nothing of QoS 0 waits for anybody.
    const keeps = (each: Subscription) =>
      lowerQos(each.qos, message.qos) > 0 && isGranted(each, message)
    if (!group.some(keeps) || group.take((each) => keeps(each) && push(each))) return true
    const last = group.take(keeps)!
    this.#onDropped('session-full', last.session, deliveryOf(message, last))
    return false
  }
}

function isGranted(
  { isNarrowed, session, share }: Subscription,
  { topic }: ApplicationMessage,
): boolean {
  return !isNarrowed || session.rights.mayReceive(topic, share)
}

/** A message for a subscription of its own. */
function deliveryOf(
  message: ApplicationMessage,
  { qos, retainAsPublished, identifier, share, filter }: Subscription,
): Delivery {
  return {
    message,
    qos: lowerQos(qos, message.qos),
    retain: retainAsPublished && message.retain,
    subscriptionIdentifiers: identifier === undefined ? undefined : [identifier],
    shared: share === undefined ? undefined : filter,
  }
}

function joined(one: Delivery, other: Delivery): Delivery {
  const identifiers = [
    ...(one.subscriptionIdentifiers ?? []),
    ...(other.subscriptionIdentifiers ?? []),
  ]
  return {
    ...one,
    qos: Math.max(one.qos, other.qos) as PacketQos,
    retain: one.retain || other.retain,
    subscriptionIdentifiers: identifiers.length > 0 ? identifiers : undefined,
  }
}
