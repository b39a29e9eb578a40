/**
 * What a broker tells of a request and keeps apart, and what it cannot carry out because of it.
 *
 * @module
 */
import { parseTopicFilter } from '../topic/filter.ts'
import type { Principal } from './principal.ts'
import type { AccessAction } from './rule.ts'

/** What a broker tells of a request, and what it understands. */
export interface BrokerFacts {
  /** Whether it tells the QoS asked for. */
  readonly qos: boolean
  /** Whether it tells the retain flag of a publish. */
  readonly retain: boolean
  /**
   * Whether it tells the share name of a subscription; `false` if it takes the name off before it
   * asks, `none` if it has no shared subscriptions.
   */
  readonly share: boolean | 'none'
  /** Whether it tells the client id. */
  readonly clientId: boolean
  /**
   * What a session is found by when a client connects. `client-id`: by the client id alone, whoever
   * brings it, so that a login needs one that is its own. `user-name`: sessions of other user names
   * are kept apart, by the broker itself or by how a login is answered. Default: `client-id`.
   */
  readonly sessionsBy?: 'client-id' | 'user-name'
  /** Characters that it does not keep apart from the separator of levels. */
  readonly separators: string
  /** Characters that it does not keep apart from "+". Default: none. */
  readonly wildcards?: string
  /**
   * Whether "#" and "+" at the first level keep away from topics that begin with "$" (MQTT 5,
   * section 4.7.2). Default: `true`.
   */
  readonly hidesReserved?: boolean
  /**
   * What it takes off the front of a topic or filter before it asks, beside a share name: levels,
   * with `+` for any one, such as `$delayed/+`. Default: nothing.
   */
  readonly stripped?: Readonly<Record<AccessAction, readonly string[]>>
}

/**
 * The character of a device's id that a broker does not keep apart from "/" or "+", if there is
 * one. Such a device could do nothing there.
 */
export function findDeviceProblem(
  { device }: Principal,
  { separators, wildcards = '' }: BrokerFacts,
): string | undefined {
  return device && findCharacter([device.id], separators + wildcards)
}

/**
 * What keeps a broker from carrying out a subscription as it is meant, whatever the rules say, if
 * anything does: half a sentence for an operator.
 *
 * @param topic A well-formed topic filter.
 */
export function findSubscriptionProblem(
  topic: string,
  { share: shares, hidesReserved = true }: BrokerFacts,
): string | undefined {
  // Most brokers have nothing to look at, and this is asked for every subscription.
  if (shares !== 'none' && hidesReserved) return undefined
  const { levels, share } = parseTopicFilter(topic)
  if (share !== undefined && shares === 'none') return 'the broker has no shared subscriptions'
  if (!hidesReserved && isWild(levels[0])) {
    return 'a wildcard at the first level reaches topics that begin with "$" there'
  }
  return undefined
}

/** The levels that a filter has for a broker that takes some characters for the separator. */
export function separateLevels(levels: readonly string[], separators: string): readonly string[] {
  let text = levels.join('/')
  for (const separator of separators) text = text.replaceAll(separator, '/')
  return text.split('/')
}

/** The first of some characters that the levels hold. */
export function findCharacter(levels: readonly string[], characters: string): string | undefined {
  for (const character of characters) {
    if (levels.some((level) => level.includes(character))) return character
  }
  return undefined
}

/** Whether a level is a wildcard. */
export function isWild(level: string | undefined): boolean {
  return level === '+' || level === '#'
}
