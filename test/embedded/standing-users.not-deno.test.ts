/**
 * When the embedded broker asks again about those who are connected, on a clock of the test.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { beforeEach, describe, mock, test } from 'node:test'
import {
  MAX_QUESTIONS,
  type StandingUsers,
  standingUsers,
} from '../../adapters/embedded/standing.ts'
import { type Deferred, deferred } from '../support/wait.ts'

const INTERVAL = 10_000

beforeEach((context) => {
  mock.timers.enable({ apis: ['setTimeout', 'Date'] })
  const steady = mock.method(performance, 'now', () => Date.now())
  // Node's type leaves out that hooks get the test's context.
  ;(context as { after(done: () => void): void }).after(() => {
    steady.mock.restore()
    mock.timers.reset()
  })
})

/** Lets a time pass in small steps, with the answers that come at each. */
async function pass(milliseconds: number): Promise<void> {
  for (let passed = 0; passed < milliseconds; passed += 5) {
    mock.timers.tick(5)
    await new Promise((resolve) => setImmediate(resolve))
  }
}

/** Notes who is asked about, and when. */
function recorder(goOn: (username: string) => boolean = () => true) {
  const asked: { username: string; at: number }[] = []
  const users: StandingUsers = standingUsers(INTERVAL, async (username) => {
    asked.push({ username, at: Date.now() })
    return goOn(username)
  })
  return { asked, users, names: () => asked.map(({ username }) => username) }
}

describe('a user name', () => {
  test('is asked about once in each interval, however often it connects', async () => {
    const { asked, users } = recorder()
    for (let i = 0; i < 5; i++) users.add('a')
    await pass(INTERVAL - 10)
    assert.equal(asked.length, 0)
    await pass(20)
    assert.equal(asked.length, 1)
    users.add('a')
    await pass(3 * INTERVAL)
    assert.equal(asked.length, 4)
    users.close()
  })

  test('is asked about no more when the answer says so, until it comes again', async () => {
    let isThere = false
    const { names, users } = recorder(() => isThere)
    users.add('a')
    await pass(3 * INTERVAL)
    assert.deepEqual(names(), ['a'])
    isThere = true
    users.add('a')
    await pass(2 * INTERVAL + 10)
    assert.deepEqual(names(), ['a', 'a', 'a'])
    users.close()
  })

  test('that comes again while it is asked about stays, whatever the answer is', async () => {
    const answer = deferred<boolean>()
    const asked: string[] = []
    const users = standingUsers(INTERVAL, (username) => {
      asked.push(username)
      return asked.length === 1 ? answer.promise : Promise.resolve(true)
    })
    users.add('a')
    await pass(INTERVAL + 10)
    users.add('a')
    answer.resolve(false)
    await pass(INTERVAL + 10)
    assert.deepEqual(asked, ['a', 'a'])
    users.close()
  })

  test('waits no longer than the interval when those behind it leave', async () => {
    const leaving = new Set<string>()
    const { asked, users } = recorder((username) => !leaving.has(username))
    for (let i = 0; i < 100; i++) users.add(`user ${i}`)
    await pass(INTERVAL)
    const last = new Map(asked.map(({ username, at }) => [username, at]))
    for (let i = 10; i < 100; i++) leaving.add(`user ${i}`)
    await pass(2 * INTERVAL)
    for (let i = 0; i < 10; i++) {
      const times = asked.filter(({ username }) => username === `user ${i}`).map(({ at }) => at)
      const gaps = times.slice(1).map((at, n) => at - times[n]!)
      assert.ok(last.has(`user ${i}`) && gaps.length >= 2)
      for (const gap of gaps) assert.ok(gap <= INTERVAL + 20, `${gap} ms`)
    }
    users.close()
  })
})

describe('10,000 user names that came at once', () => {
  test('are each asked about once in an interval, never many at a time', async () => {
    const { asked, users } = recorder()
    for (let i = 0; i < 10_000; i++) users.add(`user ${i}`)
    const perStep: number[] = []
    for (let step = 0; step < INTERVAL / 100; step++) {
      const before = asked.length
      await pass(100)
      perStep.push(asked.length - before)
    }
    const most = Math.max(...perStep)
    // Spread evenly it is 100 in each.
    assert.ok(most <= 120, `${most} in 100 ms`)
    await pass(30)
    assert.equal(new Set(asked.slice(0, 10_000).map(({ username }) => username)).size, 10_000)
    assert.ok(asked.length <= 10_100, `${asked.length} questions`)
    users.close()
  })

  test('have a bounded number of questions under way when answers take long', async () => {
    const open: Deferred<boolean>[] = []
    let most = 0
    const users = standingUsers(INTERVAL, () => {
      const answer = deferred<boolean>()
      open.push(answer)
      most = Math.max(most, open.length)
      return answer.promise
    })
    for (let i = 0; i < 10_000; i++) users.add(`user ${i}`)
    await pass(2 * INTERVAL)
    assert.deepEqual([open.length, most], [MAX_QUESTIONS, MAX_QUESTIONS])
    // One answer makes room for one question.
    open.shift()!.resolve(true)
    await pass(10)
    assert.deepEqual([open.length, most], [MAX_QUESTIONS, MAX_QUESTIONS])
    users.close()
  })
})

test('once it is closed nobody is asked about', async () => {
  const { asked, users } = recorder()
  users.add('a')
  users.close()
  users.add('b')
  await pass(3 * INTERVAL)
  assert.deepEqual(asked, [])
})

describe('all of them', () => {
  test('are asked about at once when they are to be, some at a time, and then as before', async () => {
    let underWay = 0
    let most = 0
    const asked: string[] = []
    const users = standingUsers(INTERVAL, async (username) => {
      most = Math.max(most, ++underWay)
      asked.push(username)
      await Promise.resolve()
      underWay--
      return true
    })
    const names = Array.from({ length: 100 }, (_, i) => `u-${i}`)
    for (const name of names) users.add(name)
    await pass(5)
    assert.equal(asked.length, 0)
    users.askAll()
    await pass(100)
    assert.deepEqual(asked.slice(0, 100).sort(), [...names].sort())
    assert.ok(most <= MAX_QUESTIONS, `${most} at a time`)
    await pass(INTERVAL + 100)
    assert.ok(asked.length >= 200 && asked.length < 310, `${asked.length} in all`)
    users.close()
  })
})
