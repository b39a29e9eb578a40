/**
 * How a broker tells over HTTP that a client connected or disconnected, as a pure function. The rest
 * is the same for all products.
 *
 * @module
 */
import type { Answer } from './answer.ts'
import type { Fields } from './fields.ts'
import type { RequestHeaders } from './question.ts'

/** A notification, read. */
export interface BrokerEvent {
  readonly kind: 'connected' | 'disconnected'
  readonly clientId: string
  /** A part of the broker with client ids of its own. Default: there is only one. */
  readonly realm?: string | undefined
  /** Who connected, where the event tells. */
  readonly user: BrokerUser
  /**
   * What tells the connection from another one of its client id: the same text in both events, or none
   * in either.
   */
  readonly connection?: string | undefined
  /** When it began, by the broker's clock, in milliseconds since the epoch. */
  readonly connectedAt?: number | undefined
  /** When it ended, likewise. */
  readonly disconnectedAt?: number | undefined
  /** Whether another connection of the same client id took its place. Default: `false`. */
  readonly takenOver?: boolean
}

/** The user name of a client, `none` of an anonymous one, or `untold` if the event has no word of it. */
export type BrokerUser = { readonly name: string } | 'none' | 'untold'

/** How one broker product tells. */
export interface EventReader {
  /** What it takes for an event that arrived. */
  readonly accepted: Answer
  /**
   * Reads a notification.
   * @param node The last segment of the path, where the broker's nodes have paths of their own.
   * @throws {MalformedRequest} If it is none, or a field is missing or has the wrong type.
   */
  read(fields: Fields, headers: RequestHeaders, node: string | undefined): BrokerEvent
}
