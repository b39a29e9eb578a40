/**
 * What a page has to know to reach a broker. It stands apart from what makes tokens, which a client has no
 * need of.
 *
 * @module
 */
import type { Principal } from '../rule/principal.ts'

/** A login at a broker that ends by itself, and where it is good. */
export interface ConnectionDetails {
  /** Where the broker is reached over WebSocket. */
  readonly url: string
  /** The same for each token of a subject. */
  readonly username: string
  /** The token. */
  readonly password: string
  /** When it ends, in milliseconds since the epoch, by the clock of the server. */
  readonly expiresAt: number
  /** Who its holder is: what the broker grants, and a client can refuse by itself what it does not. */
  readonly principal: Principal
}
