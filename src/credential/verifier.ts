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
import { parseRehashed, type RehashedHash, type Rehasher } from './rehashed.ts'
import { remembered } from './remembered.ts'
import { LOST_AFTER_MS, slowCheck } from './slow-check.ts'

/** How long a verified chosen password is remembered, in milliseconds. */
export const REMEMBER_MS = 300_000
/** How many verified chosen passwords are remembered. */
export const MAX_REMEMBERED = 10_000

/** Whether a password is right, or why a slow check was not made. */
export type Verdict =
  | boolean
  /** Too many are waiting already. */
  | 'busy'
  /** Whoever counts said that it is one too many. */
  | 'throttled'

/** One login, as far as a chosen password is tried: one with a slow hash, or that was hashed anew. */
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
   * Whether a password is one of the stored ones. Answers at once unless a chosen one has to be tried.
   * Without a stored one that can be read, it takes the time of a wrong one, without its work; and so
   * does a wrong password where the stored one was hashed anew.
   *
   * @param attempt Asked only before a chosen one is tried. Equal attempts at once are one. Default:
   * nothing is counted.
   */
  verify(
    username: string,
    password: string,
    stored: readonly string[],
    attempt?: SlowAttempt,
  ): Verdict | Promise<Verdict>
  /** The stored text that a password was verified against a moment ago. */
  findVerified(password: string, stored: readonly string[]): string | undefined
  /** Counts a password as verified against a text that was made of it. */
  remember(password: string, stored: string): void
}

/** What {@link passwordVerifier} takes beside the hasher. */
export interface VerifierOptions {
  /** Verifies passwords that were hashed anew. Without it such a text verifies nothing. */
  readonly rehasher?: Rehasher | undefined
  /** Milliseconds on any clock. Default: the clock for durations. */
  readonly now?: () => number
}

const UNCOUNTED: SlowAttempt = { peer: undefined, begin: () => true, takeBack() {} }

/** Makes a verifier. */
export function passwordVerifier(
  hasher: PasswordHasher,
  { rehasher, now = monotonicNow }: VerifierOptions = {},
): PasswordVerifier {
  let mac: ((text: string) => string) | undefined
  const verified = remembered(REMEMBER_MS, MAX_REMEMBERED, now)
  const underWay = new Map<string, { readonly until: number; readonly verdict: Promise<Verdict> }>()
  const decoys = new Decoys()
  const check = slowCheck(decoys, now)
  let hasMetRehashed = false

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

  /** Takes the time of a wrong password in a slow format, once one was met. */
  function takeTime(username: string, peer?: string): MaybePromise<false | 'busy'> {
    if (!decoys.hasCosts) return false
    const { last } = decoys
    return last && underWay.size >= MAX_DECOYS ? last : decoys.pretend(keyOf(username), peer)
  }

  async function tryChosen(
    username: string,
    password: string,
    chosen: ReadonlyMap<string, SlowHash | RehashedHash>,
    peer?: string,
  ): Promise<Verdict> {
    const slow = new Map<string, SlowHash>()
    for (const [key, hash] of chosen) {
      if (hash.kind !== 'rehashed') slow.set(key, hash)
      else if (rehasher?.verify(password, hash)) {
        verified.add(key)
        return true
      }
    }
    if (chosen.size === 0) rehasher?.verify(password, undefined)
    return slow.size > 0 ? trySlow(slow, password, peer) : takeTime(username, peer)
  }

  /**
   * Whether an attempt was a guess, although it is told that there was no room: a fast hash is tried in
   * any case. Of the unknown names half are treated like that, and always the same ones.
   */
  function isGuess(
    username: string,
    chosen: ReadonlyMap<string, SlowHash | RehashedHash>,
  ): boolean {
    if (chosen.size === 0) return hasMetRehashed && Number.parseInt(keyOf(username)[2]!, 16) >= 8
    return [...chosen.values()].some(({ kind }) => kind === 'rehashed')
  }

  /** Makes an attempt that was not made yet, and counts it. */
  async function make(
    attempt: SlowAttempt,
    run: () => Promise<Verdict>,
    countsBusy: () => boolean,
  ): Promise<Verdict> {
    const begun = attempt.begin()
    // Nothing is waited for in vain: attempts that come at once are queued in their order.
    if (!(isPromise(begun) ? await begun : begun)) return 'throttled'
    let verdict: Verdict | undefined
    try {
      verdict = await run()
      return verdict
    } finally {
      const counts = verdict === false || (verdict === 'busy' && countsBusy())
      if (!counts) await attempt.takeBack()
    }
  }

  return {
    verify(username, password, stored, attempt = UNCOUNTED) {
      const only = stored[0]
      // The one password of most devices: nothing else is to be tried.
      if (stored.length === 1 && typeof only === 'string' && isGeneratedHash(only)) {
        return hasher.verify(password, only)
      }
      let isRight = false
      let isGenerated = false
      const chosen = new Map<string, SlowHash | RehashedHash>()
      for (const text of stored) {
        // A store may have handed out something else, whatever its type says.
        if (typeof text !== 'string') continue
        if (isGeneratedHash(text)) {
          isGenerated = true
          isRight = hasher.verify(password, text) || isRight
          continue
        }
        const hash = parseSlowHash(text) ?? (rehasher && parseRehashed(text))
        // A changed credential is another key: what was remembered of the old one answers for nothing.
        if (hash) chosen.set(keyOf(text, password), hash)
        if (hash?.kind === 'rehashed') hasMetRehashed = true
      }
      if (isRight || [...chosen.keys()].some(verified.has)) return true
      if (isGenerated && chosen.size === 0) return false
      if (chosen.size === 0 && !decoys.hasCosts && !hasMetRehashed) {
        return hasher.verify(password, undefined)
      }
      const run = () => {
        const tried = () => tryChosen(username, password, chosen, attempt.peer)
        return make(attempt, tried, () => isGuess(username, chosen))
      }
      const isSlow = [...chosen.values()].some(({ kind }) => kind !== 'rehashed')
      if (!isSlow && decoys.last && underWay.size >= MAX_DECOYS) return run()
      return share(keyOf('', username, password, ...chosen.keys()), run)
    },

    findVerified(password, stored) {
      return stored.find((text) => {
        if (typeof text !== 'string') return false
        return isGeneratedHash(text)
          ? hasher.verify(password, text)
          : verified.has(keyOf(text, password))
      })
    },

    remember(password, stored) {
      verified.add(keyOf(stored, password))
    },
  }
}
