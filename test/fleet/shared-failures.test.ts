/**
 * Guessing at several processes of one fleet in turn: throttled as at one, where they share keys.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { SharedFailures } from '../../src/fleet/shared-failures.ts'
import {
  MAX_PEER_FAILURES,
  MAX_USER_FAILURES,
  THROTTLE_WINDOW_MS,
} from '../../src/fleet/throttle.ts'
import { type ExpiringKeys, type Fleet, memoryKeys, memoryStore } from '../../src/index.ts'
import { makeFleet, pump } from './fixture.ts'

const PASSWORD = 'chosen-by-somebody'
// Of that password, with one round: what counts here is which checks are made.
const HASH = 'pbkdf2_sha256$1$c2FsdHNhbHQ$wSteZL4PAcS7Oxgb3rh9oDge0DK8TB49h0yfMMSRzSs='

/** Keys that count how often they are used. */
function counted(inner: ExpiringKeys = memoryKeys()) {
  let uses = 0
  const use = <A extends unknown[], R>(method: (...args: A) => R) => {
    return (...args: A): R => {
      uses++
      return method(...args)
    }
  }
  const keys: ExpiringKeys = {
    get: use(inner.get),
    set: use(inner.set),
    setIfAbsent: use(inner.setIfAbsent),
    compareAndSet: use(inner.compareAndSet),
  }
  return { keys, uses: () => uses }
}

/** Two processes of one fleet, with a chosen password and a generated one. */
async function site(keys: ExpiringKeys | undefined, other: ExpiringKeys | undefined = keys) {
  const store = memoryStore()
  const pepper = 'a pepper of more than 16 bytes'
  const fleets = [keys, other].map((each) => {
    return makeFleet({ store, pepper, ...(each && { keys: each }) })
  }) as [Fleet, Fleet]
  await fleets[0].importDevice(pump, 'chosen', HASH)
  const generated = await fleets[0].provision(pump, 'generated')
  const login = async (fleet: Fleet, username: string, password: string, peer?: string) => {
    const outcome = await fleet.authenticate({ username, password, peer })
    return outcome.effect === 'allow' ? 'allow' : outcome.code
  }
  /** Guesses at both in turn. */
  const guess = async (username: (i: number) => string, times: number, peer?: string) => {
    for (let i = 0; i < times; i++) {
      assert.notEqual(await login(fleets[i % 2]!, username(i), `guess ${i}`, peer), 'allow')
    }
  }
  return { fleets, generated, login, guess }
}

const chosen = () => 'pump/chosen'

describe('with shared keys', () => {
  test('guesses at one user name are counted together', async () => {
    const { fleets, login, guess } = await site(memoryKeys())
    await guess(chosen, MAX_USER_FAILURES - 1)
    assert.equal(await login(fleets[0], 'pump/chosen', 'one more'), 'password-wrong')
    for (const fleet of fleets) {
      assert.equal(await login(fleet, 'pump/chosen', PASSWORD), 'throttled')
    }
  })

  test('so are those of one peer, under whatever names', async () => {
    const { fleets, login, guess } = await site(memoryKeys())
    await guess(chosen, 2) // Now an unknown name costs a slow check as well, at both.
    await guess((i) => `pump/nobody-${i}`, MAX_PEER_FAILURES, '10.0.0.7')
    for (const fleet of fleets) {
      assert.equal(await login(fleet, 'pump/chosen', PASSWORD, '10.0.0.7'), 'throttled')
      assert.equal(await login(fleet, 'pump/chosen', PASSWORD, '10.0.0.8'), 'allow')
    }
  })

  test('who gets in is not counted, and those who guess are as before', async () => {
    const { fleets, login, guess } = await site(memoryKeys())
    await guess(chosen, MAX_USER_FAILURES - 1)
    assert.equal(await login(fleets[1], 'pump/chosen', PASSWORD), 'allow')
    assert.equal(await login(fleets[0], 'pump/chosen', PASSWORD), 'allow')
    await guess(chosen, 3)
    // Each remembers that it was right.
    for (const fleet of fleets) {
      assert.equal(await login(fleet, 'pump/chosen', 'another guess'), 'throttled')
      assert.equal(await login(fleet, 'pump/chosen', PASSWORD), 'allow')
    }
  })

  test('of 200 guesses that come at once no more are tried than of one after another', async () => {
    const { fleets, login } = await site(memoryKeys())
    const outcomes = await Promise.all(
      Array.from({ length: 200 }, (_, i) => login(fleets[i % 2]!, 'pump/chosen', `guess ${i}`)),
    )
    const tried = outcomes.filter((outcome) => outcome === 'password-wrong')
    assert.equal(tried.length, MAX_USER_FAILURES)
  })

  test('another device gets in', async () => {
    const { fleets, login, guess } = await site(memoryKeys())
    await fleets[0].importDevice(pump, 'other', HASH)
    await guess(chosen, 2 * MAX_USER_FAILURES)
    assert.equal(await login(fleets[1], 'pump/other', PASSWORD), 'allow')
  })

  test('fleets of another prefix count apart', async () => {
    const keys = memoryKeys()
    const { guess } = await site(keys)
    await guess(chosen, 2 * MAX_USER_FAILURES)
    const stranger = makeFleet({ prefix: 'other', keys })
    await stranger.importDevice(pump, 'chosen', HASH)
    const login = { username: 'pump/chosen', password: PASSWORD }
    assert.equal((await stranger.authenticate(login)).effect, 'allow')
  })
})

