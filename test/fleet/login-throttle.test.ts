/**
 * Failed logins counted for a while: never less than there were, whatever else fails.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  type LoginSource,
  type LoginThrottle,
  loginThrottle,
  MAX_PEER_FAILURES,
  MAX_USER_FAILURES,
  THROTTLE_WINDOW_MS,
} from '../../src/fleet/throttle.ts'

const START = 1_000_000
/** A failure counts for this long at most. */
const END = (THROTTLE_WINDOW_MS * 4) / 3

function fail(throttle: LoginThrottle, username: string, times: number, peer?: string, at = START) {
  for (let i = 0; i < times; i++) throttle.addFailure({ username, peer }, at)
}

/** Whether a source may not try. */
function isThrottled(throttle: LoginThrottle, source: LoginSource, at = START): boolean {
  const takeBack = throttle.begin(source, at)
  takeBack?.()
  return takeBack === undefined
}

test('ten failures of a user name and a hundred of a peer are let pass in a minute', () => {
  const limits = [MAX_USER_FAILURES, MAX_PEER_FAILURES, THROTTLE_WINDOW_MS]
  assert.deepEqual(limits, [10, 100, 60_000])
})

describe('a user name', () => {
  test('is throttled from its tenth failure on', () => {
    const throttle = loginThrottle()
    for (let failures = 0; failures < MAX_USER_FAILURES; failures++) {
      assert.equal(isThrottled(throttle, { username: 'a' }), false, `${failures}`)
      throttle.addFailure({ username: 'a' }, START)
    }
    assert.equal(isThrottled(throttle, { username: 'a' }), true)
  })

  test('is throttled from its tenth attempt on, before any has failed', () => {
    const throttle = loginThrottle()
    const attempts = Array.from({ length: 2_000 }, () => throttle.begin({ username: 'a' }, START))
    assert.equal(attempts.filter(Boolean).length, MAX_USER_FAILURES)
    attempts[0]!()
    assert.ok(throttle.begin({ username: 'a' }, START))
    assert.equal(throttle.begin({ username: 'a' }, START), undefined)
  })

  for (const offset of [0, 1, 7_000, 19_999, 20_000, 59_999]) {
    test(`gets ten in any minute and all again after it, from ${offset} ms on`, () => {
      const throttle = loginThrottle()
      const first = START + offset
      throttle.addFailure({ username: 'a' }, first)
      fail(throttle, 'a', MAX_USER_FAILURES - 1, undefined, first + THROTTLE_WINDOW_MS - 1)
      const at = (time: number) => isThrottled(throttle, { username: 'a' }, first + time)
      assert.equal(at(THROTTLE_WINDOW_MS - 1), true)
      // One of them is over then, and only that.
      assert.equal(at(END), false)
      assert.ok(throttle.begin({ username: 'a' }, first + END))
      assert.equal(at(END), true)
      assert.equal(at(2 * THROTTLE_WINDOW_MS - 2), true)
      for (let i = 0; i < MAX_USER_FAILURES; i++) {
        assert.ok(throttle.begin({ username: 'a' }, first + 2 * END + THROTTLE_WINDOW_MS), `${i}`)
      }
    })
  }

  test('is not throttled for longer by attempts that are refused', () => {
    const throttle = loginThrottle()
    fail(throttle, 'a', MAX_USER_FAILURES)
    for (let time = 0; time < END; time += 100) {
      isThrottled(throttle, { username: 'a' }, START + time)
      throttle.addFailure({ username: 'b' }, START + time)
    }
    assert.equal(isThrottled(throttle, { username: 'a' }, START + END), false)
  })

  test('nor by what fails under it meanwhile', () => {
    const throttle = loginThrottle()
    fail(throttle, 'a', MAX_USER_FAILURES)
    fail(throttle, 'a', MAX_USER_FAILURES, undefined, START + THROTTLE_WINDOW_MS - 1)
    assert.equal(isThrottled(throttle, { username: 'a' }, START + END), false)
  })

  test('is throttled as long where the clock is set back', () => {
    const throttle = loginThrottle()
    fail(throttle, 'a', MAX_USER_FAILURES)
    assert.equal(isThrottled(throttle, { username: 'a' }, START - 10 * END), true)
  })

  test('throttles no other one, whatever it is called', () => {
    const throttle = loginThrottle()
    fail(throttle, '__proto__', MAX_USER_FAILURES)
    for (const username of ['a', 'constructor', '', '__proto__/a', '\ud800', 'x'.repeat(300)]) {
      assert.equal(isThrottled(throttle, { username }), false, username)
    }
    assert.equal(isThrottled(throttle, { username: '__proto__' }), true)
  })
})

