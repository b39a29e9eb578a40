/**
 * What a server keeps of one client, over its connections (MQTT 5, section 4.1).
 *
 * @module
 */
import type { PacketWill } from '../packet/packet.ts'
import { ByteBudget } from './budget.ts'
import type { ClientRef } from './events.ts'
import type { ClientRights } from './guard.ts'
import { type OnDrop, Outgoing, type Recipient } from './outgoing.ts'
import { ReceivedIds } from './received.ts'
import type { ServerSettings } from './settings.ts'

/** The connection of a session. */
export interface SessionConnection extends Recipient {
  readonly client: ClientRef
  /** Ends it with a reason: with a DISCONNECT in MQTT 5, where it still fits. */
  close(reasonCode: number): void
}

/** A subscription of one session. */
export interface Subscription {
  readonly session: Session
  /** With its share prefix. */
  readonly filter: string
  /** The share name, of a shared one. */
  readonly share: string | undefined
  readonly qos: 0 | 1 | 2
  readonly noLocal: boolean
  readonly retainAsPublished: boolean
  readonly identifier: number | undefined
  /**
   * Whether the rights it was made with have shrunk: each message is asked about then.
   */
  isNarrowed: boolean
}

/** A will that waits to be published. */
export interface WaitingWill {
  readonly will: PacketWill
  /** By the server's clock. */
  readonly dueAt: number
}

/** The retained messages that new subscriptions of a session are still to be sent. */
export interface Replay {
  /** Whether there is something left to send. */
  readonly isPending: boolean
  /** Adds the messages of a subscription. */
  add(subscription: Subscription): void
  /** Sends no more of those of a filter, which has no subscription any more. */
  remove(filter: string): void
  /** Sends some of them. Returns whether more would be taken at once, in a later turn. */
  run(now: number): boolean
}

/** One session. */
export class Session {
  readonly owner: string
  readonly clientId: string
  /** What its latest login may do. */
  rights: ClientRights
  /** Seconds it outlives its connection; 0 ends it with the connection. */
  expiryInterval: number
  connection: SessionConnection | undefined
  readonly subscriptions: Map<string, Subscription> = new Map()
  /** Bytes of its messages, identifiers, filters and will. */
  readonly budget: ByteBudget
  readonly received: ReceivedIds
  readonly outgoing: Outgoing
  readonly replay: Replay
  waitingWill: WaitingWill | undefined
  /** Bytes of the will that its connection has, or that waits. */
  willBytes = 0
  /** When it lost its connection, by the server's clock. */
  absentSince = 0
  /** When it ends, by the server's clock, while it has no connection. */
  endsAt: number = Infinity

  constructor(
    ref: Pick<ClientRef, 'owner' | 'clientId'>,
    rights: ClientRights,
    settings: ServerSettings,
    stored: ByteBudget,
    now: () => number,
    onDrop: OnDrop,
    replay: (session: Session) => Replay,
  ) {
    this.owner = ref.owner
    this.clientId = ref.clientId
    this.rights = rights
    this.expiryInterval = 0
    this.budget = new ByteBudget(settings.maxSessionBytes, stored)
    this.received = new ReceivedIds(this.budget)
    this.outgoing = new Outgoing(settings.maxQueuedMessages, this.budget, now, onDrop)
    this.replay = replay(this)
  }
}