describe('an attempt', () => {
  const START = 1_000_000_000_000
  // Hashes of "a" and "10.0.0.7".
  const USER_KEY =
    'failures/things/user/ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb'
  const PEER_KEY =
    'failures/things/peer/130e4daba9786013f48dc2fccf39f91a0b3ec2cfba74ff0b645acf95229df69e'
  const source = { username: 'a', peer: '10.0.0.7' }

  /** Keys in a map, of which other processes write some first. */
  function site() {
    const values = new Map<string, string>()
    const lifetimes: number[] = []
    const others = { writes: 0 }
    const write = (key: string, value: string, lifetime: number, isFree: boolean) => {
      if (others.writes > 0) {
        others.writes--
        return false
      }
      if (isFree) values.set(key, value)
      lifetimes.push(lifetime)
      return isFree
    }
    const keys: ExpiringKeys = {
      get: (key) => values.get(key),
      set: () => assert.fail('it may have been written in between'),
      setIfAbsent: (key, value, lifetime) => write(key, value, lifetime, !values.has(key)),
      compareAndSet: (key, from, value, lifetime) =>
        write(key, value, lifetime, values.has(key) && values.get(key) === from),
    }
    return { failures: new SharedFailures(keys, 'things'), values, lifetimes, others }
  }

  test('is counted under the keys that every process has, for as long as the window', async () => {
    const { failures, values, lifetimes } = site()
    await failures.begin(source, START)
    const until = START + THROTTLE_WINDOW_MS
    assert.deepEqual(Object.fromEntries(values), {
      [USER_KEY]: `1 ${until}`,
      [PEER_KEY]: `1 ${until}`,
    })
    await failures.begin({ username: 'a' }, START + 999)
    await failures.begin({ username: 'a' }, START + 1_000)
    await failures.begin({ username: 'a' }, until - 1)
    assert.deepEqual(lifetimes, [60, 60, 60, 59, 1])
    assert.equal(values.get(USER_KEY), `4 ${until}`)
    // A window that is over is none, though the key is still there.
    await failures.begin({ username: 'a' }, until)
    assert.equal(values.get(USER_KEY), `1 ${until + THROTTLE_WINDOW_MS}`)
  })

  test('is counted for nobody, where one of the two has no room', async () => {
    const { failures, values } = site()
    const until = START + THROTTLE_WINDOW_MS
    values.set(USER_KEY, `${MAX_USER_FAILURES} ${until}`)
    assert.equal(await failures.begin(source, START), undefined)
    assert.equal(values.get(USER_KEY), `${MAX_USER_FAILURES} ${until}`)
    assert.equal(values.get(PEER_KEY), `0 ${until}`)
    values.set(USER_KEY, `${MAX_USER_FAILURES - 1} ${until}`)
    values.set(PEER_KEY, `${MAX_PEER_FAILURES} ${until}`)
    assert.equal(await failures.begin(source, START), undefined)
    assert.equal(values.get(USER_KEY), `${MAX_USER_FAILURES - 1} ${until}`)
  })

  test('is taken back once, and only of its own window', async () => {
    const { failures, values } = site()
    const takeBack = (await failures.begin({ username: 'a' }, START))!
    const until = START + THROTTLE_WINDOW_MS
    await takeBack()
    assert.equal(values.get(USER_KEY), `0 ${until}`)
    await takeBack()
    assert.equal(values.get(USER_KEY), `0 ${until}`)
    values.set(USER_KEY, `3 ${until - 1}`)
    await takeBack()
    assert.equal(values.get(USER_KEY), `3 ${until - 1}`)
    values.delete(USER_KEY)
    await takeBack()
    assert.equal(values.get(USER_KEY), undefined)
  })

  // Four processes, each with as many attempts as may fail.
  const MOST = 4 * MAX_USER_FAILURES
  for (const [writes, isCounted] of [
    [MOST - 1, true],
    [MOST, false],
  ] as const) {
    const what = isCounted ? 'is counted' : 'is made uncounted'
    test(`that others write in between ${writes} times ${what}`, async () => {
      const { failures, values, others } = site()
      others.writes = writes
      assert.ok(await failures.begin({ username: 'a' }, START))
      assert.equal(values.has(USER_KEY), isCounted)
    })

    test(`that others write in between ${writes} times as it is taken back`, async () => {
      const { failures, values, others } = site()
      const takeBack = (await failures.begin({ username: 'a' }, START))!
      others.writes = writes
      await takeBack()
      assert.equal(values.get(USER_KEY)?.split(' ')[0], isCounted ? '0' : '1')
    })
  }

  for (const value of ['', 'seven', '1', '1 2 3', '-1 1000000060000', '1e1 1000000060000']) {
    test(`finds no window in ${JSON.stringify(value)}`, async () => {
      const { failures, values } = site()
      values.set(USER_KEY, value)
      assert.ok(await failures.begin({ username: 'a' }, START))
      assert.equal(values.get(USER_KEY), `1 ${START + THROTTLE_WINDOW_MS}`)
    })
  }

  for (const ahead of [1, 5_000, 60_000]) {
    test(`joins a window that a clock began which is ${ahead} ms ahead`, async () => {
      const { failures, values, lifetimes } = site()
      const until = START + ahead + THROTTLE_WINDOW_MS
      await failures.begin({ username: 'a' }, START + ahead)
      const takeBack = (await failures.begin({ username: 'a' }, START))!
      assert.equal(values.get(USER_KEY), `2 ${until}`)
      assert.deepEqual(lifetimes, [60, 60 + Math.ceil(ahead / 1_000)])
      await takeBack()
      assert.equal(values.get(USER_KEY), `1 ${until}`)
    })
  }

  test('finds no window that ends later than the clock of any process would let it', async () => {
    const { failures, values } = site()
    const until = START + 60_000 + THROTTLE_WINDOW_MS
    for (const [end, isWindow] of [
      [until, true],
      [until + 1, false],
      [START + 1, true],
      [START, false],
    ] as const) {
      values.set(USER_KEY, `${MAX_USER_FAILURES} ${end}`)
      const takeBack = await failures.begin({ username: 'a' }, START)
      assert.equal(takeBack === undefined, isWindow, `${end}`)
    }
  })
})

