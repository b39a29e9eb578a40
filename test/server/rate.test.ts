/**
 * How often an owner may publish.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { PublishRate } from '../../src/server/rate.ts'

test('whoever publishes as soon as it may comes to the rate, and never above it', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 500 }),
      fc.array(fc.nat(3_000), { maxLength: 20 }),
      (perSecond, pauses) => {
        const rate = new PublishRate(perSecond)
        const times: number[] = []
        let now = 5_000
        for (const pause of [...pauses, 0]) {
          now += pause
          for (let i = 0; i < 20; i++) {
            times.push(now)
            now += rate.take('me', now)
          }
        }
        // In no second more than its bucket holds, and what flows in meanwhile.
        for (const [i, start] of times.entries()) {
          const within = times.slice(i).filter((time) => time < start + 1_000)
          assert(within.length <= 2 * perSecond + 1)
        }
        const seconds = (now - 5_000) / 1_000
        assert(times.length <= perSecond * (seconds + 1) + 1)
      },
    ),
  )
})

test('one that goes on publishing gets what the rate allows', () => {
  const rate = new PublishRate(10)
  let now = 0
  let count = 0
  for (; now < 60_000; count++) now += rate.take('me', now)
  assert(count >= 600 && count <= 611, `${count}`)
})

test('owners have a bucket each, and many of them are forgotten when they are full', () => {
  const rate = new PublishRate(1)
  assert.equal(rate.take('me', 0), 1_000)
  assert.equal(rate.take('you', 0), 1_000)
  for (let i = 0; i < 5_000; i++) rate.take(`${i}`, 10)
  assert.equal(rate.take('me', 10), 1_990)
  assert.equal(rate.take('me', 1_000_000), 1_000)
})

test('without a bound nobody waits', () => {
  const rate = new PublishRate(Number.POSITIVE_INFINITY)
  for (let i = 0; i < 1_000; i++) assert.equal(rate.take('me', 0), 0)
})
