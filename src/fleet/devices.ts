/**
 * Devices as a source of principals: those on record that are not revoked.
 *
 * @module
 */
import { clock } from '../base/clock.ts'
import { andThen, type MaybePromise } from '../base/maybe-promise.ts'
import { isTokenUsername } from '../credential/token.ts'
import type { PasswordVerifier, Verdict } from '../credential/verifier.ts'
import { validCredentials } from '../device/credentials.ts'
import { recordedPrincipal } from '../device/principal.ts'
import type { DeviceRecord, DeviceStore } from '../device/store.ts'
import type { Principal } from '../rule/principal.ts'
import { isUsername } from '../topic/name.ts'
import type { LoginAttempt, UnnamedSource } from './directory.ts'
import type { LoginDenial } from './fleet.ts'
import type { LoginRehash } from './rehash.ts'
import type { FleetTypes } from './types.ts'

/** What {@link DeviceSource} takes. */
export interface DeviceSourceOptions {
  readonly store: DeviceStore
  readonly types: FleetTypes
  readonly verifier: PasswordVerifier
  /** Whether a user name is that of a service account. */
  readonly isService: (username: string) => boolean
  /** Hashes slow passwords anew. Default: they stay as they are. */
  readonly rehash: LoginRehash | undefined
}

/** The devices of one fleet. */
export class DeviceSource implements UnnamedSource {
  readonly #store: DeviceStore
  readonly #types: FleetTypes
  readonly #verifier: PasswordVerifier
  readonly #isService: (username: string) => boolean
  readonly #rehash: LoginRehash | undefined

  constructor({ store, types, verifier, isService, rehash }: DeviceSourceOptions) {
    this.#store = store
    this.#types = types
    this.#verifier = verifier
    this.#isService = isService
    this.#rehash = rehash
  }

  login(login: LoginAttempt): MaybePromise<Principal | LoginDenial> {
    return andThen(this.#findRecord(login.username), (record) => this.#check(login, record))
  }

  #check(
    { username, password, attempt }: LoginAttempt,
    record: DeviceRecord | undefined,
  ): MaybePromise<Principal | LoginDenial> {
    const credentials = record ? validCredentials(record, clock().date()) : []
    const stored = credentials.map(({ hash }) => hash)
    const verdict = this.#verifier.verify(username, password, stored, attempt)
    return andThen(verdict, (verdict) => {
      const answer = this.#answer(verdict, record)
      if (typeof answer === 'string' || !record) return answer
      return andThen(this.#rehash?.(record, credentials, password), () => answer)
    })
  }

  #answer(verdict: Verdict, record: DeviceRecord | undefined): Principal | LoginDenial {
    if (typeof verdict === 'string') return verdict
    if (!record) return 'principal-unknown'
    if (!verdict) return 'password-wrong'
    if (record.revoked) return 'revoked'
    return this.principalOf(record) ?? 'principal-unknown'
  }

  find(username: string): MaybePromise<Principal | undefined> {
    return andThen(this.#findRecord(username), (record) => record && this.principalOf(record))
  }

  /**
   * Who a record is: nobody, if it is revoked, malformed or of no type of the fleet. A record that
   * came from elsewhere does not get the name of another kind of login either.
   */
  principalOf(record: DeviceRecord): Principal | undefined {
    const { username, type } = record
    if (isTokenUsername(username) || this.#isService(username)) return undefined
    const rules = this.#types.rulesOf(type)
    return rules && recordedPrincipal(record, rules, this.#types.prefix)
  }

  #findRecord(username: string): MaybePromise<DeviceRecord | undefined> {
    if (!isUsername(username) || isTokenUsername(username)) return undefined
    return this.#store.findByUsername(username)
  }
}
