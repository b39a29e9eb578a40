/**
 * What the server of the bench of strangers and who asks it have in common.
 *
 * @module
 */

export const SECRET = 'broker-secret-0123456789'
export const PASSWORD = 'correct horse'
/** The parts of the bench, each with a fleet that remembers no password of the others. */
export const PARTS = ['warm', 'before', '40', '200', '1000', 'after'] as const
export type Part = (typeof PARTS)[number]

/** A login as EMQX asks about it. @param address A number for each address that clients come from. */
export function loginRequest(username: string, password: string, address: number) {
  const peerhost = `10.${address >> 16}.${(address >> 8) & 255}.${address & 255}`
  return {
    path: '/emqx/auth',
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${SECRET}` },
    body: JSON.stringify({ username, password, clientid: username, peerhost }),
  }
}

/** What the server is told: the hash of each migrated device, and of the hub. */
export interface Hashes {
  readonly devices: readonly string[]
  readonly hub: string
}
