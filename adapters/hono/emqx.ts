/**
 * Answers as EMQX 5 and 6 read them.
 *
 * An optional field that has nothing to say is left out: EMQX turns an allow with a `null` or a
 * malformed one into a refused login.
 *
 * @module
 */
import type { Principal } from '../../src/access/principal.ts'
import { type EmqxAclRule, emqxAcl } from './emqx-acl.ts'

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
  const acl = emqxAcl(principal)
  return acl ? { ...ALLOW, acl } : ALLOW
}
