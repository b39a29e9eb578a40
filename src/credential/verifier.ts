/**
 * Verifying passwords, fast and slow ones, against what is stored.
 *
 * @module
 */
import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'
import { equalConstantTime } from '../base/constant-time.ts'
import { andThen, type MaybePromise } from '../base/maybe-promise.ts'
import { parseSlowHash, type SlowHash } from './format.ts'
import { gate } from './gate.ts'
import { isGeneratedHash, type PasswordHasher } from './generated.ts'
import { loopPbkdf2, nativePbkdf2 } from './pbkdf2.ts'
import { remembered } from './remembered.ts'
import { loopScrypt } from './scrypt.ts'

/** How long a verified slow password is remembered, in milliseconds. */
export const REMEMBER_MS = 300_000
/** How many verified slow passwords are remembered. */
export const MAX_REMEMBERED = 10_000
/** How many slow checks run beside the event loop at once. Runtimes keep four threads for it. */
export const MAX_NATIVE_CHECKS = 2
/** How many slow checks wait for those. More would outlast the patience of a broker that asks. */
export const MAX_NATIVE_WAITING = 16
/** How many slow checks wait for the one that runs on the event loop, at about a second each. */
export const MAX_LOOP_WAITING = 4
/** After how many milliseconds a slow check that has not settled is given up; see `gate`. */
export const LOST_AFTER_MS = 10_000
const MAX_COSTS = 8

/** Whether a password is right, or why a slow check was not made. */
export type Verdict =
  | boolean
  /** Too many are waiting already. */
  | 'busy'
  /** It was told to make none. */
  | 'throttled'

/** Verifies passwords. */
export interface PasswordVerifier {
  /**
   * Whether a password is one of the stored ones. Answers at once unless a slow one has to be tried.
   * Without a stored one that can be read, it does the work for one that is wrong.
   *
   * @param isThrottled Whether slow ones are left untried, unless remembered. Default: `false`.
   * @param isThrottledElsewhere The same, by what takes time to learn: asked only before a slow one is
   * tried. Default: `false`.
   */
  verify(
    username: string,
    password: string,
    stored: readonly string[],
    isThrottled?: boolean,
    isThrottledElsewhere?: () => MaybePromise<boolean>,
  ): Verdict | Promise<Verdict>
}

/**
 * Makes a verifier.
 *
 * @param now Milliseconds on any clock.
 */
export function passwordVerifier(
  hasher: PasswordHasher,
  now: () => number = Date.now,
): PasswordVerifier {
  let processKey: Uint8Array | undefined
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
  const costs = new Map<string, SlowHash>()

  function keyOf(...parts: string[]): Uint8Array {
    // Not made before it is needed: edge workers have no random bytes while they start.
    processKey ??= crypto.getRandomValues(new Uint8Array(32))
    return hmac(sha256, processKey, utf8ToBytes(parts.join('\0')))
  }
  // A changed credential is another key: what was remembered of the old one answers for nothing.
  const checkKey = (stored: string, password: string) => bytesToHex(keyOf(stored, password))

  async function derive(hash: SlowHash, password: string): Promise<Uint8Array | 'busy'> {
    const bytes = Uint8Array.from(utf8ToBytes(password))
    if (hash.kind === 'scrypt') return loopGate.run(() => loopScrypt(bytes, hash))
    const native = await nativeGate.run(() => nativePbkdf2(bytes, hash))
    return native ?? loopGate.run(() => loopPbkdf2(bytes, hash))
  }

  async function check(hash: SlowHash, password: string): Promise<Verdict> {
    const derived = await derive(hash, password)
    return derived === 'busy'
      ? derived
      : equalConstantTime(bytesToHex(hash.key), bytesToHex(derived))
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
  ): Promise<Verdict> {
    let verdict: Verdict = false
    for (const [key, hash] of hashes) {
      const outcome = await share(key, () => check(hash, password))
      if (outcome === true) {
        verified.add(key)
        return true
      }
      verdict = outcome || verdict
    }
    return verdict
  }

  function meetCost(hash: SlowHash): void {
    const cost =
      hash.kind === 'scrypt' ? `${hash.ln} ${hash.r} ${hash.p}` : `${hash.digest} ${hash.rounds}`
    if (costs.size < MAX_COSTS && !costs.has(cost)) {
      costs.set(cost, { ...hash, salt: new Uint8Array(hash.salt.length) })
    }
  }

  /** Does what a wrong password costs. */
  function spend(username: string, password: string): Verdict | Promise<Verdict> {
    if (costs.size === 0) return hasher.verify(password, undefined)
    // Always the same for one name, as if that name had a password of this cost.
    const hash = [...costs.values()][keyOf(username)[0]! % costs.size]!
    const key = bytesToHex(keyOf('', username, password))
    return share(key, async () => (await derive(hash, password)) === 'busy' && 'busy')
  }

  return {
    verify(username, password, stored, isThrottled = false, isThrottledElsewhere = () => false) {
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
        if (!hash) continue
        slow.set(checkKey(text, password), hash)
        meetCost(hash)
      }
      if (isRight || [...slow.keys()].some(verified.has)) return true
      if (isGenerated && slow.size === 0) return false
      if (isThrottled) return 'throttled'
      if (slow.size === 0 && costs.size === 0) return spend(username, password)
      return andThen<boolean, Verdict>(isThrottledElsewhere(), (isOver) => {
        if (isOver) return 'throttled'
        return slow.size > 0 ? trySlow(slow, password) : spend(username, password)
      })
    },
  }
}
