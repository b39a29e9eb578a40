/**
 * Holders of tokens as a source of principals.
 *
 * @module
 */
import { isTokenUsername, type TokenAuthority } from '../credential/token.ts'
import type { PrincipalSource } from './directory.ts'

/** Makes it. */
export function tokenSource(tokens: TokenAuthority): PrincipalSource {
  return {
    has: isTokenUsername,
    login: ({ username, password }) => tokens.verify(username, password, Date.now()),
    find: (username) => tokens.find(username, Date.now()),
  }
}
