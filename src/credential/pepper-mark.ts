/**
 * Under which pepper a stored password is, as far as its text says.
 *
 * @module
 */
import { generatedPepperId, isUnmarkedHash } from './generated.ts'
import { type PepperOption, readPeppers } from './pepper.ts'
import { parseRehashed } from './rehashed.ts'

/**
 * Where a stored password stands among the peppers of a fleet:
 *
 * - `first`: under the one that makes hashes;
 * - `older`: under another one of the fleet's;
 * - `unmarked`: under any of them, since it was stored before peppers were told apart;
 * - `unknown`: under none of them, so that nobody can log in with it.
 */
export type PepperMark = 'first' | 'older' | 'unmarked' | 'unknown'

/** Tells the mark of a stored text; `undefined` for one that is under no pepper. */
export type PepperMarks = (stored: unknown) => PepperMark | undefined

/** Makes it for a fleet with these peppers. */
export function pepperMarks(option: PepperOption | undefined): PepperMarks {
  const ids = readPeppers(option).map(({ id }) => id)
  const markOf = (id: string) => {
    const place = ids.indexOf(id)
    if (place < 0) return 'unknown'
    return place === 0 ? 'first' : 'older'
  }
  return (stored) => {
    if (typeof stored !== 'string') return undefined
    const rehashed = parseRehashed(stored)
    const id = rehashed ? rehashed.pepperId : generatedPepperId(stored)
    if (id !== undefined) return markOf(id)
    return rehashed || isUnmarkedHash(stored) ? 'unmarked' : undefined
  }
}
