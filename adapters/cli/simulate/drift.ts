/**
 * Values that go up and down as what is measured does: each is near the one before, and none leaves what
 * the schema takes. A schema says what is wrong and not what it wants, so it is asked.
 *
 * @module
 */
import type { Schema } from '../../../src/device/schema.ts'
import { type Range, rangeOf } from './ranges.ts'

/** Gives a value, and each time the next. */
export interface Drift {
  next(): Promise<unknown>
}

/** How much of the way back to the middle is gone in a step. */
const RETURN = 0.02
/** How far a step goes, of the spread: so that the spread is two standard deviations in the long run. */
const STEP = 0.1
/** How far devices differ, of the spread. */
const BETWEEN_DEVICES = 0.5
/** A state seldom changes. */
const FLIP = 0.02
const CLOCK_NAME = /time|date|^at$|_at$/i

type Path = readonly (string | number)[]

/** A number in the value that moves. */
interface Moving {
  readonly path: Path
  readonly range: Range
  readonly decimals: number
  now: number
}

/**
 * Makes a drift for one device.
 *
 * @param base A value that the schema takes.
 * @param random From 0 to 1, as `Math.random`.
 */
export async function drift(schema: Schema, base: unknown, random: () => number): Promise<Drift> {
  const takes = async (value: unknown) => {
    const outcome = await schema['~standard'].validate(value)
    return outcome.issues === undefined
  }
  let value: unknown = base
  const numbers: Moving[] = []
  const flags: Path[] = []
  const times: Path[] = []

  for (const [path, leaf] of leavesOf(base)) {
    const name = String(path.findLast((step) => typeof step === 'string') ?? '')
    if (typeof leaf === 'boolean' && (await takes(put(value, path, !leaf)))) flags.push(path)
    else if (typeof leaf === 'string' && CLOCK_NAME.test(name)) {
      if (await takes(put(value, path, new Date().toISOString()))) times.push(path)
    } else if (typeof leaf === 'number') {
      const moving = await begin(path, leaf, rangeOf(name))
      if (!moving) continue
      numbers.push(moving)
      value = put(value, path, moving.now)
    }
  }

  /** Where a number begins: at what its name stands for, if the schema takes that. */
  async function begin(path: Path, leaf: number, known: Range | undefined) {
    const own: Range = { middle: leaf, spread: Math.max(Math.abs(leaf) / 4, 0.5) }
    for (const range of known ? [known, own] : [own]) {
      const middle = range.middle + BETWEEN_DEVICES * range.spread * gauss(random)
      for (const decimals of [range.spread < 0.1 ? 5 : 1, 0]) {
        const now = round(middle, decimals)
        if (await takes(put(value, path, now))) {
          return { path, range: { ...range, middle }, decimals, now }
        }
      }
    }
    return undefined
  }

  return {
    async next() {
      for (const moving of numbers) {
        const { path, range, decimals, now } = moving
        const to = now + RETURN * (range.middle - now) + STEP * range.spread * gauss(random)
        const wanted = put(value, path, round(to, decimals))
        // At the edge of what is taken it waits for a step back.
        if (!(await takes(wanted))) continue
        moving.now = to
        value = wanted
      }
      for (const path of flags) if (random() < FLIP) await change(path, !get(value, path))
      for (const path of times) await change(path, new Date().toISOString())
      return value
    },
  }

  async function change(path: Path, leaf: unknown): Promise<void> {
    const wanted = put(value, path, leaf)
    if (await takes(wanted)) value = wanted
  }
}

/** A number of the normal distribution, cut at three standard deviations (by Box and Muller). */
function gauss(random: () => number): number {
  const radius = Math.sqrt(-2 * Math.log(1 - random()))
  return Math.max(-3, Math.min(3, radius * Math.cos(2 * Math.PI * random())))
}

function round(value: number, decimals: number): number {
  return Number(value.toFixed(decimals))
}

/** All that is no list and no object, with its path. */
function leavesOf(value: unknown, path: Path = []): readonly (readonly [Path, unknown])[] {
  if (typeof value !== 'object' || value === null) return [[path, value]]
  const isList = Array.isArray(value)
  return Object.entries(value).flatMap(([key, inner]) =>
    leavesOf(inner, [...path, isList ? Number(key) : key]),
  )
}

function get(value: unknown, path: Path): unknown {
  return path.reduce((inner: unknown, step) => (inner as Record<PropertyKey, unknown>)[step], value)
}

/** A copy with another leaf. */
function put(value: unknown, [step, ...rest]: Path, leaf: unknown): unknown {
  if (step === undefined) return leaf
  const inner = put((value as Record<PropertyKey, unknown>)[step], rest, leaf)
  if (Array.isArray(value)) return value.with(Number(step), inner)
  return { ...(value as object), [step]: inner }
}
