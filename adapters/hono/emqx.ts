/**
 * Answers as EMQX 5 and 6 read them.
 *
 * An optional field that has nothing to say is left out: EMQX turns an allow with a `null` or a
 * malformed one into a refused login.
 *
 * @module
 */
import { type EmqxAclRule, emqxAclList } from '../../src/access/export/emqx.ts'
import type { Principal } from '../../src/access/principal.ts'

/** The body of an answer. */
export interface EmqxAnswer {
  readonly result: 'allow' | 'deny'
  /** Rules the broker applies before it asks anybody. */
  readonly acl?: readonly EmqxAclRule[]
  /**
   * When the broker ends the connection, in seconds since the epoch (EMQX 5.8 and later). From then
   * on it denies what `acl` grants.
   */
  readonly expire_at?: number
}

export const ALLOW: EmqxAnswer = { result: 'allow' }
export const DENY: EmqxAnswer = { result: 'deny' }

/**
 * The answer to a good login: with the client's rules, where they can be said exactly, and with the
 * end of the login, if it has one.
 */
export function allowLogin(principal: Principal): EmqxAnswer {
  const { output, findings } = emqxAclList(principal, { allowNarrower: true })
  // A list that grants less would end in its closing deny, and nobody would be asked.
  const answer = findings.length === 0 ? { ...ALLOW, acl: output } : ALLOW
  const { expiresAt } = principal
  return expiresAt === undefined ? answer : { ...answer, expire_at: Math.floor(expiresAt / 1000) }
}
