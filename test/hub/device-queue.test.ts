/**
 * The queue of a hub: one device after the other in order, several side by side, at most so many.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { deviceQueue } from '../../src/hub/device-queue.ts'
import { deferred } from '../support/wait.ts'

const soon = () => Promise.resolve()

describe('a task', () => {
  test('that is done at once is run at once', () => {
    const queue = deviceQueue(1)
    let done = 0
    for (const key of ['a', 'a', 'b']) {
      assert.equal(
        queue.run(key, () => void done++),
        undefined,
      )
    }
    assert.equal(done, 3)
  })

  test('waits for the one before it of the same device, and not for another device', async () => {
    const queue = deviceQueue(2)
    const first = deferred()
    const order: string[] = []
    const note = (name: string) => () => void order.push(name)
    const running = queue.run('a', () => first.promise.then(note('a1')))
    const second = queue.run('a', note('a2'))
    queue.run('b', note('b1'))
    assert.deepEqual(order, ['b1'])
    first.resolve()
    await Promise.all([running, second])
    assert.deepEqual(order, ['b1', 'a1', 'a2'])
  })

  test('waits where as many run as may', async () => {
    const queue = deviceQueue(2)
    const gates = ['a', 'b'].map(() => deferred())
    const runs = gates.map(({ promise }, i) => queue.run(`${i}`, () => promise as Promise<void>))
    let isDone = false
    const third = queue.run('c', () => {
      isDone = true
    })
    await soon()
    assert.equal(isDone, false)
    gates[1]!.resolve()
    await third
    assert.equal(isDone, true)
    gates[0]!.resolve()
    await Promise.all(runs)
  })

  test('of the same device that comes while one runs is not run inside of it', () => {
    const queue = deviceQueue(4)
    const order: string[] = []
    queue.run('a', () => {
      order.push('begin')
      void queue.run('a', () => void order.push('inner'))
      order.push('end')
    })
    assert.deepEqual(order, ['begin', 'end', 'inner'])
  })

  test("nor inside of another device's that runs inside of it", () => {
    const queue = deviceQueue(4)
    const order: string[] = []
    queue.run('a', () => {
      void queue.run('b', () => {
        order.push('b')
        void queue.run('a', () => void order.push('inner'))
      })
      order.push('end')
    })
    void queue.run('a', () => void order.push('next'))
    assert.deepEqual(order, ['b', 'end', 'inner', 'next'])
  })
})

test('a long row that is done at once is no deep call', async () => {
  const queue = deviceQueue(1)
  const gate = deferred()
  const first = queue.run('a', () => gate.promise as Promise<void>)
  let done = 0
  const all = Array.from({ length: 50_000 }, (_, i) => queue.run(`${i % 7}`, () => void done++))
  gate.resolve()
  await Promise.all([first, ...all])
  assert.equal(done, 50_000)
})

test('for any tasks, order and bound hold', async () => {
  const task = fc.record({ key: fc.constantFrom('a', 'b', 'c', 'd'), turns: fc.nat(3) })
  const property = fc.asyncProperty(
    fc.array(task, { maxLength: 40 }),
    fc.integer({ min: 1, max: 3 }),
    async (tasks, concurrency) => {
      const queue = deviceQueue(concurrency)
      const begun = new Map<string, number[]>()
      let running = 0
      let most = 0
      const results = tasks.map(({ key, turns }, i) =>
        queue.run(key, () => {
          begun.set(key, [...(begun.get(key) ?? []), i])
          most = Math.max(most, ++running)
          if (turns === 0) {
            running--
            return
          }
          return (async () => {
            for (let turn = 0; turn < turns; turn++) await soon()
            running--
          })()
        }),
      )
      await Promise.all(results)
      assert.ok(most <= concurrency, `${most} ran at once`)
      assert.equal(running, 0)
      for (const [key, order] of begun) {
        const expected = tasks.flatMap((one, i) => (one.key === key ? [i] : []))
        assert.deepEqual(order, expected)
      }
      assert.equal([...begun.values()].flat().length, tasks.length)
    },
  )
  await fc.assert(property, { numRuns: 300 })
})
