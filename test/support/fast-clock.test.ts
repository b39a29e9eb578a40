/**
 * The clock of tests that goes on as soon as something waits for it.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fastClock } from './fast-clock.ts'

test('timers that wait at one time run as they are due, and no time passes twice', async () => {
  using clock = fastClock()
  const seen: [name: string, passed: number][] = []
  await new Promise<void>((resolve) => {
    setTimeout(() => seen.push(['late', clock.passed()]), 125)
    const never = setTimeout(() => seen.push(['never', clock.passed()]), 20)
    let ticks = 0
    const tick = () => {
      seen.push(['tick', clock.passed()])
      if (++ticks < 3) setTimeout(tick, 50)
      else resolve()
    }
    setTimeout(tick, 50)
    clearTimeout(never)
  })
  assert.deepEqual(seen, [
    ['tick', 50],
    ['tick', 100],
    ['late', 125],
    ['tick', 150],
  ])
})
