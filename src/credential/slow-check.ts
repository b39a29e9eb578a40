/**
 * Checks of passwords in slow formats: where they run, and how many at once.
 *
 * @module
 */
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'
import { awaitInput } from '../base/clock.ts'
import { equalConstantTime } from '../base/constant-time.ts'
import type { Decoys } from './decoy.ts'
import type { SlowHash } from './format.ts'
import { type Gate, gate } from './gate.ts'
import { countCores } from './native.ts'
import { loopPbkdf2, nativePbkdf2 } from './pbkdf2.ts'
import { HAS_NATIVE_SCRYPT, loopScrypt, nativeScrypt } from './scrypt.ts'

/**
 * How many slow checks run beside the event loop at once: one for each core, 3 at most. Runtimes keep
 * four threads for such work, and one is left for files and names.
 */
export const MAX_NATIVE_CHECKS: number = /* @__PURE__ */ Math.min(/* @__PURE__ */ countCores(), 3)
/** How many slow checks wait for those. More would outlast the patience of a broker that asks. */
export const MAX_NATIVE_WAITING = 16
/** How many slow checks wait for the one that runs on the event loop, at about a second each. */
export const MAX_LOOP_WAITING = 4
/** After how many milliseconds a slow check that has not settled is given up; see `gate`. */
export const LOST_AFTER_MS = 10_000

/** Whether a password is that of a hash, or `'busy'` if too many checks are waiting already. */
export type SlowCheck = (
  hash: SlowHash,
  password: string,
  peer?: string,
) => Promise<boolean | 'busy'>

/** What came of the work. */
interface Derived {
  readonly key: Uint8Array
  /** Settles when it is noted how long that took, if that was not known at once. */
  readonly noted: Promise<void> | undefined
}

/**
 * Makes it.
 *
 * @param decoys Are told what each check took.
 * @param now Milliseconds on any clock.
 */
export function slowCheck(decoys: Decoys, now: () => number): SlowCheck {
  const patience = { lostAfter: LOST_AFTER_MS, now }
  const nativeGate = gate({
    running: MAX_NATIVE_CHECKS,
    waiting: MAX_NATIVE_WAITING,
    ...patience,
  })
  // Two of them would leave others only a third of the event loop.
  const loopGate = gate({ running: 1, waiting: MAX_LOOP_WAITING, ...patience })

  /** Derives at a gate, and notes how long it took. */
  function derive(
    gate: Gate,
    hash: SlowHash,
    peer: string | undefined,
    work: () => Promise<Uint8Array | undefined>,
  ): Promise<Derived | undefined | 'busy'> | 'busy' {
    return gate.run(async () => {
      const start = now()
      const key = await work()
      if (!key) return undefined
      const time = now() - start
      if (time > 0) {
        decoys.note(hash, gate, time)
        return { key, noted: undefined }
      }
      // On an edge worker the clock may stand still while code runs.
      const noted = awaitInput().then(() => decoys.note(hash, gate, now() - start))
      return { key, noted }
    }, peer)
  }

  return async (hash, password, peer) => {
    const bytes = Uint8Array.from(utf8ToBytes(password))
    const [native, loop] =
      hash.kind === 'scrypt'
        ? [HAS_NATIVE_SCRYPT && (() => nativeScrypt(bytes, hash)), () => loopScrypt(bytes, hash)]
        : [() => nativePbkdf2(bytes, hash), () => loopPbkdf2(bytes, hash)]
    const derived =
      (native && (await derive(nativeGate, hash, peer, native))) ||
      (await derive(loopGate, hash, peer, loop))
    if (derived === 'busy') return derived
    const isRight = equalConstantTime(bytesToHex(hash.key), bytesToHex(derived!.key))
    // Whoever may come in is not kept waiting. With a denial an edge worker drops what was not done.
    if (!isRight) await derived!.noted
    return isRight
  }
}
