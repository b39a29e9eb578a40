/**
 * Who is who: each kind of login is a source of principals, and they are asked in order.
 *
 * @module
 */
import type { MaybePromise } from '../base/maybe-promise.ts'
import type { SlowAttempt } from '../credential/verifier.ts'
import type { DeviceRecord } from '../device/store.ts'
import type { Principal } from '../rule/principal.ts'
import type { LoginDenial } from './fleet.ts'

/** Who claims to be whom, and what proves it. */
export interface LoginAttempt {
  readonly username: string
  readonly password: string
  readonly clientId: string | undefined
  /** Asked only before a chosen password is tried. */
  readonly attempt: SlowAttempt
}

/** Who was found under a user name. */
export interface Found {
  readonly principal: Principal
  /** What it was read from, where nobody can change that: while it is the same one, so is the principal. */
  readonly record?: DeviceRecord
}

/** The kind of logins that has the names of no other: only the store can tell whose one is. */
export interface UnnamedSource {
  /** Who logs in under a name of this kind, as it is connected under its client id; or why it fails. */
  login(attempt: LoginAttempt): MaybePromise<Principal | LoginDenial>
  /**
   * Who has a name of this kind.
   *
   * @param past Who was found last.
   */
  find(username: string, past?: Found): MaybePromise<Found | undefined>
}

/** One kind of logins that knows its names. */
export interface PrincipalSource extends UnnamedSource {
  /** Whether a user name is one of this kind. The names of two kinds have none in common. */
  has(username: string): boolean
}

/** The sources of one fleet. */
export class Directory {
  readonly #named: readonly PrincipalSource[]
  readonly #rest: UnnamedSource

  /**
   * @param named Sources that know their names.
   * @param rest The one for all other names. It answers for those that nobody has as well, so that
   * such a name takes as long as a wrong password.
   */
  constructor(named: readonly PrincipalSource[], rest: UnnamedSource) {
    this.#named = named
    this.#rest = rest
  }

  /** Who logs in, as it is connected under its client id; or why it fails. */
  login(attempt: LoginAttempt): MaybePromise<Principal | LoginDenial> {
    return this.#sourceOf(attempt.username).login(attempt)
  }

  /** Who has a user name. @param past Who was found last. */
  find(username: string, past?: Found): MaybePromise<Found | undefined> {
    return this.#sourceOf(username).find(username, past)
  }

  #sourceOf(username: string): UnnamedSource {
    for (const source of this.#named) if (source.has(username)) return source
    return this.#rest
  }
}
