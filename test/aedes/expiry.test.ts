/**
 * Waiting for logins to expire: for the last one of each user name.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { expiryWatch } from '../../adapters/aedes/expiry.ts'
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
