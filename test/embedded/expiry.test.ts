/**
 * Waiting for logins to expire: for the last one of each user name.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import { expiryWatch } from '../../adapters/embedded/expiry.ts'
import type { Principal } from '../../src/rule/principal.ts'
import { Collector } from '../support/wait.ts'

test('a user name whose token was renewed ends with the last one', async () => {
  const began = Date.now()
  const ended = new Collector<{ username: string; after: number }>()
  const watch = expiryWatch((username) => ended.push({ username, after: Date.now() - began }))
  const add = (username: string, after: number) => {
    const expiresAt = began + after
    watch.add({ kind: 'token', username, rules: [], attributes: {}, expiresAt } satisfies Principal)
  }
  add('token:renewed', 40)
  add('token:renewed', 160)
  add('token:renewed', 20)
  add('token:once', 80)
  await ended.reach(2, 'ends', 5_000)
  watch.close()
  assert.deepEqual(
    ended.items.map(({ username }) => username),
    ['token:once', 'token:renewed'],
  )
  assert.ok(ended.items[1]!.after >= 159)
})

test('a clock that is set forward ends a login within a minute', () => {
  mock.timers.enable({ apis: ['setTimeout', 'Date'], now: 0 })
  try {
    const ended: string[] = []
    const watch = expiryWatch((username) => ended.push(username))
    const principal: Principal = { kind: 'token', username: 'a', rules: [], attributes: {} }
    watch.add({ ...principal, expiresAt: 3_600_000 })
    mock.timers.tick(60_000)
    assert.deepEqual(ended, [])
    mock.timers.setTime(3_600_000)
    mock.timers.tick(60_000)
    assert.deepEqual(ended, ['a'])
    watch.close()
  } finally {
    mock.timers.reset()
  }
})
