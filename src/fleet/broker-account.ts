/**
 * A login as a broker has to know it that keeps logins itself.
 *
 * @module
 */
import type { Principal } from '../rule/principal.ts'

/** Who logs in, and with what. */
export interface BrokerAccount {
  readonly principal: Principal
  /** Tells this password of the login from the one before or after it. It is no secret. */
  readonly credentialId: string
  /** The hash on record, in any of the formats of `StoredCredential`. */
  readonly hash: string
  /**
   * The password itself, or `undefined` where the fleet has only a hash of it or no sealing key.
   * @throws {SealedPasswordError} If there is a sealed copy that cannot be opened.
   */
  openPassword(): Promise<string | undefined>
}
