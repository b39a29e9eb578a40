/**
 * Verifying passwords, fast and slow ones, against what is stored.
 *
 * @module
 */
import { monotonicNow } from '../base/clock.ts'
import { isPromise, type MaybePromise } from '../base/maybe-promise.ts'
import { Decoys, MAX_DECOYS } from './decoy.ts'
import { parseSlowHash, type SlowHash } from './format.ts'
import { isGeneratedHash, type PasswordHasher } from './generated.ts'
import { keyedHash } from './keyed-hash.ts'
import { remembered } from './remembered.ts'
import { LOST_AFTER_MS, slowCheck } from './slow-check.ts'

/** How long a verified slow password is remembered, in milliseconds. */
export const REMEMBER_MS = 300_000
/** How many verified slow passwords are remembered. */
export const MAX_REMEMBERED = 10_000

/** Whether a password is right, or why a slow check was not made. */
export type Verdict =
  | boolean
  /** Too many are waiting already. */
  | 'busy'
  /** Whoever counts said that it is one too many. */
  | 'throttled'

/** One login, as far as it costs a slow check. */
export interface SlowAttempt {
  /** Where the client connects from, if that is known: peers take turns. */
  readonly peer: string | undefined
  /** Counts it, before the check is made. Answers `false` if it is one too many. */
  begin(): MaybePromise<boolean>
  /** Takes that back: the password was right, or not tried after all. */
  takeBack(): MaybePromise<void>
}

/** Verifies passwords. */
export interface PasswordVerifier {
  /**
   * Whether a password is one of the stored ones. Answers at once unless a slow one has to be tried.
   * Without a stored one that can be read, it takes the time of a wrong one, without its work.
   *
   * @param attempt Asked only before a slow one is tried. Equal attempts at once are one. Default:
   * nothing is counted.
   */
  verify(
    username: string,
    password: string,
    stored: readonly string[],
    attempt?: SlowAttempt,
  ): Verdict | Promise<Verdict>
}

const UNCOUNTED: SlowAttempt = { peer: undefined, begin: () => true, takeBack() {} }

/**
 * Makes a verifier.
 *
 * @param now Milliseconds on any clock.
 */
export function passwordVerifier(
  hasher: PasswordHasher,
  now: () => number = monotonicNow,
): PasswordVerifier {
  let mac: ((text: string) => string) | undefined
  const verified = remembered(REMEMBER_MS, MAX_REMEMBERED, now)
  const underWay = new Map<string, { readonly until: number; readonly verdict: Promise<Verdict> }>()
  const decoys = new Decoys()
  const check = slowCheck(decoys, now)

  /** Under a random key of the process, in hexadecimal digits. */
  function keyOf(...parts: string[]): string {
    // Not made before it is needed: edge workers have no random bytes while they start.
    mac ??= keyedHash(crypto.getRandomValues(new Uint8Array(32)))
    return mac(parts.join('\0'))
  }

  /** Runs what is under way already only once. */
  function share(key: string, run: () => Promise<Verdict>): Promise<Verdict> {
    for (const [oldest, { until }] of underWay) {
      if (until > now()) break
      underWay.delete(oldest)
    }
    const known = underWay.get(key)
    if (known) return known.verdict
    const verdict = run().finally(() => {
      // Another one may be under way by now, if this one was given up.
      if (underWay.get(key)?.verdict === verdict) underWay.delete(key)
    })
    underWay.set(key, { until: now() + LOST_AFTER_MS, verdict })
    return verdict
  }

  async function trySlow(
    hashes: ReadonlyMap<string, SlowHash>,
    password: string,
    peer?: string,
  ): Promise<Verdict> {
    let verdict: Verdict = false
    for (const [key, hash] of hashes) {
      const outcome = await check(hash, password, peer)
      if (outcome === true) {
        verified.add(key)
        return true
      }
      verdict = outcome || verdict
    }
    return verdict
  }

  /** Makes an attempt that was not made yet, and counts it. */
  async function make(attempt: SlowAttempt, run: () => Promise<Verdict>): Promise<Verdict> {
    const begun = attempt.begin()
    // Nothing is waited for in vain: attempts that come at once are queued in their order.
    if (!(isPromise(begun) ? await begun : begun)) return 'throttled'
    let verdict: Verdict | undefined
    try {
      verdict = await run()
      return verdict
    } finally {
      if (verdict !== false) await attempt.takeBack()
    }
  }

  return {
    verify(username, password, stored, attempt = UNCOUNTED) {
      let isRight = false
      let isGenerated = false
      const slow = new Map<string, SlowHash>()
      for (const text of stored) {
        // A store may have handed out something else, whatever its type says.
        if (typeof text !== 'string') continue
        if (isGeneratedHash(text)) {
          isGenerated = true
          isRight = hasher.verify(password, text) || isRight
          continue
        }
        const hash = parseSlowHash(text)
        // A changed credential is another key: what was remembered of the old one answers for nothing.
        if (hash) slow.set(keyOf(text, password), hash)
      }
      if (isRight || [...slow.keys()].some(verified.has)) return true
      if (isGenerated && slow.size === 0) return false
      if (slow.size === 0 && !decoys.hasCosts) return hasher.verify(password, undefined)
      const { peer } = attempt
      const { last } = decoys
      if (slow.size === 0 && last && underWay.size >= MAX_DECOYS) return make(attempt, () => last)
      const key = keyOf('', username, password, ...slow.keys())
      return share(key, () => {
        return make(attempt, () => {
          return slow.size > 0
            ? trySlow(slow, password, peer)
            : decoys.pretend(keyOf(username), peer)
        })
      })
    },
  }
}
