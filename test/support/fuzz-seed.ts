/**
 * What the cases drawn at random are drawn from. It stands in the titles of their tests, and
 * `FUZZ_SEED=… node --import tsx --test …` draws the same ones again. `FUZZ_RUNS=10` draws ten
 * times as many.
 *
 * @module
 */
import { env } from 'node:process'

/** The seed of this run: the environment's, or a new one. */
export const FUZZ_SEED: number =
  env.FUZZ_SEED === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(env.FUZZ_SEED)

/** How many times the usual number of cases is drawn. */
export const FUZZ_RUNS: number = Number(env.FUZZ_RUNS ?? 1)

/** The seed, for the title of a test. */
export const SEEDED = `(FUZZ_SEED=${FUZZ_SEED})`

/** Draws numbers and elements, the same ones for the same seed. */
export interface Draw {
  /** A whole number from 0 to below `limit`. */
  below(limit: number): number
  one<T>(values: readonly T[]): T
}

/** Makes one. @param name Sets its numbers apart from those of others. */
export function draw(name: string): Draw {
  let state = FUZZ_SEED >>> 0
  for (const character of name) state = mix(state ^ character.codePointAt(0)!)
  const below = (limit: number) => {
    state = (state + 0x9e3779b9) >>> 0
    return Math.floor((mix(state) / 2 ** 32) * limit)
  }
  return { below, one: (values) => values[below(values.length)]! }
}

/** Spreads the bits of a number over all of it. */
function mix(value: number): number {
  let mixed = Math.imul(value ^ (value >>> 16), 0x45d9f3b)
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x45d9f3b)
  return (mixed ^ (mixed >>> 16)) >>> 0
}
