/**
 * Checks of passwords in slow formats: where they run, and how many at once.
 *
 * @module
 */
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'
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
export const MAX_NATIVE_CHECKS: number = Math.min(countCores(), 3)
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

  return async (hash, password, peer) => {
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
}
