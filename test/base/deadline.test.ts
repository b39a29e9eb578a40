/**
 * A bound on the time work may take.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { withinDeadline } from '../../src/base/deadline.ts'
import { type FastClock, fastClock } from '../support/fast-clock.ts'

/** Runs with a clock that goes on as soon as something waits for it. */
async function withClock(run: (clock: FastClock) => Promise<void>): Promise<void> {
  using clock = fastClock()
  await run(clock)
}

const never = () => new Promise<never>(() => {})

for (const milliseconds of [160, 1_000, 4_000]) {
  describe(`a bound of ${milliseconds} ms`, () => {
    test('work that settles is not touched', async () => {
      assert.equal(await withinDeadline(milliseconds, async () => 'done'), 'done')
      const error = new Error('broken')
      const failing = async () => {
        throw error
      }
      await assert.rejects(withinDeadline(milliseconds, failing), error)
    })

    test('work that does not is given up in time, and stopped', () =>
      withClock(async ({ passed }) => {
        let stopped = 0
        const outcome = withinDeadline(milliseconds, never, () => stopped++)
        await assert.rejects(outcome, { message: `no decision within ${milliseconds} ms` })
        assert.equal(stopped, 1)
        assert.ok(passed() <= milliseconds && passed() >= milliseconds * 0.93)
      }))

    test('each has its own time, however many there are', () =>
      withClock(async ({ passed }) => {
        const ends: number[] = []
        const begin = () => {
          const start = passed()
          return withinDeadline(milliseconds, never).catch(() => ends.push(passed() - start))
        }
        const first = Array.from({ length: 100 }, begin)
        const finished = withinDeadline(milliseconds, async () => 'done', assert.fail)
        // It ends between them, a while after they began.
        await withinDeadline(milliseconds / 2, never).catch(() => {})
        const second = Array.from({ length: 100 }, begin)
        await Promise.all([...first, ...second])
        assert.equal(await finished, 'done')
        assert.equal(ends.length, 200)
        for (const end of ends) assert.ok(end <= milliseconds && end >= milliseconds * 0.87)
      }))
  })
}
