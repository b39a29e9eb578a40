/**
 * What the cases drawn at random are drawn from. It stands in the titles of their tests, and
 * `ORACLE_SEED=… node --import tsx --test …` draws the same ones again.
 *
 * @module
 */
import { env } from 'node:process'

/** The seed of this run: the environment's, or a new one. */
export const ORACLE_SEED: number =
  env.ORACLE_SEED === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(env.ORACLE_SEED)

/** The seed, for the title of a test. */
export const SEEDED = `(ORACLE_SEED=${ORACLE_SEED})`
