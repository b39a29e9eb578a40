/**
 * What one broker product needs to say of its notifications: how it tells that a client connected or
 * disconnected. The rest is the same for all.
 *
 * @module
 */
import type { Answer, Question } from '../dialect.ts'
import { type Fields, MalformedRequest, readText } from '../fields.ts'

/** A notification, read. */
export interface BrokerEvent {
  readonly kind: 'connected' | 'disconnected'
  readonly clientId: string
  /** A part of the broker with client ids of its own. Default: there is only one. */
  readonly realm?: string | undefined
  /** Who connected, where the event tells. */
  readonly user: BrokerUser
  /** See `ConnectionRef`. */
  readonly connection?: string | undefined
  readonly connectedAt?: number | undefined
  readonly disconnectedAt?: number | undefined
  readonly takenOver?: boolean
}

/** The user name of a client, `none` of an anonymous one, or `untold` if the event has no word of it. */
export type BrokerUser = { readonly name: string } | 'none' | 'untold'

/** How one broker product tells. */
export interface EventSource {
  /** The first segment of its path. */
  readonly name: string
  /** Whether the broker can send headers of its own. If not, the secret is a part of the path. */
  readonly secretIn: 'header' | 'path'
  /** What it takes for an event that arrived. */
  readonly accepted: Answer
  /**
   * Reads a notification.
   * @param node The last segment of the path, where the broker's nodes have paths of their own.
   * @throws {MalformedRequest} If it is none, or a field is missing or has the wrong type.
   */
  read(question: Question, node: string | undefined): BrokerEvent
}

/** A rule or template fills in this where a client has no such value. */
const UNDEFINED = 'undefined'

const MIN_TIME = 100_000_000_000
const MAX_TIME = 100_000_000_000_000

/** A text; `undefined` if there is none, or the word for it. @throws {MalformedRequest} */
export function readOptional(fields: Fields, name: string): string | undefined {
  const text = readText(fields, name)
  return text === UNDEFINED ? undefined : text
}

/**
 * A time in milliseconds since the epoch, as a number or as digits; `undefined` if there is none.
 * A number of seconds or microseconds is none of these.
 *
 * @throws {MalformedRequest} If it is something else.
 */
export function readTime(fields: Fields, name: string): number | undefined {
  const value = typeof fields[name] === 'number' ? fields[name] : readOptional(fields, name)
  if (value === undefined) return undefined
  const time = typeof value === 'string' && /^\d{12,14}$/.test(value) ? Number(value) : value
  if (typeof time === 'number' && Number.isInteger(time) && time >= MIN_TIME && time <= MAX_TIME) {
    return time
  }
  throw new MalformedRequest(`"${name}" is not a time in milliseconds`)
}
