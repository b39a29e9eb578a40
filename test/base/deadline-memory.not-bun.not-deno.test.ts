/**
 * What ended in time is kept by nothing, not even until the next full collection. On V8, which can be
 * told to collect.
 *
 * @module
 */
import assert from 'node:assert/strict'
import process from 'node:process'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { withinDeadline } from '../../src/base/deadline.ts'

setFlagsFromString('--expose-gc')
const collect: (options?: { type: 'minor' }) => void = runInNewContext('gc')

/** How much is under way at once, and how much passes. */
const AT_ONCE = 32
const PASSING = 2_000
/** What each of them holds, in bytes. */
const HELD = 10_000

test('work that has ended leaves nothing in memory', async () => {
  const underWay: (() => void)[] = []
  const begin = () => {
    const held = new Array(HELD / 8).fill(0)
    const work = () => new Promise<number>((resolve) => underWay.push(() => resolve(held.length)))
    void withinDeadline(4_000, work, () => assert.fail(`it held ${held.length}`))
  }
  for (let i = 0; i < AT_ONCE; i++) begin()
  // What is under way is old from here on.
  collect()
  const before = process.memoryUsage().heapUsed
  for (let i = 0; i < PASSING; i++) {
    begin()
    underWay.shift()!()
    await Promise.resolve()
  }
  collect({ type: 'minor' })
  collect({ type: 'minor' })
  const kept = process.memoryUsage().heapUsed - before
  for (const end of underWay) end()
  assert.ok(kept < (PASSING * HELD) / 4, `${kept} bytes are kept`)
})
