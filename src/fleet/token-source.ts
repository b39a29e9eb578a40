/**
 * Holders of tokens as a source of principals. Who logged in is noted in keys that processes may share,
 * since brokers ask about a holder by user name alone, and any of the processes.
 *
 * @module
 */
import { clock } from '../base/clock.ts'
import type { ExpiringKeys } from '../base/expiring-keys.ts'
import { andThen, type MaybePromise } from '../base/maybe-promise.ts'
import {
  isTokenUsername,
  MAX_TOKEN_LIFETIME,
  type TokenAuthority,
  type TokenHolder,
} from '../credential/token.ts'
import { type Principal, withClientId } from '../rule/principal.ts'
import type { Found, LoginAttempt, PrincipalSource } from './directory.ts'
import type { LoginDenial } from './fleet.ts'
import type { TokenRevocations } from './token-revocations.ts'

/** What {@link TokenSource} takes. */
export interface TokenSourceOptions {
  readonly tokens: TokenAuthority
  readonly keys: ExpiringKeys
  readonly revocations: Pick<TokenRevocations, 'isRevoked'>
  readonly prefix: string
  /** Has the next question about a user name read it anew. */
  readonly forget: (username: string) => void
}

/** The token holders of one fleet. */
export class TokenSource implements PrincipalSource {
  readonly #tokens: TokenAuthority
  readonly #keys: ExpiringKeys
  readonly #revocations: Pick<TokenRevocations, 'isRevoked'>
  readonly #prefix: string
  readonly #forget: (username: string) => void

  constructor({ tokens, keys, revocations, prefix, forget }: TokenSourceOptions) {
    this.#tokens = tokens
    this.#keys = keys
    this.#revocations = revocations
    this.#prefix = prefix
    this.#forget = forget
  }

  has(username: string): boolean {
    return isTokenUsername(username)
  }

  login({ username, password, clientId }: LoginAttempt): MaybePromise<Principal | LoginDenial> {
    const now = clock().date()
    const holder = this.#tokens.verify(username, password, now)
    if (typeof holder === 'string') return holder
    return andThen(this.#revocations.isRevoked(holder), (isRevoked) =>
      isRevoked ? 'revoked' : this.#enter(holder, password, clientId, now),
    )
  }

  /** Notes who logged in. */
  #enter(
    holder: TokenHolder,
    password: string,
    clientId: string | undefined,
    now: number,
  ): MaybePromise<Principal> {
    const { username } = holder
    // A token of a whole day ends up to a second after it, and later still where clocks differ.
    const left = Math.ceil((holder.expiresAt - now) / 1_000)
    const lifetime = Math.min(left, MAX_TOKEN_LIFETIME)
    const noted = this.#keys.set(this.#key(username), this.#tokens.note(password), lifetime)
    return andThen(noted, () => {
      // A token of the same subject may grant something else.
      this.#forget(username)
      return withClientId(holder, clientId)
    })
  }

  find(username: string): MaybePromise<Found | undefined> {
    return andThen(this.#keys.get(this.#key(username)), (note) => {
      if (note === undefined) return undefined
      const principal = this.#tokens.readNote(username, note, clock().date())
      if (!principal) return undefined
      return andThen(this.#revocations.isRevoked(principal), (isRevoked) =>
        isRevoked ? undefined : { principal },
      )
    })
  }

  #key(username: string): string {
    return `token/${this.#prefix}/${username}`
  }
}
