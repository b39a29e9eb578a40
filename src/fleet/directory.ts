/**
 * Who is who: each kind of login is a source of principals, and they are asked in order.
 *
 * @module
 */
import type { MaybePromise } from '../base/maybe-promise.ts'
import type { SlowAttempt } from '../credential/verifier.ts'
import type { Principal } from '../rule/principal.ts'
import type { LoginDenial } from './fleet.ts'

/** Who claims to be whom, and what proves it. */
export interface LoginAttempt {
  readonly username: string
  readonly password: string
  /** Asked only before a chosen password is tried. */
  readonly attempt: SlowAttempt
}

/** One kind of logins. */
export interface PrincipalSource {
  /**
   * Whether a user name is one of this kind, without asking a store. The names of two kinds have
   * none in common, but for the last source, which has those of no other.
   */
  has(username: string): boolean
  /** Who logs in under a name of this kind, or why it fails. */
  login(attempt: LoginAttempt): MaybePromise<Principal | LoginDenial>
  /** Who has a name of this kind. */
  find(username: string): MaybePromise<Principal | undefined>
}

/** The sources of one fleet. */
export class Directory {
  readonly #named: readonly PrincipalSource[]
  readonly #rest: PrincipalSource

  /**
   * @param named Sources that know their names.
   * @param rest The one for all other names. It answers for those that nobody has as well, so that
   * such a name takes as long as a wrong password.
   */
  constructor(named: readonly PrincipalSource[], rest: PrincipalSource) {
    this.#named = named
    this.#rest = rest
  }

  /** Who logs in, or why it fails. */
  login(attempt: LoginAttempt): MaybePromise<Principal | LoginDenial> {
    return this.#sourceOf(attempt.username).login(attempt)
  }

  /** Who has a user name. */
  find(username: string): MaybePromise<Principal | undefined> {
    return this.#sourceOf(username).find(username)
  }

  #sourceOf(username: string): PrincipalSource {
    for (const source of this.#named) if (source.has(username)) return source
    return this.#rest
  }
}
