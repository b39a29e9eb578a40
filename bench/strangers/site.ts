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

/** What the server is told: the hash of each migrated device, and of the hub. */
export interface Hashes {
  readonly devices: readonly string[]
  readonly hub: string
}
