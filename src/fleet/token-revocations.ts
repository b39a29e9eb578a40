/**
 * Which tokens are revoked: those of a user name that were issued up to a moment. It is kept in keys that
 * processes may share, and beside them in each process that made a revocation or heard of it.
 *
 * @module
 */
import { clock } from '../base/clock.ts'
import type { ExpiringKeys } from '../base/expiring-keys.ts'
import { andThen, type MaybePromise } from '../base/maybe-promise.ts'
import { type RecentMap, recentMap } from '../base/recent-map.ts'
import { MAX_TOKEN_LIFETIME } from '../credential/token.ts'

/**
 * Seconds by which the clocks of processes may differ: so much later is what counts as issued before, so
 * that no token goes on that a clock ahead has dated. Whoever knows of the revocation dates what it issues
 * behind that.
 */
const CLOCK_MARGIN_S = 5
/** Seconds ahead of the clock at most of what is heard: whoever sends there is to shut nobody out for long. */
const MAX_AHEAD_S = 60
/** How many are remembered here. Beyond it the half that was revoked longest ago is forgotten. */
const MAX_REMEMBERED = 20_000

/** A token, as far as it says whether it is revoked. */
export interface DatedToken {
  readonly username: string
  /** Milliseconds since the epoch. */
  readonly issuedAt?: number
}

/** The revocations of one fleet. */
export class TokenRevocations {
  readonly #keys: ExpiringKeys
  readonly #prefix: string
  /** In seconds since the epoch, by user name. */
  readonly #remembered: RecentMap<string, number> = recentMap(MAX_REMEMBERED)

  constructor(keys: ExpiringKeys, prefix: string) {
    this.#keys = keys
    this.#prefix = prefix
  }

  /** Up to when tokens of a user name are revoked, as this process knows, in seconds since the epoch. */
  readonly knownUntil = (username: string): number | undefined => this.#remembered.get(username)

  /** Whether a token is revoked. Rejects if the keys do. */
  isRevoked({ username, issuedAt }: DatedToken): MaybePromise<boolean> {
    if (issuedAt === undefined) return false
    const isBefore = () => issuedAt / 1_000 <= (this.knownUntil(username) ?? -1)
    if (isBefore()) return true
    return andThen(this.#keys.get(this.#key(username)), (shared) => {
      this.#remember(username, readSeconds(shared))
      return isBefore()
    })
  }

  /**
   * Revokes all tokens of a user name that were issued until now. Settles with up to when, in seconds since
   * the epoch, once the keys have it. Rejects if they fail: it counts in this process all the same.
   */
  async revoke(username: string): Promise<number> {
    const key = this.#key(username)
    // Behind those before, which tokens may have been issued after in this very second.
    this.#remember(username, Math.max(seconds() + CLOCK_MARGIN_S, this.#next(username)))
    const shared = readSeconds(await this.#keys.get(key))
    if (shared >= this.knownUntil(username)!) this.#remember(username, shared + 1)
    const until = this.knownUntil(username)!
    await this.#keys.set(key, `${until}`, MAX_TOKEN_LIFETIME)
    return until
  }

  /** Another process revoked them. */
  heard(username: string, until: number): void {
    this.#remember(username, Math.min(until, seconds() + MAX_AHEAD_S))
  }

  #next(username: string): number {
    return (this.knownUntil(username) ?? -1) + 1
  }

  #remember(username: string, until: number): void {
    if (until > (this.knownUntil(username) ?? -1)) this.#remembered.set(username, until)
  }

  #key(username: string): string {
    return `token-revoked/${this.#prefix}/${username}`
  }
}

function seconds(): number {
  return Math.floor(clock().date() / 1_000)
}

/** What is in the keys; -1 for nothing, and for what no fleet wrote. */
function readSeconds(text: string | undefined): number {
  return text !== undefined && /^\d{1,11}$/.test(text) ? Number(text) : -1
}
