/**
 * Guessing at logins: slowed down where a guess could be right, and nobody else is kept out by it.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as v from 'valibot'
import { MAX_PEER_FAILURES, MAX_USER_FAILURES } from '../../src/fleet/throttle.ts'
import { createFleet, defineDeviceType, memoryStore } from '../../src/index.ts'

const pump = defineDeviceType('pump', { data: v.object({ rpm: v.number() }) })
const PASSWORD = 'chosen-by-somebody'
// Of that password, with one round: what counts here is which checks are made.
const HASH = 'pbkdf2_sha256$1$c2FsdHNhbHQ$wSteZL4PAcS7Oxgb3rh9oDge0DK8TB49h0yfMMSRzSs='

async function site() {
  const fleet = createFleet({
    types: [pump],
    store: memoryStore(),
    pepper: 'a pepper of more than 16 bytes',
    services: [{ username: 'hub', passwordHash: HASH, rules: 'hub' }],
  })
  const generated = await fleet.provision(pump, 'generated')
  await fleet.importDevice(pump, 'chosen', HASH)
  const login = async (username: string, password: string, peer?: string) => {
    const outcome = await fleet.authenticate({ username, password, peer })
    return outcome.effect === 'allow' ? 'allow' : outcome.code
  }
  const guess = async (username: string, times: number, peer?: string) => {
    const outcomes: string[] = []
    for (let i = 0; i < times; i++) outcomes.push(await login(username, `guess ${i}`, peer))
    return outcomes
  }
  return { fleet, generated, login, guess }
}

describe('after ten wrong guesses under its name', () => {
  for (const username of ['pump/chosen', 'hub']) {
    test(`${username}, whose password somebody chose, is not tried any more`, async () => {
      const { login, guess } = await site()
      assert.deepEqual(
        await guess(username, MAX_USER_FAILURES),
        Array(MAX_USER_FAILURES).fill('password-wrong'),
      )
      assert.equal(await login(username, 'another guess'), 'throttled')
      assert.equal(await login(username, PASSWORD), 'throttled')
    })
  }

  test('a name that nobody has answers as one with a chosen password does', async () => {
    const { guess, login } = await site()
    await login('pump/chosen', 'wrong')
    await guess('pump/nobody', MAX_USER_FAILURES)
    assert.equal(await login('pump/nobody', PASSWORD), 'throttled')
  })

  test('a device with a generated secret gets in', async () => {
    const { generated, guess, login } = await site()
    await guess(generated.username, 3 * MAX_USER_FAILURES)
    assert.equal(await login(generated.username, generated.password), 'allow')
    assert.equal(await login(generated.username, 'wrong'), 'password-wrong')
  })

  test('a token gets in', async () => {
    const { fleet, guess, login } = await site()
    const rules = [{ effect: 'allow', actions: ['subscribe'], filter: 'a' }] as const
    const { username, password } = fleet.issueToken({ rules })
    await guess(username, 3 * MAX_USER_FAILURES)
    assert.equal(await login(username, password), 'allow')
  })

  test('another device with a chosen password gets in', async () => {
    const { guess, login } = await site()
    await guess('hub', MAX_USER_FAILURES)
    assert.equal(await login('pump/chosen', PASSWORD), 'allow')
  })

  test('who was let in a moment ago gets in again', async () => {
    const { guess, login } = await site()
    assert.equal(await login('pump/chosen', PASSWORD), 'allow')
    await guess('pump/chosen', 3 * MAX_USER_FAILURES)
    assert.equal(await login('pump/chosen', PASSWORD), 'allow')
  })
})

describe('of guesses at one name no more are tried in a minute than ten,', () => {
  test('whatever fails under other names meanwhile', async () => {
    const { fleet, guess, login } = await site()
    const others = Array.from({ length: 10_001 }, (_, i) => `other-${i}`)
    for (const id of others) await fleet.provision(pump, id)
    await guess('pump/chosen', MAX_USER_FAILURES - 1)
    for (const id of others) assert.equal(await login(`pump/${id}`, 'wrong'), 'password-wrong')
    const outcomes = await guess('pump/chosen', MAX_USER_FAILURES - 1)
    assert.ok(outcomes.filter((outcome) => outcome !== 'throttled').length <= 1)
  })

  test('if 2,000 come at once', async () => {
    const { login } = await site()
    const outcomes = await Promise.all(
      Array.from({ length: 2_000 }, (_, i) => login('pump/chosen', `guess ${i}`)),
    )
    const tried = outcomes.filter((outcome) => outcome !== 'throttled')
    assert.deepEqual(tried, Array(MAX_USER_FAILURES).fill('password-wrong'))
  })

  test('nor if the device itself logs in between them', async () => {
    const { guess, login } = await site()
    for (let i = 0; i < 5; i++) {
      await guess('pump/chosen', MAX_USER_FAILURES / 2)
      assert.equal(await login('pump/chosen', PASSWORD), 'allow')
    }
    assert.equal(await login('pump/chosen', 'another guess'), 'throttled')
  })
})

describe('after a hundred wrong guesses from one peer', () => {
  test('at a device with a generated secret, nobody with a chosen one gets in from there', async () => {
    const { generated, guess, login } = await site()
    await guess(generated.username, MAX_PEER_FAILURES - 1, '10.0.0.9')
    assert.equal(await login('pump/chosen', 'wrong', '10.0.0.9'), 'password-wrong')
    assert.equal(await login('pump/chosen', PASSWORD, '10.0.0.9'), 'throttled')
  })

  test('nobody gets in from another address of its network', async () => {
    const { login } = await site()
    await login('hub', 'wrong')
    for (let i = 0; i < MAX_PEER_FAILURES; i++) {
      await login(`pump/guess-${i}`, 'x', `2001:db8:1:2::${i.toString(16)}`)
    }
    assert.equal(await login('pump/chosen', PASSWORD, '2001:db8:1:2:9::'), 'throttled')
    assert.equal(await login('pump/chosen', PASSWORD, '2001:db8:1:3::1'), 'allow')
  })

  test('nobody with a chosen password gets in from there, and from elsewhere everybody', async () => {
    const { generated, login } = await site()
    for (let i = 0; i < MAX_PEER_FAILURES; i++) {
      assert.equal(await login(`pump/guess-${i}`, 'x', '10.0.0.9'), 'principal-unknown')
    }
    assert.equal(await login('pump/chosen', PASSWORD, '10.0.0.9'), 'throttled')
    assert.equal(await login(generated.username, generated.password, '10.0.0.9'), 'allow')
    assert.equal(await login('pump/chosen', PASSWORD, '10.0.0.8'), 'allow')
  })
})

test('a login without a user name or password counts for nothing', async () => {
  const { fleet, login } = await site()
  for (let i = 0; i < 3 * MAX_PEER_FAILURES; i++) {
    await fleet.authenticate({ username: 'pump/chosen', password: undefined, peer: 'p' })
    await fleet.authenticate({ username: undefined, password: PASSWORD, peer: 'p' })
  }
  assert.equal(await login('pump/chosen', PASSWORD, 'p'), 'allow')
})

test('a revoked device that goes on with its own secret keeps out nobody behind its address', async () => {
  const { fleet, generated, login } = await site()
  await fleet.revoke(pump, generated.id)
  for (let i = 0; i < 2 * MAX_PEER_FAILURES; i++) {
    assert.equal(await login(generated.username, generated.password, '10.0.0.9'), 'revoked')
  }
  assert.equal(await login('pump/chosen', PASSWORD, '10.0.0.9'), 'allow')
})
