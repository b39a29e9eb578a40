/**
 * Attempts at a login, for tests of what is counted of them.
 *
 * @module
 */
import type { SlowAttempt } from '../../src/credential/verifier.ts'

/** Lets some begin, and tells what was done. */
export function counting(most: number) {
  const told: string[] = []
  const attempt: SlowAttempt = {
    peer: undefined,
    begin() {
      const isFree = told.filter((what) => what === 'begin').length < most
      told.push(isFree ? 'begin' : 'refuse')
      return isFree
    },
    takeBack: () => void told.push('take back'),
  }
  return { told, attempt }
}
