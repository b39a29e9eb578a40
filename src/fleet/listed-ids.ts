/**
 * Client ids from elsewhere beside the user names there are: one that is a user name belongs to whoever
 * has that.
 *
 * @module
 */
import { isTokenUsername } from '../credential/token.ts'

/** Something with names that are known without the store. */
export interface KnownNames {
  has(name: string): boolean
}

/**
 * Whether a client id is, or may become, the user name of a login: a service account's, a token's or
 * that of a device of some type.
 */
export function isLoginName(clientId: string, services: KnownNames, types: KnownNames): boolean {
  const [type, id, ...rest] = clientId.split('/')
  const isDevice = id !== undefined && rest.length === 0 && types.has(type!)
  return isDevice || services.has(clientId) || isTokenUsername(clientId)
}
