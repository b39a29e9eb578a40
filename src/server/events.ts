/**
 * What a server tells, and what it counts.
 *
 * @module
 */

import type { ClientRights } from './guard.ts'

/** A client, as events name it. */
export interface ClientRef {
  readonly owner: string
  /** As the client calls itself, or the server it. */
  readonly clientId: string
  readonly peer: string | undefined
}

/** Why a message did not reach a client that subscribed to it. */
export type DropCode =
  /** Its session holds as much as it may. */
  | 'session-full'
  /** It reads too slowly for messages of QoS 0. */
  | 'client-slow'
  /** It said that it takes no packet as large. */
  | 'packet-too-large'
  /** It was not sent before it expired. */
  | 'message-expired'

/** Why a connection was closed unread, or a login refused, for lack of room. */
export type RefusalCode =
  /** There are as many connections as there may be: `maxConnections`. */
  | 'connections-full'
  /** There are as many that are not logged in: `maxUnauthenticated`. */
  | 'logins-full'
  /** No session can be made, or its will not be kept: its owner, or all, have as much as they may. */
  | 'sessions-full'

/** Something that happened. */
export type ServerEvent =
  /** A client is logged in, with the rights that the guard gave it. */
  | { readonly kind: 'connected'; readonly client: ClientRef; readonly rights: ClientRights }
  /** The connection of a client that was logged in has ended. */
  | {
      readonly kind: 'disconnected'
      /** The same objects as when it was connected. */
      readonly client: ClientRef
      readonly rights: ClientRights
      /** The reason of its end: of a DISCONNECT, from either side, if there was one. */
      readonly reasonCode: number | undefined
    }
  | { readonly kind: 'subscribed'; readonly client: ClientRef; readonly filter: string }
  | { readonly kind: 'unsubscribed'; readonly client: ClientRef; readonly filter: string }
  /** A message did not reach somebody. */
  | {
      readonly kind: 'dropped'
      readonly code: DropCode
      readonly owner: string
      readonly clientId: string
      readonly topic: string
    }
  /** What a connection sent is no packet that may come, and it ends; named if it is logged in. */
  | {
      readonly kind: 'malformed'
      readonly owner: string | undefined
      readonly clientId: string | undefined
      readonly peer: string | undefined
      /** Half a sentence, which may repeat nothing that was sent but numbers. */
      readonly problem: string
    }
  /** There was no room for a connection or a login; named if it got as far as the login. */
  | {
      readonly kind: 'refused'
      readonly code: RefusalCode
      readonly owner: string | undefined
      readonly peer: string | undefined
    }
  /** A message was not retained, since there are too many; `owner` is who published it. */
  | { readonly kind: 'not-retained'; readonly owner: string; readonly topic: string }
  /** A session ended, since its owner may not have more of them. */
  | { readonly kind: 'session-dropped'; readonly owner: string; readonly clientId: string }
  /** The guard failed, or whoever is told of events. */
  | { readonly kind: 'error'; readonly error: Error }

/** What a server counted since it began. */
export interface ServerCounters {
  /** Connections that stand, those that are not logged in yet among them. */
  readonly connections: number
  /** Clients that are logged in. */
  readonly clients: number
  readonly sessions: number
  readonly subscriptions: number
  readonly retained: number
  readonly retainedBytes: number
  /** Bytes of messages, wills and filters that sessions hold. */
  readonly storedBytes: number
  /** PUBLISH packets that came. */
  readonly messagesReceived: number
  /** PUBLISH packets that were handed to a transport. */
  readonly messagesSent: number
  /** Bytes that came, of whatever. */
  readonly bytesReceived: number
  /** Bytes that were handed to a transport. */
  readonly bytesSent: number
  /** Messages that did not reach a client, by the reason. */
  readonly dropped: Readonly<Record<DropCode, number>>
  /** Connections and logins for which there was no room, by the reason. */
  readonly refused: Readonly<Record<RefusalCode, number>>
}
