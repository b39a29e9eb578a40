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
import type { DeviceRecord, DeviceStore, StoredCredential } from '../device/store.ts'
import type { Principal } from '../rule/principal.ts'
import { isUsername } from '../topic/name.ts'
import type { Found, LoginAttempt, UnnamedSource } from './directory.ts'
import type { LoginDenial } from './fleet.ts'
import type { LastLogins } from './last-logins.ts'
import type { LoginRehash } from './rehash.ts'
import type { FleetTypes } from './types.ts'

/** What {@link DeviceSource} takes. */
export interface DeviceSourceOptions {
  readonly store: DeviceStore
  readonly types: FleetTypes
  readonly verifier: PasswordVerifier
  /** Whether a user name is that of a service account. */
  readonly isService: (username: string) => boolean
  /** Hashes passwords anew that are to be. Default: they stay as they are. */
  readonly rehash: LoginRehash | undefined
  /** Is told of each login. Default: nobody is. */
  readonly logins: LastLogins | undefined
}

/** The devices of one fleet. */
export class DeviceSource implements UnnamedSource {
  readonly #store: DeviceStore
  readonly #types: FleetTypes
  readonly #verifier: PasswordVerifier
  readonly #isService: (username: string) => boolean
  readonly #rehash: LoginRehash | undefined
  readonly #logins: LastLogins | undefined

  constructor({ store, types, verifier, isService, rehash, logins }: DeviceSourceOptions) {
    this.#store = store
    this.#types = types
    this.#verifier = verifier
    this.#isService = isService
    this.#rehash = rehash
    this.#logins = logins
  }

  login(login: LoginAttempt): MaybePromise<Principal | LoginDenial> {
    return andThen(this.#findRecord(login.username), (record) => this.#check(login, record))
  }

  #check(
    { username, password, clientId, attempt }: LoginAttempt,
    record: DeviceRecord | undefined,
  ): MaybePromise<Principal | LoginDenial> {
    const now = clock().date()
    const credentials = record ? validCredentials(record, now) : []
    const stored = credentials.map(({ hash }) => hash)
    const verdict = this.#verifier.verify(username, password, stored, attempt)
    return andThen(verdict, (verdict) => {
      const answer = this.#answer(verdict, record, clientId)
      if (typeof answer === 'string' || !record) return answer
      if (!this.#rehash && !this.#logins) return answer
      const used = this.#usedOf(credentials, password)
      if (!used) return answer
      this.#logins?.note(record, used.id, now)
      return andThen(this.#rehash?.(record, used, password), () => answer)
    })
  }

  /** Which of the credentials a password was verified against. */
  #usedOf(
    credentials: readonly StoredCredential[],
    password: string,
  ): StoredCredential | undefined {
    if (credentials.length === 1) return credentials[0]
    const hashes = credentials.map(({ hash }) => hash)
    const used = this.#verifier.findVerified(password, hashes)
    return credentials.find(({ hash }) => hash === used)
  }

  #answer(
    verdict: Verdict,
    record: DeviceRecord | undefined,
    clientId: string | undefined,
  ): Principal | LoginDenial {
    if (typeof verdict === 'string') return verdict
    if (!record) return 'principal-unknown'
    if (!verdict) return 'password-wrong'
    if (record.revoked) return 'revoked'
    return this.principalOf(record, clientId) ?? 'principal-unknown'
  }

  find(username: string, past?: Found): MaybePromise<Found | undefined> {
    return andThen(this.#findRecord(username), (record) => {
      if (!record) return undefined
      return record === past?.record ? past : this.foundBy(record)
    })
  }

  /** Who a record is, see {@link principalOf}, and the record, where it is one that nobody can change. */
  foundBy(record: DeviceRecord): Found | undefined {
    const principal = this.principalOf(record)
    if (!principal) return undefined
    return Object.isFrozen(record) ? { principal, record } : { principal }
  }

  /**
   * Who a record is: nobody, if it is revoked, malformed or of no type of the fleet. A record that
   * came from elsewhere does not get the name of another kind of login either.
   */
  principalOf(record: DeviceRecord, clientId?: string): Principal | undefined {
    const { username, type } = record
    if (isTokenUsername(username) || this.#isService(username)) return undefined
    const rules = this.#types.rulesOf(type)
    return rules && recordedPrincipal(record, rules, this.#types.prefix, clientId)
  }

  #findRecord(username: string): MaybePromise<DeviceRecord | undefined> {
    if (!isUsername(username) || isTokenUsername(username)) return undefined
    return this.#store.findByUsername(username)
  }
}
