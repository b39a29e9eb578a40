/**
 * Guessing at several processes of one fleet in turn: throttled as at one, where they share keys.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { MAX_PEER_FAILURES, MAX_USER_FAILURES } from '../../src/fleet/throttle.ts'
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
