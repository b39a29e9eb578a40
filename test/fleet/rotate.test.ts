/**
 * Rotating a device's secret: the new one at once, the old ones for as long as was said.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as v from 'valibot'
import {
  defineDeviceType,
  type Fleet,
  hashPassword,
  memoryStore,
  PASSWORD_PREFIX,
  RevisionConflictError,
} from '../../src/index.ts'
import { advance } from './advance.ts'
import { contested, makeFleet, pump, weatherStation } from './fixture.ts'

async function login(fleet: Fleet, username: string, password: string): Promise<string> {
  const outcome = await fleet.authenticate({ username, password })
  return outcome.effect === 'allow' ? 'allow' : outcome.code
}

describe('after a rotation', () => {
  test('the new secret is right and the old one wrong, and nothing else has changed', async () => {
    const fleet = makeFleet()
    const first = await fleet.provision(pump, 'P-1', { attributes: { site: 'north' } })
    const before = await fleet.store.get('pump', 'P-1')
    const second = await fleet.rotate(pump, 'P-1')
    const expected = { ...first, kind: 'rotated', password: second.password }
    assert.deepEqual(second, expected)
    assert.match(second.password, new RegExp(`^${PASSWORD_PREFIX}[0-9a-f]{64}$`))
    assert.equal(await login(fleet, first.username, second.password), 'allow')
    assert.equal(await login(fleet, first.username, first.password), 'password-wrong')
    const { credentials, ...rest } = (await fleet.store.get('pump', 'P-1'))!
    assert.deepEqual({ ...rest, credentials: before?.credentials }, { ...before, revision: 2 })
    assert.equal(credentials.length, 1)
    assert.notEqual(credentials[0]?.id, before?.credentials[0]?.id)
    assert.ok(!JSON.stringify(credentials).includes(second.password))
  })

  for (const [at, old] of [
    [0, 'allow'],
    [59_999, 'allow'],
    [60_000, 'password-wrong'],
    [10_000_000, 'password-wrong'],
  ] as const) {
    test(`with an overlap of a minute, after ${at} ms the old secret is answered ${old}`, async () => {
      const fleet = makeFleet()
      const first = await fleet.provision(pump, 'P-1')
      advance(0)
      const second = await fleet.rotate(pump, 'P-1', { overlap: 60 })
      advance(at)
      assert.equal(await login(fleet, first.username, first.password), old)
      assert.equal(await login(fleet, first.username, second.password), 'allow')
    })
  }

  test('with the longest overlap the old secret is good for 30 days', async () => {
    const fleet = makeFleet()
    const { username, password } = await fleet.provision(pump, 'P-1')
    advance(0)
    await fleet.rotate(pump, 'P-1', { overlap: 2_592_000 })
    advance(2_592_000_000 - 1)
    assert.equal(await login(fleet, username, password), 'allow')
    advance(1)
    assert.equal(await login(fleet, username, password), 'password-wrong')
  })

  test('an overlap that runs is not made longer by the next', async () => {
    const fleet = makeFleet()
    const first = await fleet.provision(pump, 'P-1')
    advance(0)
    const second = await fleet.rotate(pump, 'P-1', { overlap: 60 })
    advance(30_000)
    const third = await fleet.rotate(pump, 'P-1', { overlap: 3_600 })
    advance(30_000)
    assert.equal(await login(fleet, first.username, first.password), 'password-wrong')
    assert.equal(await login(fleet, first.username, second.password), 'allow')
    assert.equal(await login(fleet, first.username, third.password), 'allow')
    await fleet.rotate(pump, 'P-1')
    for (const { password } of [second, third]) {
      assert.equal(await login(fleet, first.username, password), 'password-wrong')
    }
  })

  test('no more than eight are good at a time', async () => {
    const fleet = makeFleet()
    const logins = [await fleet.provision(pump, 'P-1')]
    for (let i = 0; i < 9; i++) logins.push(await fleet.rotate(pump, 'P-1', { overlap: 60 }))
    const answers: string[] = []
    for (const { username, password } of logins)
      answers.push(await login(fleet, username, password))
    assert.deepEqual(answers, [...Array(2).fill('password-wrong'), ...Array(8).fill('allow')])
  })

  test('a chosen password that was remembered is worth nothing', async () => {
    const fleet = makeFleet()
    const { username } = await fleet.importDevice(pump, 'P-1', await hashPassword('correct horse'))
    assert.equal(await login(fleet, username, 'correct horse'), 'allow')
    const { password } = await fleet.rotate(pump, 'P-1')
    assert.equal(await login(fleet, username, 'correct horse'), 'password-wrong')
    assert.equal(await login(fleet, username, password), 'allow')
  })

  test('failures with the old secret do not keep the new one out', async () => {
    const fleet = makeFleet()
    const { username, password } = await fleet.provision(pump, 'P-1')
    const rotated = await fleet.rotate(pump, 'P-1')
    for (let i = 0; i < 30; i++) await login(fleet, username, password)
    assert.equal(await login(fleet, username, rotated.password), 'allow')
  })

  test('what the device may do is what it was', async () => {
    const fleet = makeFleet()
    const { username, topics } = await fleet.provision(pump, 'P-1')
    await fleet.rotate(pump, 'P-1')
    const ask = (topic: string) => fleet.authorize({ username, action: 'publish', topic })
    assert.equal((await ask(topics.data)).effect, 'allow')
    assert.equal((await ask(topics.cmd)).effect, 'deny')
  })
})

describe('rotate is refused', () => {
  for (const overlap of [-1, 0.5, Number.NaN, Infinity, 2_592_001, '60', null]) {
    test(`with an overlap of ${JSON.stringify(overlap)}: ${overlap}`, async () => {
      const fleet = makeFleet()
      const { username, password } = await fleet.provision(pump, 'P-1')
      await assert.rejects(fleet.rotate(pump, 'P-1', { overlap: overlap as number }), {
        name: 'ConfigError',
        key: 'overlap',
      })
      assert.equal(await login(fleet, username, password), 'allow')
    })
  }

  for (const id of ['P-9', '', '+', '__proto__']) {
    test(`for ${JSON.stringify(id)}, which is no device`, async () => {
      const fleet = makeFleet()
      fleet.onChange('test', () => assert.fail('nothing was rotated'))
      const refusal = { name: 'DeviceUnknownError', code: 'ERR_DEVICE_UNKNOWN', id }
      await assert.rejects(fleet.rotate(pump, id), refusal)
    })
  }

  test('for a revoked device, which stays out', async () => {
    const fleet = makeFleet()
    await fleet.provision(pump, 'P-1')
    await fleet.revoke(pump, 'P-1')
    const before = await fleet.store.get('pump', 'P-1')
    await assert.rejects(fleet.rotate(pump, 'P-1'), {
      name: 'DeviceRevokedError',
      code: 'ERR_DEVICE_REVOKED',
      message: 'Device pump/P-1 is revoked',
    })
    assert.deepEqual(await fleet.store.get('pump', 'P-1'), before)
  })

  test('for a type that is not of this fleet', async () => {
    const stranger = defineDeviceType('pump', { data: v.unknown() })
    const fleet = makeFleet()
    const { username, password } = await fleet.provision(pump, 'P-1')
    await assert.rejects(fleet.rotate(stranger, 'P-1'), { name: 'ConfigError', key: 'types' })
    assert.equal(await login(fleet, username, password), 'allow')
    await assert.rejects(fleet.rotate(weatherStation, 'P-1'), { name: 'DeviceUnknownError' })
  })
})

describe('when another writer is in between', () => {
  test('it is tried again, on what the other wrote', async () => {
    const fleet = makeFleet({ store: contested(4, { attributes: { site: 'south' } }) })
    const { username } = await fleet.provision(pump, 'P-1')
    const { password } = await fleet.rotate(pump, 'P-1')
    const stored = await fleet.store.get('pump', 'P-1')
    assert.deepEqual(stored?.attributes, { site: 'south' })
    assert.equal(stored?.revision, 6)
    assert.equal(await login(fleet, username, password), 'allow')
  })

  test('and the other revoked the device, it is refused', async () => {
    const fleet = makeFleet({ store: contested(1, { revoked: true }) })
    const { username, password } = await fleet.provision(pump, 'P-1')
    await assert.rejects(fleet.rotate(pump, 'P-1'), { name: 'DeviceRevokedError' })
    assert.equal(await login(fleet, username, password), 'revoked')
  })

  test('five times, it gives up, and the old secret stays', async () => {
    const fleet = makeFleet({ store: contested(5) })
    const { username, password } = await fleet.provision(pump, 'P-1')
    await assert.rejects(fleet.rotate(pump, 'P-1'), RevisionConflictError)
    assert.equal(await login(fleet, username, password), 'allow')
  })

  test('of four rotations at once, one secret is good in the end, and none is lost', async () => {
    const fleet = makeFleet()
    const { username } = await fleet.provision(pump, 'P-1')
    const rotated = await Promise.all(Array.from({ length: 4 }, () => fleet.rotate(pump, 'P-1')))
    const answers: string[] = []
    for (const { password } of rotated) answers.push(await login(fleet, username, password))
    assert.deepEqual(answers.sort(), ['allow', ...Array(3).fill('password-wrong')])
    assert.equal((await fleet.store.get('pump', 'P-1'))?.revision, 5)
  })

  test('with an overlap all of them are good', async () => {
    const fleet = makeFleet()
    const { username } = await fleet.provision(pump, 'P-1')
    const rotate = () => fleet.rotate(pump, 'P-1', { overlap: 60 })
    for (const { password } of await Promise.all([rotate(), rotate(), rotate()])) {
      assert.equal(await login(fleet, username, password), 'allow')
    }
  })

  test('a rotation and a revocation at once end revoked', async () => {
    for (let turn = 0; turn < 10; turn++) {
      const fleet = makeFleet()
      const { username, password } = await fleet.provision(pump, 'P-1')
      const [rotated] = await Promise.allSettled([
        fleet.rotate(pump, 'P-1'),
        fleet.revoke(pump, 'P-1'),
      ])
      const secret = rotated.status === 'fulfilled' ? rotated.value.password : password
      assert.equal(await login(fleet, username, secret), 'revoked')
    }
  })
})

describe('an end that a store made something else of', () => {
  for (const notAfter of [null, '9999999999999', Number.NaN, {}]) {
    test(`such as ${JSON.stringify(notAfter)} has passed`, async () => {
      const store = memoryStore()
      const fleet = makeFleet({ store })
      const { username, password } = await fleet.provision(pump, 'P-1')
      const record = (await store.get('pump', 'P-1'))!
      const credentials = record.credentials.map((one) => ({
        ...one,
        notAfter: notAfter as number,
      }))
      await store.update({ ...record, credentials, revision: 2 })
      assert.equal(await login(fleet, username, password), 'password-wrong')
    })
  }
})
