/**
 * Failed logins counted for a while.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  type LoginThrottle,
  loginThrottle,
  MAX_PEER_FAILURES,
  MAX_THROTTLED,
  MAX_USER_FAILURES,
  THROTTLE_WINDOW_MS,
} from '../../src/fleet/throttle.ts'

const START = 1_000_000

function fail(throttle: LoginThrottle, username: string, times: number, peer?: string, at = START) {
  for (let i = 0; i < times; i++) throttle.addFailure({ username, peer }, at)
}

describe('a user name', () => {
  test('is throttled from its tenth failure on', () => {
    const throttle = loginThrottle()
    for (let failures = 0; failures < MAX_USER_FAILURES; failures++) {
      assert.equal(throttle.isThrottled({ username: 'a' }, START), false, `${failures}`)
      throttle.addFailure({ username: 'a' }, START)
    }
    assert.equal(throttle.isThrottled({ username: 'a' }, START), true)
  })

  test('is free again when the minute since its first failure is over', () => {
    const throttle = loginThrottle()
    throttle.addFailure({ username: 'a' }, START)
    fail(throttle, 'a', MAX_USER_FAILURES, undefined, START + THROTTLE_WINDOW_MS - 1)
    assert.equal(throttle.isThrottled({ username: 'a' }, START + THROTTLE_WINDOW_MS - 1), true)
    assert.equal(throttle.isThrottled({ username: 'a' }, START + THROTTLE_WINDOW_MS), false)
    throttle.addFailure({ username: 'a' }, START + THROTTLE_WINDOW_MS)
    assert.equal(throttle.isThrottled({ username: 'a' }, START + THROTTLE_WINDOW_MS), false)
  })

  test('is free at once when it got in', () => {
    const throttle = loginThrottle()
    fail(throttle, 'a', MAX_USER_FAILURES)
    throttle.forget('a')
    assert.equal(throttle.isThrottled({ username: 'a' }, START), false)
  })

  test('throttles no other one, whatever it is called', () => {
    const throttle = loginThrottle()
    fail(throttle, '__proto__', MAX_USER_FAILURES)
    for (const username of ['a', 'constructor', '', '__proto__/a']) {
      assert.equal(throttle.isThrottled({ username }, START), false, username)
    }
    assert.equal(throttle.isThrottled({ username: '__proto__' }, START), true)
  })
})

describe('a peer', () => {
  test('is throttled from its hundredth failure on, under any user name', () => {
    const throttle = loginThrottle()
    const peer = '10.0.0.9'
    for (let i = 0; i < MAX_PEER_FAILURES; i++) {
      assert.equal(throttle.isThrottled({ username: 'z', peer }, START), false)
      throttle.addFailure({ username: `guess-${i}`, peer }, START)
    }
    assert.equal(throttle.isThrottled({ username: 'z', peer }, START), true)
    assert.equal(throttle.isThrottled({ username: 'z', peer: '10.0.0.8' }, START), false)
    assert.equal(throttle.isThrottled({ username: 'z' }, START), false)
  })

  test('stays throttled when one of its users got in', () => {
    const throttle = loginThrottle()
    fail(throttle, 'a', MAX_PEER_FAILURES, 'p')
    throttle.forget('a')
    assert.equal(throttle.isThrottled({ username: 'a', peer: 'p' }, START), true)
  })

  test('is not taken for a user name of the same text', () => {
    const throttle = loginThrottle()
    fail(throttle, 'x', MAX_USER_FAILURES, 'y')
    assert.equal(throttle.isThrottled({ username: 'y', peer: 'x' }, START), false)
  })
})

test('beyond the bound the oldest is forgotten, and the expired before it', () => {
  const throttle = loginThrottle()
  fail(throttle, 'first', MAX_USER_FAILURES)
  fail(throttle, 'second', MAX_USER_FAILURES, undefined, START + 1)
  for (let i = 0; i < MAX_THROTTLED - 2; i++) fail(throttle, `guess-${i}`, 1, undefined, START + 2)
  assert.equal(throttle.isThrottled({ username: 'first' }, START + 2), true)
  fail(throttle, 'one-more', 1, undefined, START + 3)
  assert.equal(throttle.isThrottled({ username: 'first' }, START + 3), false)
  assert.equal(throttle.isThrottled({ username: 'second' }, START + 3), true)
})
