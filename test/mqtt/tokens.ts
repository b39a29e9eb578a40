/**
 * Tokens for tests of the client. Nobody verifies them: they are scripted brokers that it logs in to.
 *
 * @module
 */
import { type IssuedToken, tokenAuthority } from '../../src/credential/token.ts'

const LIFETIME = 3_600
const authority = tokenAuthority('a pepper of more than 16 bytes', 'things')

/** A token with so many seconds left, rounded up to a whole second of the clock; below 0 it has expired. */
export function issueToken(secondsLeft: number): IssuedToken {
  const rules = [{ effect: 'allow', actions: ['subscribe'], filter: 'a' }] as const
  const issued = Date.now() + (secondsLeft - LIFETIME) * 1000
  return authority.issue({ rules, expiresIn: LIFETIME }, issued)
}
