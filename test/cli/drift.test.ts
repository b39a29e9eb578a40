/**
 * The values of `devicehub simulate --realistic`: near those before, and such as the schema takes.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import * as v from 'valibot'
import { drift } from '../../adapters/cli/simulate/drift.ts'

/** A sequence of numbers from 0 to 1 that a seed gives (Park and Miller). */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 48_271) % 2_147_483_647
    return state / 2_147_483_647
  }
}

const seeds = fc.integer({ min: 1, max: 2_147_483_646 })

const schema = v.object({
  temperature: v.pipe(v.number(), v.minValue(-60), v.maxValue(60)),
  humidity: v.pipe(v.number(), v.minValue(0), v.maxValue(100)),
  door: v.object({ open: v.boolean(), count: v.pipe(v.number(), v.integer(), v.minValue(0)) }),
  name: v.literal('sample'),
  measured_at: v.pipe(v.string(), v.isoTimestamp()),
})
const base = {
  ...{ temperature: 20, humidity: 20, door: { open: true, count: 20 } },
  ...{ name: 'sample', measured_at: new Date(0).toISOString() },
}

async function series(seed: number, length: number) {
  const { next } = await drift(schema, base, seeded(seed))
  const all: v.InferOutput<typeof schema>[] = []
  for (let i = 0; i < length; i++) all.push((await next()) as never)
  return all
}

test('each is one that the schema takes', async () => {
  await fc.assert(
    fc.asyncProperty(seeds, async (seed) => {
      for (const value of await series(seed, 100)) v.parse(schema, value)
    }),
    { numRuns: 30 },
  )
})

test('a step is small beside the way that is gone', async () => {
  await fc.assert(
    fc.asyncProperty(seeds, async (seed) => {
      const values = (await series(seed, 500)).map(({ temperature }) => temperature)
      const steps = values.slice(1).map((value, i) => Math.abs(value - values[i]!))
      const way = Math.max(...values) - Math.min(...values)
      assert.ok(Math.max(...steps) < 2.5, 'a jump')
      assert.ok(way > 2, `it stands still: ${way}`)
      // White noise of this width would have a mean step of a third of it.
      assert.ok(steps.reduce((a, b) => a + b) / steps.length < way / 5)
    }),
    { numRuns: 20 },
  )
})

test('a temperature is one of a room, and devices differ', async () => {
  const starts = await Promise.all(
    Array.from({ length: 30 }, async (_, i) => (await series(i * 7_919 + 1, 1))[0]!.temperature),
  )
  assert.ok(
    starts.every((value) => value > 5 && value < 37),
    String(starts),
  )
  assert.ok(new Set(starts).size > 10)
})

describe('what is no number', () => {
  test('a state seldom changes, a time is the present, a text stays', async () => {
    const values = await series(42, 400)
    const changes = values.slice(1).filter(({ door }, i) => door.open !== values[i]!.door.open)
    assert.ok(changes.length > 0 && changes.length < 40, String(changes.length))
    const last = values.at(-1)!
    assert.ok(Math.abs(Date.parse(last.measured_at) - Date.now()) < 60_000)
    assert.equal(last.name, 'sample')
  })

  test('a schema that takes one value alone gets it', async () => {
    const one = v.object({ temperature: v.literal(20), open: v.literal(true) })
    const { next } = await drift(one, { temperature: 20, open: true }, seeded(1))
    for (let i = 0; i < 50; i++) assert.deepEqual(await next(), { temperature: 20, open: true })
  })

  test('a value that is one number, and a list of them', async () => {
    const number = await drift(v.number(), 20, seeded(1))
    assert.equal(typeof (await number.next()), 'number')
    const list = await drift(v.array(v.number()), [20, 30], seeded(1))
    assert.equal(((await list.next()) as number[]).length, 2)
  })
})
