/**
 * A random sequence that is the same in every run.
 *
 * @module
 */

/** Gives whole numbers from 0 up to, and without, a limit. */
export function seededRandom(seed: number): (limit: number) => number {
  let state = seed >>> 0
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * limit)
  }
}

/** The same values in another order. */
export function shuffle<T>(values: readonly T[], random: (limit: number) => number): T[] {
  const shuffled = [...values]
  for (let i = shuffled.length - 1; i > 0; i--) {
    const other = random(i + 1)
    const value = shuffled[i]!
    shuffled[i] = shuffled[other]!
    shuffled[other] = value
  }
  return shuffled
}
