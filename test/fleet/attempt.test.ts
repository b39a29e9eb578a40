/**
 * One login as it is counted: at its beginning or as a failure, by this process and by all, and never
 * twice.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { LoginAttemptCount } from '../../src/fleet/attempt.ts'
import { SharedFailures } from '../../src/fleet/shared-failures.ts'
import { loginThrottle, MAX_PEER_FAILURES, MAX_USER_FAILURES } from '../../src/fleet/throttle.ts'
import { memoryKeys } from '../../src/index.ts'

const NETWORK = '2001:db8:1:2'

/** What counts, and how many more of a user name's attempts it lets begin. */
function site(hasKeys: boolean) {
  const throttle = loginThrottle()
  const shared = hasKeys ? new SharedFailures(memoryKeys(), 'things') : undefined
  const attempt = (username = 'a', peer?: string) => {
    return new LoginAttemptCount({ throttle, shared, username, peer })
  }
  const countBegun = async (most: number, next: () => LoginAttemptCount) => {
    for (let begun = 0; begun < most; begun++) if (!(await next().begin())) return begun
    return most
  }
  return { throttle, shared, attempt, countBegun }
}

for (const [where, hasKeys] of [
  ['in this process', false],
  ['with shared keys', true],
] as const) {
  describe(`an attempt ${where}`, () => {
    test('begins as often as a user name may fail', async () => {
      const { attempt, countBegun } = site(hasKeys)
      assert.equal(await countBegun(100, () => attempt()), MAX_USER_FAILURES)
      assert.equal(await attempt('b').begin(), true)
    })

    test('that is taken back leaves nothing, and takes back no other', async () => {
      const { attempt, countBegun } = site(hasKeys)
      const [one, other] = [attempt(), attempt()]
      assert.ok(await other.begin())
      for (let i = 0; i < 2 * MAX_USER_FAILURES; i++) {
        assert.ok(await one.begin(), `${i}`)
        await one.takeBack()
      }
      await one.takeBack()
      assert.equal(await countBegun(100, () => attempt()), MAX_USER_FAILURES - 1)
    })

    test('that has begun is counted no second time as a failure', async () => {
      const { attempt, countBegun } = site(hasKeys)
      const one = attempt()
      assert.ok(await one.begin())
      one.addFailure()
      assert.equal(await countBegun(100, () => attempt()), MAX_USER_FAILURES - 1)
    })

    test('that has not begun, or not any more, is counted as a failure', async () => {
      const { attempt, countBegun } = site(hasKeys)
      attempt().addFailure()
      const one = attempt()
      assert.ok(await one.begin())
      await one.takeBack()
      one.addFailure()
      assert.equal(await countBegun(100, () => attempt()), MAX_USER_FAILURES - 2)
    })

    test('counts for its network, under whatever name', async () => {
      const { attempt, countBegun } = site(hasKeys)
      let i = 0
      const next = () => attempt(`name-${i}`, `${NETWORK}::${(i++).toString(16)}`)
      assert.equal(await countBegun(2 * MAX_PEER_FAILURES, next), MAX_PEER_FAILURES)
      assert.equal(attempt('a', `${NETWORK}::1`).peer, `${NETWORK}::/64`)
      assert.equal(attempt('a').peer, undefined)
    })
  })
}

test('an attempt that other processes have no room for is not counted by this one', async () => {
  const { throttle, shared, attempt } = site(true)
  for (let i = 0; i < MAX_USER_FAILURES; i++) {
    await shared!.begin({ username: 'a' }, Date.now())
  }
  for (let i = 0; i < 2 * MAX_USER_FAILURES; i++) assert.equal(await attempt().begin(), false)
  for (let i = 0; i < MAX_USER_FAILURES; i++) {
    assert.ok(throttle.begin({ username: 'a' }, performance.now()), `${i}`)
  }
})
