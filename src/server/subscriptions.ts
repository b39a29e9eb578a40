/**
 * Who subscribed to what.
 *
 * @module
 */
import { type FilterTree, filterTree } from '../topic/tree.ts'
import type { Session, Subscription } from './session.ts'

/** The members of one shared subscription, which take turns. */
export class ShareGroup {
  #members: Subscription[] = []
  #next = 0

  /** How many there are. */
  get size(): number {
    return this.#members.length
  }

  /** Adds a member, in the place of the one that the session had. */
  add(member: Subscription): void {
    const at = this.#members.findIndex(({ session }) => session === member.session)
    if (at < 0) this.#members.push(member)
    else this.#members[at] = member
  }

  /** Takes a member away. */
  delete(member: Subscription): void {
    const at = this.#members.indexOf(member)
    if (at < 0) return
    this.#members.splice(at, 1)
    if (at < this.#next) this.#next--
  }

  /** Whether one of them has a quality. Who is next in turn stays as it is. */
  some(has: (member: Subscription) => boolean): boolean {
    return this.#members.some(has)
  }

  /**
   * The first in turn that has a quality, who is the last in turn from now on.
   */
  take(has: (member: Subscription) => boolean): Subscription | undefined {
    const count = this.#members.length
    for (let i = 0; i < count; i++) {
      const at = (this.#next + i) % count
      const member = this.#members[at]!
      if (!has(member)) continue
      this.#next = (at + 1) % count
      return member
    }
    return undefined
  }
}

/** All subscriptions of a server. */
export class Subscriptions {
  readonly #tree: FilterTree<Subscription | ShareGroup> = filterTree()
  /** By filter with share prefix. */
  readonly #groups = new Map<string, ShareGroup>()
  #size = 0

  /** How many there are. */
  get size(): number {
    return this.#size
  }

  /**
   * Adds a subscription to those of its session, in the place of the one with the same filter.
   * @throws {InvalidTopicError} If the filter is not well formed.
   */
  add(subscription: Subscription): void {
    const { session, filter, share } = subscription
    const before = session.subscriptions.get(filter)
    if (share === undefined) {
      this.#tree.add(filter, subscription)
      if (before) this.#tree.delete(filter, before)
    } else {
      let group = this.#groups.get(filter)
      if (!group) {
        group = new ShareGroup()
        this.#tree.add(filter, group)
        this.#groups.set(filter, group)
      }
      group.add(subscription)
    }
    session.subscriptions.set(filter, subscription)
    if (!before) this.#size++
  }

  /** Ends a subscription. Tells whether there was one. */
  delete(session: Session, filter: string): boolean {
    const subscription = session.subscriptions.get(filter)
    if (!subscription) return false
    session.subscriptions.delete(filter)
    this.#size--
    if (subscription.share === undefined) return this.#tree.delete(filter, subscription)
    const group = this.#groups.get(filter)!
    group.delete(subscription)
    if (group.size === 0) {
      this.#groups.delete(filter)
      this.#tree.delete(filter, group)
    }
    return true
  }

  /** Ends all of a session. */
  deleteAll(session: Session): void {
    for (const filter of [...session.subscriptions.keys()]) this.delete(session, filter)
  }

  /** The members of a shared subscription, if it has any. */
  group(filter: string): ShareGroup | undefined {
    return this.#groups.get(filter)
  }

  /** The subscriptions that match a topic name, with one group for each shared one. */
  match(topic: string): ReadonlySet<Subscription | ShareGroup> {
    return this.#tree.find(topic)
  }
}