test('names are told apart by their first 256 characters', () => {
  const throttle = loginThrottle()
  fail(throttle, `${'x'.repeat(255)}a`, MAX_USER_FAILURES)
  for (const [username, isOne] of [
    [`${'x'.repeat(255)}b`, false],
    ['x'.repeat(255), false],
    [`${'x'.repeat(255)}ab`, true],
  ] as const) {
    assert.equal(isThrottled(throttle, { username }), isOne, username.slice(250))
  }
})

describe('a peer', () => {
  test('is throttled from its hundredth failure on, under any user name', () => {
    const throttle = loginThrottle()
    const peer = '10.0.0.9'
    for (let i = 0; i < MAX_PEER_FAILURES; i++) {
      assert.equal(isThrottled(throttle, { username: 'z', peer }), false)
      throttle.addFailure({ username: `guess-${i}`, peer }, START)
    }
    assert.equal(isThrottled(throttle, { username: 'z', peer }), true)
    assert.equal(isThrottled(throttle, { username: 'z', peer: '10.0.0.8' }), false)
    assert.equal(isThrottled(throttle, { username: 'z' }), false)
  })

  test('is not taken for a user name of the same text', () => {
    const throttle = loginThrottle()
    fail(throttle, 'x', MAX_USER_FAILURES, 'y')
    assert.equal(isThrottled(throttle, { username: 'y', peer: 'x' }), false)
  })
})

describe('100,000 failures under other names and from other peers', () => {
  const others = (throttle: LoginThrottle) => {
    for (let i = 0; i < 100_000; i++) {
      throttle.addFailure({ username: `other-${i}`, peer: `peer-${i % 20_000}` }, START + i / 5)
    }
  }

  test('make nobody’s failures forgotten', () => {
    const throttle = loginThrottle()
    fail(throttle, 'a', MAX_USER_FAILURES - 1)
    fail(throttle, 'b', MAX_USER_FAILURES)
    others(throttle)
    assert.equal(isThrottled(throttle, { username: 'b' }), true)
    // One more at most.
    throttle.begin({ username: 'a' }, START + 20_000)
    assert.equal(throttle.begin({ username: 'a' }, START + 20_000), undefined)
  })

  test('throttle nobody else', () => {
    const throttle = loginThrottle()
    others(throttle)
    for (let i = 0; i < 1_000; i++) {
      const source = { username: `device-${i}`, peer: `10.0.0.${i}` }
      assert.equal(isThrottled(throttle, source, START + 20_000), false)
    }
  })

  test('are as many as are gone a minute later', () => {
    const throttle = loginThrottle()
    others(throttle)
    fail(throttle, 'a', MAX_USER_FAILURES - 1, undefined, START + 20_000 + END)
    assert.equal(isThrottled(throttle, { username: 'a' }, START + 20_000 + END), false)
  })
})

test('800 throttled peers, some of them counted in the same cells, are it whatever others do', () => {
  const throttle = loginThrottle()
  const peers = Array.from({ length: 800 }, (_, i) => ({ username: `${i}`, peer: `peer-${i}` }))
  const free = () => peers.filter((peer) => !isThrottled(throttle, peer))
  for (const { peer } of peers) fail(throttle, '', MAX_PEER_FAILURES, peer)
  assert.deepEqual(free(), [])
  // As many others try, and take it back.
  const takeBacks = peers.flatMap(({ peer }) =>
    Array.from({ length: MAX_PEER_FAILURES }, (_, i) => {
      return throttle.begin({ username: `${peer}-${i}`, peer: `other-${peer}` }, START)
    }),
  )
  for (const takeBack of takeBacks) takeBack?.()
  assert.deepEqual(free(), [])
})

test('however long the names are, no more is kept than the cells there are', () => {
  const throttle = loginThrottle()
  const bytes = () => process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers
  const before = bytes()
  for (let i = 0; i < 1_500; i++) {
    const username = `${i}`.padEnd(65_000, String.fromCharCode(97 + (i % 26)))
    throttle.addFailure({ username, peer: username }, START)
  }
  // The names alone are 98 MB; what of them is not collected yet is some of the young space.
  const grown = bytes() - before
  assert.ok(grown < 60e6, `${grown} bytes`)
})
