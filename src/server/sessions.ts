/**
 * The sessions of a server: found, taken over and ended.
 *
 * @module
 */
import type { ConnectPacket, PacketWill } from '../packet/packet.ts'
import { REASON } from '../packet/reason.ts'
import { ByteBudget } from './budget.ts'
import type { ServerClock } from './clock.ts'
import type { ClientRef } from './events.ts'
import type { ClientRights } from './guard.ts'
import { applicationMessage } from './message.ts'
import type { Notices } from './notices.ts'
import { RetainedReplay } from './replay.ts'
import type { RetainedMessages } from './retained.ts'
import type { Router } from './router.ts'
import { Session, type SessionConnection } from './session.ts'
import type { ServerSettings } from './settings.ts'
import type { Subscriptions } from './subscriptions.ts'

/** An expiry of 4,294,967,295 seconds is none (MQTT 5, section 3.1.2.11.2). */
const NEVER = 0xffff_ffff

/** A session for a connection. */
export interface OpenedSession {
  readonly session: Session
  /** Whether it was there before. */
  readonly isPresent: boolean
}

/** What an owner has. */
interface Owned {
  /** By client id, the oldest first. */
  readonly sessions: Map<string, Session>
  readonly budget: ByteBudget
}

/** What of a server the sessions need. */
export interface SessionContext {
  readonly settings: ServerSettings
  readonly clock: ServerClock
  readonly notices: Notices
  readonly subscriptions: Subscriptions
  readonly router: Router
  readonly retained: RetainedMessages
  /** Publishes a will, if it is granted still. */
  publishWill(session: Session, will: PacketWill): void
}

/** All sessions of a server. */
export class Sessions {
  readonly #context: SessionContext
  readonly #stored: ByteBudget
  readonly #owners = new Map<string, Owned>()
  /** Those without a connection, in the order in which they lost it. */
  readonly #absent = new Set<Session>()
  readonly #now: () => number
  #size = 0

  constructor(context: SessionContext) {
    this.#context = context
    this.#now = () => context.clock.now()
    this.#stored = new ByteBudget(context.settings.maxStoredBytes)
  }

  /** How many there are. */
  get size(): number {
    return this.#size
  }

  /** Bytes they hold. */
  get storedBytes(): number {
    return this.#stored.used
  }

  /** Those of an owner. */
  of(owner: string): readonly Session[] {
    return [...(this.#owners.get(owner)?.sessions.values() ?? [])]
  }

  /**
   * Gives a client its session, or a new one. A connection that had it is closed before (MQTT 5, section
   * 3.1.4). Returns `undefined` if there is no room for another one, or for its will.
   */
  open(
    ref: ClientRef,
    rights: ClientRights,
    { cleanStart, will }: Pick<ConnectPacket, 'cleanStart' | 'will'>,
  ): OpenedSession | undefined {
    this.#find(ref)?.connection?.close(REASON.sessionTakenOver)
    // Closing may have ended it.
    const before = this.#find(ref)
    if (before && !cleanStart) {
      if (!holdWill(before, will)) return undefined
      before.rights = rights
      return { session: before, isPresent: true }
    }
    if (before) this.end(before)
    if (!this.#makeRoom(ref.owner)) return undefined
    const { settings, notices, retained } = this.#context
    const owned = this.#owners.get(ref.owner) ?? this.#newOwner()
    const session: Session = new Session(
      ref,
      rights,
      settings,
      owned.budget,
      this.#now,
      (code, delivery) => notices.onDropped(code, session, delivery),
      (each) => new RetainedReplay(retained, each, notices.onDropped),
    )
    if (!holdWill(session, will)) return undefined
    this.#owners.set(ref.owner, owned)
    owned.sessions.set(ref.clientId, session)
    this.#size++
    return { session, isPresent: false }
  }

  /** A connection takes its session. Its will, if one waits, is not published (section 3.1.3.2.2). */
  attach(session: Session, connection: SessionConnection): void {
    session.connection = connection
    session.waitingWill = undefined
    session.endsAt = Infinity
    this.#absent.delete(session)
  }

  /**
   * A connection has ended.
   *
   * @param will What it leaves to be published.
   */
  detach(session: Session, will: PacketWill | undefined): void {
    session.connection = undefined
    session.outgoing.detach()
    const now = this.#context.clock.now()
    const { expiryInterval } = session
    session.absentSince = now
    session.endsAt = expiryInterval === NEVER ? Infinity : now + expiryInterval * 1_000
    this.#absent.add(session)
    const delay = will?.willDelayInterval ?? 0
    if (will && delay > 0) session.waitingWill = { will, dueAt: now + delay * 1_000 }
    else {
      holdWill(session, undefined)
      if (will) this.#context.publishWill(session, will)
    }
    if (expiryInterval === 0) this.end(session)
  }

  /**
   * Ends a session that has no connection. What it leaves of shared subscriptions goes to other members,
   * and a will that waits is published.
   */
  end(session: Session): void {
    const { owner, clientId } = session
    const own = this.#owners.get(owner)?.sessions
    if (own?.get(clientId) !== session) return
    own.delete(clientId)
    if (own.size === 0) this.#owners.delete(owner)
    this.#size--
    this.#absent.delete(session)
    const { subscriptions, router } = this.#context
    subscriptions.deleteAll(session)
    const left = session.outgoing.end()
    session.budget.give(session.budget.used)
    session.willBytes = 0
    for (const delivery of left) router.handOn(delivery)
    this.#publishWaitingWill(session)
  }

  /**
   * Publishes the wills that are due, and ends the sessions that have expired. Returns whether others
   * will.
   */
  sweep(now: number): boolean {
    let isMore = false
    for (const session of [...this.#absent]) {
      if (session.waitingWill && session.waitingWill.dueAt <= now) this.#publishWaitingWill(session)
      if (session.endsAt <= now) this.end(session)
      else if (session.waitingWill || session.endsAt !== Infinity) isMore = true
    }
    return isMore
  }

  #publishWaitingWill(session: Session): void {
    const { waitingWill } = session
    if (!waitingWill) return
    session.waitingWill = undefined
    holdWill(session, undefined)
    this.#context.publishWill(session, waitingWill.will)
  }

  #find({ owner, clientId }: Pick<ClientRef, 'owner' | 'clientId'>): Session | undefined {
    return this.#owners.get(owner)?.sessions.get(clientId)
  }

  #newOwner(): Owned {
    const { maxStoredBytesPerOwner } = this.#context.settings
    return { sessions: new Map(), budget: new ByteBudget(maxStoredBytesPerOwner, this.#stored) }
  }

  #makeRoom(owner: string): boolean {
    const { maxSessions, maxSessionsPerOwner } = this.#context.settings
    const own = this.#owners.get(owner)?.sessions
    if (own && own.size >= maxSessionsPerOwner) {
      let longest: Session | undefined
      for (const session of own.values()) {
        if (session.connection) continue
        if (!longest || session.absentSince < longest.absentSince) longest = session
      }
      if (!longest) return false
      this.end(longest)
      const { clientId } = longest
      this.#context.notices.tell({ kind: 'session-dropped', owner, clientId })
    }
    return this.#size < maxSessions
  }
}

/** Takes room for a will, in the place of the one before. Tells whether there was some. */
function holdWill(session: Session, will: PacketWill | undefined): boolean {
  const bytes = will ? applicationMessage(will, will.topic, 0).bytes : 0
  session.budget.give(session.willBytes)
  const isHeld = session.budget.take(bytes)
  if (isHeld) session.willBytes = bytes
  else session.budget.take(session.willBytes)
  return isHeld
}
