/**
 * What the broker remembers, in memory and within bounds: sessions and retained messages. It takes
 * the place of the store that comes with `aedes`, which is without bounds and keeps the filters of
 * denied subscriptions with those granted beside them.
 *
 * @module
 */
import type { Readable } from 'node:stream'
import type { Client, Subscription } from 'aedes'
import { parseTopicFilter, parseTopicName } from '../../src/topic/filter.ts'
import { levelsCover } from '../../src/topic/relation.ts'
import { filterTree } from '../../src/topic/tree.ts'
import { grantedQos } from './delivery.ts'
import { OutgoingQueue, type StoredPacket } from './outgoing.ts'

/** Most sessions kept for one user name. Beyond it the oldest ends. */
export const MAX_SESSIONS_PER_USER = 100

/** Most topics with a retained message. */
export const MAX_RETAINED = 10_000

/** A session's key: the user name, which holds no `#`, and the client id. */
export function sessionKey(username: string, clientId: string): string {
  return `${username}#${clientId}`
}

interface StoredSession {
  readonly key: string
  readonly subscriptions: Map<string, Subscription>
  readonly outgoing: OutgoingQueue
  /** Packet identifiers of QoS 2 messages that came in and are not released yet. */
  readonly incoming: Set<number>
}

/**
 * Calls back at once, where a promise would in a later turn. `aedes` numbers a message before it is
 * stored and drops what reaches a subscriber behind a higher number, so another one must not
 * overtake it.
 */
const DONE: PromiseLike<void> = {
  // biome-ignore lint/suspicious/noThenProperty: a promise that calls back at once is a thenable
  then(onDone) {
    onDone?.()
    return DONE as PromiseLike<never>
  },
}

type Keyed = Pick<Client, 'id'>
type Retained = StoredPacket & { readonly topic: string }

/** The broker's memory. What is promised here is what `aedes` asks of its `persistence` option. */
export interface BrokerState {
  setup(): Promise<void>
  /** Is done when it returns: see {@link DONE}. */
  storeRetained(packet: Retained): PromiseLike<void>
  createRetainedStreamCombi(filters: readonly string[]): Readable
  addSubscriptions(client: Client, subscriptions: readonly Subscription[]): Promise<void>
  removeSubscriptions(client: Keyed, filters: readonly string[]): Promise<void>
  subscriptionsByClient(client: Keyed): Promise<Subscription[]>
  subscriptionsByTopic(topic: string): Promise<{ clientId: string; topic: string }[]>
  cleanSubscriptions(client: Keyed): Promise<void>
  outgoingEnqueue(to: { readonly clientId: string }, packet: StoredPacket): Promise<void>
  outgoingEnqueueCombi(
    to: readonly { readonly clientId: string }[],
    packet: StoredPacket,
  ): Promise<void>
  outgoingUpdate(client: Keyed, packet: StoredPacket): Promise<void>
  outgoingClearMessageId(
    client: Keyed,
    packet: StoredPacket & { readonly nl?: boolean; readonly clientId?: string },
  ): Promise<StoredPacket | undefined>
  outgoingStream(client: Keyed): Readable
  incomingStorePacket(client: Keyed, packet: { readonly messageId?: number }): Promise<void>
  incomingGetPacket(client: Keyed, packet: { readonly messageId?: number }): Promise<object>
  incomingDelPacket(client: Keyed, packet: { readonly messageId?: number }): Promise<void>
  putWill(): Promise<void>
  delWill(): Promise<void>
  streamWill(): Readable
  /** Ends a session. */
  forget(key: string): void
  /** Ends every session of a user name. Returns their keys. */
  forgetUser(username: string): readonly string[]
}

/**
 * Makes an empty memory.
 *
 * @param stream Makes a stream of objects.
 * @param isGranted Whether a client may have a subscription.
 * @param onFull Told what was not kept.
 */
