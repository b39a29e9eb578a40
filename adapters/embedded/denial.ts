/**
 * What a client was not let do, as the operator is told, and as the client is.
 *
 * @module
 */
import { quote } from '../../src/base/quote.ts'
import type { LoginDenial } from '../../src/fleet/fleet.ts'
import type { DecisionCode } from '../../src/rule/decision.ts'
import type { AccessRule } from '../../src/rule/rule.ts'

/** Something a client was not let do. */
export interface Denial {
  readonly action: 'connect' | 'publish' | 'subscribe'
  /** As the client gave it; for a publish or subscribe that of the principal it logged in as. */
  readonly username: string | undefined
  /** The client id, as the client gave it. */
  readonly clientId: string
  /** The topic name or topic filter; absent for a connect. */
  readonly topic?: string
  /** Why. Stable, to switch on. */
  readonly code: DenialCode
  /** One or two sentences for an operator. */
  readonly text: string
}

/** Why a client was not let do something: a failed login, a decision, or a bound of this broker. */
export type DenialCode =
  | LoginDenial
  | Exclude<DecisionCode, 'allowed-by-rule'>
  /** The password is not UTF-8. */
  | 'password-malformed'
  /** Clients do not publish below `$SYS/`, whatever their rules say. */
  | 'topic-reserved'

const REASONS: Readonly<Partial<Record<DenialCode, string>>> = {
  'topic-malformed': 'the topic is malformed',
  'topic-reserved': 'clients do not publish below $SYS/',
  'principal-unknown': 'the login has ended',
}

/**
 * Says to the client itself why it may not publish or subscribe. It learns of its own rule, and of
 * nobody else.
 */
export function reasonFor(code: DenialCode, rule: AccessRule | undefined): string {
  const why = rule ? `a rule denies ${quote(rule.filter)}` : (REASONS[code] ?? 'no rule grants it')
  return `Not authorized: ${why}`
}
