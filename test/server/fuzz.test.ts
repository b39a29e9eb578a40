/**
 * Whatever clients send, the server keeps its word: it answers in order, nobody gets what is denied, what
 * it acknowledged is not lost, and nothing stays behind of those who are gone. The guard's own answers are
 * the oracle.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { toError } from '../../src/base/errors.ts'
import { draw, FUZZ_RUNS, SEEDED } from '../support/fuzz-seed.ts'
import { usedHeap } from './fuzz/memory.ts'
import { Tally } from './fuzz/tally.ts'
import { World } from './fuzz/world.ts'

/** Connections. */
const SEQUENCES = Math.ceil(20_000 * FUZZ_RUNS)
/** Of one server. */
const PER_WORLD = 500
/** Of the connections, those that are let in. */
const LET_IN = 1 / 3
/** Each packet type with each reason code, in 500,000 sequences. */
const EACH = 1_000 / 500_000
/** Servers until all is compiled. */
const WARM_UP = 10
/** Bytes in use that come and go. */
const NOISE = 4 * 1_024 * 1_024

test(`${SEQUENCES} connections ${SEEDED}`, async (t) => {
  const tally = new Tally()
  let before: number | undefined
  for (let i = 0; tally.sequences < SEQUENCES; i++) {
    if (i === WARM_UP) before = usedHeap()
    const world = new World(draw(`server ${i}`), tally)
    try {
      await world.run(Math.min(PER_WORLD, SEQUENCES - tally.sequences))
    } catch (error) {
      const { message } = toError(error)
      throw new Error(`server ${i}, connection ${tally.sequences}: ${message}`, { cause: error })
    }
  }
  const after = usedHeap()
  t.diagnostic(`${tally.letIn} were let in, ${tally.packets} packets, ${before} and ${after} bytes`)
  assert.ok(tally.letIn >= SEQUENCES * LET_IN, `${tally.letIn} were let in: too few to tell`)
  assert.deepEqual(tally.rare(SEQUENCES * EACH), [])
  if (before !== undefined && after !== undefined) assert.ok(after - before < NOISE)
})
