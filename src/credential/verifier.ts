/**
 * Verifying passwords, fast and slow ones, against what is stored.
 *
 * @module
 */
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'
import { monotonicNow } from '../base/clock.ts'
import { equalConstantTime } from '../base/constant-time.ts'
import { isPromise, type MaybePromise } from '../base/maybe-promise.ts'
import { Decoys, MAX_DECOYS } from './decoy.ts'
import { parseSlowHash, type SlowHash } from './format.ts'
import { type Gate, gate } from './gate.ts'
import { isGeneratedHash, type PasswordHasher } from './generated.ts'
import { keyedHash } from './keyed-hash.ts'
import { countCores } from './native.ts'
import { loopPbkdf2, nativePbkdf2 } from './pbkdf2.ts'
import { remembered } from './remembered.ts'
import { HAS_NATIVE_SCRYPT, loopScrypt, nativeScrypt } from './scrypt.ts'

/** How long a verified slow password is remembered, in milliseconds. */
export const REMEMBER_MS = 300_000
/** How many verified slow passwords are remembered. */
export const MAX_REMEMBERED = 10_000
/**
 * How many slow checks run beside the event loop at once: one for each core, 3 at most. Runtimes keep
 * four threads for such work, and one is left for files and names.
 */
export const MAX_NATIVE_CHECKS: number = Math.min(countCores(), 3)
/** How many slow checks wait for those. More would outlast the patience of a broker that asks. */
export const MAX_NATIVE_WAITING = 16
/** How many slow checks wait for the one that runs on the event loop, at about a second each. */
export const MAX_LOOP_WAITING = 4
/** After how many milliseconds a slow check that has not settled is given up; see `gate`. */
export const LOST_AFTER_MS = 10_000

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
  const patience = { lostAfter: LOST_AFTER_MS, now }
  const nativeGate = gate({
    running: MAX_NATIVE_CHECKS,
    waiting: MAX_NATIVE_WAITING,
    ...patience,
  })
  // Two of them would leave others only a third of the event loop.
  const loopGate = gate({ running: 1, waiting: MAX_LOOP_WAITING, ...patience })
  const decoys = new Decoys()

  /** Under a random key of the process, in hexadecimal digits. */
  function keyOf(...parts: string[]): string {
    // Not made before it is needed: edge workers have no random bytes while they start.
    mac ??= keyedHash(crypto.getRandomValues(new Uint8Array(32)))
    return mac(parts.join('\0'))
  }

  /** Derives at a gate, and notes how long it took. */
  function derive(
    gate: Gate,
    hash: SlowHash,
    peer: string | undefined,
    work: () => Promise<Uint8Array | undefined>,
  ): Promise<Uint8Array | undefined | 'busy'> | 'busy' {
    return gate.run(async () => {
      const start = now()
      const key = await work()
      if (!key) return undefined
      const time = now() - start
      const times = decoys.note(hash, gate, time)
      if (time > 0) return key
      // On an edge worker the clock stands still while code runs, up to the next timer.
      setTimeout(() => {
        const index = times.lastIndexOf(0)
        if (index >= 0) times[index] = now() - start
      }, 0)
      return key
    }, peer)
  }

  async function check(hash: SlowHash, password: string, peer?: string): Promise<Verdict> {
    const bytes = Uint8Array.from(utf8ToBytes(password))
    const [native, loop] =
      hash.kind === 'scrypt'
        ? [HAS_NATIVE_SCRYPT && (() => nativeScrypt(bytes, hash)), () => loopScrypt(bytes, hash)]
        : [() => nativePbkdf2(bytes, hash), () => loopPbkdf2(bytes, hash)]
    const derived =
      (native && (await derive(nativeGate, hash, peer, native))) ||
      (await derive(loopGate, hash, peer, loop))
    return derived === 'busy'
      ? derived
      : equalConstantTime(bytesToHex(hash.key), bytesToHex(derived!))
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