export function brokerState(
  stream: (items: Iterable<object>) => Readable,
  isGranted: (client: Client, subscription: Subscription) => boolean,
  onFull: (what: string) => void,
): BrokerState {
  const users = new Map<string, Map<string, StoredSession>>()
  /** Sessions by the filters they get messages of QoS 1 and 2 for. */
  const tree = filterTree<StoredSession>()
  const retained = new Map<string, { levels: readonly string[]; packet: Retained }>()

  function find(key: string): StoredSession | undefined {
    return users.get(userOf(key))?.get(key)
  }

  function open(key: string): StoredSession {
    const username = userOf(key)
    let sessions = users.get(username)
    if (!sessions) {
      sessions = new Map()
      users.set(username, sessions)
    }
    const found = sessions.get(key)
    if (found) return found
    if (sessions.size >= MAX_SESSIONS_PER_USER) {
      onFull(`${JSON.stringify(username)} has too many sessions: its oldest one is ended`)
      end(sessions.values().next().value!)
    }
    const session: StoredSession = {
      key,
      subscriptions: new Map(),
      outgoing: new OutgoingQueue(),
      incoming: new Set(),
    }
    sessions.set(key, session)
    return session
  }

  function end(session: StoredSession): void {
    for (const filter of session.subscriptions.keys()) tree.delete(filter, session)
    const username = userOf(session.key)
    const sessions = users.get(username)
    sessions?.delete(session.key)
    if (sessions?.size === 0) users.delete(username)
  }

  function enqueue(key: string, packet: StoredPacket): void {
    const session = find(key)
    if (!session) return
    const granted = grantedQos(session.subscriptions, packet.topic!)
    const qos = Math.min(granted, packet.qos!) as 0 | 1 | 2
    if (session.outgoing.add({ ...packet, qos })) return
    onFull(`The session ${JSON.stringify(key)} is full: a message is not kept for it`)
  }

  const state: BrokerState = {
    async setup() {},

    storeRetained(packet) {
      const { topic } = packet
      if (packet.payload!.length === 0) retained.delete(topic)
      else if (retained.has(topic) || retained.size < MAX_RETAINED) {
        retained.set(topic, { levels: parseTopicName(topic), packet: { ...packet } })
      } else onFull(`A retained message is not kept: ${MAX_RETAINED} topics have one`)
      return DONE
    },

    createRetainedStreamCombi(filters) {
      const wanted = filters.map((filter) => parseTopicFilter(filter).levels)
      const found = [...retained.values()].filter(({ levels }) =>
        wanted.some((filter) => levelsCover(filter, levels)),
      )
      return stream(found.map(({ packet }) => packet))
    },

    async addSubscriptions(client, subscriptions) {
      // All filters of a SUBSCRIBE come here as soon as one of them is granted.
      for (const subscription of subscriptions) {
        if (!isGranted(client, subscription)) continue
        const session = open(client.id)
        const { topic, qos } = subscription
        session.subscriptions.set(topic, { ...subscription })
        if (qos > 0) tree.add(topic, session)
        else tree.delete(topic, session)
      }
    },

    async removeSubscriptions({ id }, filters) {
      const session = find(id)
      for (const filter of filters) {
        if (session?.subscriptions.delete(filter)) tree.delete(filter, session)
      }
    },

    async subscriptionsByClient({ id }) {
      return [...(find(id)?.subscriptions.values() ?? [])].map((subscription) => ({
        ...subscription,
      }))
    },

    async subscriptionsByTopic(topic) {
      return [...tree.find(topic)].map(({ key }) => ({ clientId: key, topic }))
    },

    async cleanSubscriptions({ id }) {
      state.forget(id)
    },

    async outgoingEnqueue({ clientId }, packet) {
      enqueue(clientId, packet)
    },

    async outgoingEnqueueCombi(to, packet) {
      for (const { clientId } of to) enqueue(clientId, packet)
    },

    async outgoingUpdate({ id }, packet) {
      find(id)?.outgoing.update(packet)
    },

    async outgoingClearMessageId({ id }, packet) {
      const outgoing = find(id)?.outgoing
      if (packet.messageId !== undefined) return outgoing?.acknowledge(packet.messageId)
      // Without an identifier it was not sent. Only its own message a client is never to get.
      if (packet.nl && packet.clientId === id) outgoing?.remove(packet.brokerCounter!)
      return undefined
    },

    outgoingStream({ id }) {
      return stream(find(id)?.outgoing.packets ?? [])
    },

    async incomingStorePacket({ id }, { messageId }) {
      open(id).incoming.add(messageId!)
    },

    async incomingGetPacket({ id }, packet) {
      if (!find(id)?.incoming.has(packet.messageId!)) throw new Error('No such packet')
      return packet
    },

    async incomingDelPacket({ id }, { messageId }) {
      find(id)?.incoming.delete(messageId!)
    },

    // A connection holds its will itself, and nothing outlives this process.
    async putWill() {},
    async delWill() {},
    streamWill: () => stream([]),

    forget(key) {
      const session = find(key)
      if (session) end(session)
    },

    forgetUser(username) {
      const sessions = [...(users.get(username)?.values() ?? [])]
      for (const session of sessions) end(session)
      return sessions.map(({ key }) => key)
    },
  }
  return state
}

function userOf(key: string): string {
  return key.slice(0, key.indexOf('#'))
}
