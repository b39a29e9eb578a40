/**
 * Who a broker asks about.
 *
 * @module
 */
import { clientIdValue } from './client-id.ts'
import type { AccessRule, Attributes } from './rule.ts'

/** A device, a service account such as the hub's own login, or the holder of a token. */
export interface Principal {
  readonly kind: 'device' | 'service' | 'token'
  readonly username: string
  /** Set when this principal is a device. */
  readonly device?: { readonly type: string; readonly id: string }
  /** Rules as declared, with placeholders. A frozen list is made ready once for all who have it. */
  readonly rules: readonly AccessRule[]
  /**
   * Values of the placeholders. They are taken as they are: none may hold a wildcard, and none but
   * a user name a "/". A fleet sees to that.
   */
  readonly attributes: Attributes
  /** Client ids from elsewhere that are its own beside those made of its user name. Default: none. */
  readonly clientIds?: readonly string[]
  /**
   * When the rules end, in milliseconds since the epoch. Decisions have no clock: whoever keeps a
   * connection ends it at this time. Default: never.
   */
  readonly expiresAt?: number
  /** When the token was issued, in milliseconds since the epoch: a whole second. Default: it is none. */
  readonly issuedAt?: number
}

/** Whether what rules grant depends on the client id. */
export function namesClientId(rules: readonly AccessRule[]): boolean {
  return rules.some(({ filter }) => filter.includes('{clientId}'))
}

/**
 * The principal as it is connected under a client id, as the broker has it. A client id is the client's
 * own word, so one that could change the shape of a topic gives `{clientId}` no value.
 */
export function withClientId(principal: Principal, clientId: string | undefined): Principal {
  const value = connectedId(principal.username, clientId)
  if (value === undefined) return principal
  const attributes = copyAttributes(principal.attributes)
  attributes.clientId = value
  return { ...principal, attributes }
}

/** What `{clientId}` stands for in the rules of who is connected under a client id; `undefined`: nothing. */
export function connectedId(username: string, clientId: string | undefined): string | undefined {
  return clientId === undefined ? undefined : clientIdValue(username, clientId)
}

/**
 * A copy to add more to. Not by spreading: what is added to a spread object gives it a hidden class of
 * its own on Node 20, and whatever reads it takes ten times as long.
 */
export function copyAttributes(attributes: Attributes): Record<string, string> {
  const copy: Record<string, string> = {}
  for (const name in attributes) copy[name] = attributes[name]!
  return copy
}