describe('the keys are not asked', () => {
  test('about a generated password, right or wrong, nor one that was verified a moment ago', async () => {
    const { keys, uses } = counted()
    const { fleets, generated, login } = await site(keys)
    assert.equal(await login(fleets[0], 'pump/chosen', PASSWORD), 'allow')
    const before = uses()
    for (let i = 0; i < 2 * MAX_USER_FAILURES; i++) {
      const { username, password } = generated
      assert.equal(await login(fleets[0], username, password), 'allow')
      assert.equal(await login(fleets[0], username, 'wrong'), 'password-wrong')
      assert.equal(await login(fleets[0], 'pump/chosen', PASSWORD), 'allow')
    }
    assert.equal(uses(), before)
  })
})

test('without keys each process counts its own', async () => {
  const { fleets, login, guess } = await site(undefined)
  await guess(chosen, 2 * (MAX_USER_FAILURES - 1))
  assert.equal(await login(fleets[0], 'pump/chosen', PASSWORD), 'allow')
})

for (const [title, value] of [
  ['that hold something else', 'seven'],
  ['that hold a window without end', `9 ${Date.now() + 1e9}`],
  ['that fail', new Error('out of order')],
] as const) {
  test(`by keys ${title} nobody is kept out, and each process counts its own`, async () => {
    const get = () => {
      if (typeof value === 'string') return value
      throw value
    }
    const { fleets, login, guess } = await site({ ...memoryKeys(), get })
    await guess(chosen, MAX_USER_FAILURES)
    assert.equal(await login(fleets[0], 'pump/chosen', PASSWORD), 'allow')
    await guess(chosen, 2 * MAX_USER_FAILURES)
    assert.equal(await login(fleets[0], 'pump/chosen', 'other'), 'throttled')
  })
}
