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
}

export const ALLOW: EmqxAnswer = { result: 'allow' }
export const DENY: EmqxAnswer = { result: 'deny' }

/** The answer to a good login: with the client's rules, where they can be said exactly. */
export function allowLogin(principal: Principal): EmqxAnswer {
  const { output, findings } = emqxAclList(principal, { allowNarrower: true })
  // A list that grants less would end in its closing deny, and nobody would be asked.
  return findings.length === 0 ? { ...ALLOW, acl: output } : ALLOW
}
