/**
 * What can be taken back, and ended by itself: a revocation, and one password of several.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  type Fleet,
  type FleetChange,
  memoryStore,
  RevisionConflictError,
} from '../../src/index.ts'
import { advance } from './advance.ts'
import { contested, makeFleet, pump, weatherStation } from './fixture.ts'

async function login(fleet: Fleet, password: string): Promise<string> {
  const outcome = await fleet.authenticate({ username: 'pump/P-1', password })
  return outcome.effect === 'allow' ? 'allow' : outcome.code
}

describe('a device that was restored', () => {
  test('logs in and does what it did, and nothing else of it has changed', async () => {
    const fleet = makeFleet()
    const { password, topics, username } = await fleet.provision(pump, 'P-1')
    const before = await fleet.store.get('pump', 'P-1')
    const publish = { username, action: 'publish', topic: topics.data } as const
    await fleet.revoke(pump, 'P-1')
    assert.equal((await fleet.authorize(publish)).effect, 'deny')
    assert.deepEqual(await fleet.restore(pump, 'P-1'), {
      kind: 'restored',
      type: 'pump',
      id: 'P-1',
      username,
      done: [],
      failed: [],
    })
    assert.equal(await login(fleet, password), 'allow')
    assert.equal((await fleet.authorize(publish)).effect, 'allow')
    assert.deepEqual(await fleet.store.get('pump', 'P-1'), { ...before, revision: 3 })
  })

  test('may be restored again: nothing is written, and everybody told again', async () => {
    const fleet = makeFleet()
    await fleet.provision(pump, 'P-1')
    const told: FleetChange['kind'][] = []
    fleet.onChange('test', ({ kind }) => void told.push(kind))
    await fleet.restore(pump, 'P-1')
    await fleet.restore(pump, 'P-1')
    assert.deepEqual(told, ['restored', 'restored'])
    assert.equal((await fleet.store.get('pump', 'P-1'))?.revision, 1)
  })

  test('is restored on what another writer wrote, and not for ever', async () => {
    const fleet = makeFleet({ store: contested(4, { revoked: true }) })
    await fleet.provision(pump, 'P-1')
    await fleet.revoke(pump, 'P-1')
    await fleet.restore(pump, 'P-1')
    assert.equal((await fleet.store.get('pump', 'P-1'))?.revoked, false)
    const other = makeFleet({ store: contested(9, { revoked: true }) })
    await other.provision(pump, 'P-1')
    await other.revoke(pump, 'P-1')
    await assert.rejects(other.restore(pump, 'P-1'), RevisionConflictError)
  })

  test('was on record', async () => {
    const fleet = makeFleet()
    await assert.rejects(fleet.restore(pump, 'P-1'), { code: 'ERR_DEVICE_UNKNOWN' })
    await fleet.provision(weatherStation, 'P-1')
    await assert.rejects(fleet.restore(pump, 'P-1'), { code: 'ERR_DEVICE_UNKNOWN' })
    const stranger = { ...pump }
    await assert.rejects(fleet.restore(stranger, 'P-1'), { name: 'ConfigError', key: 'types' })
  })
})

describe('one password of several', () => {
  /** A device with two passwords, and the ids of their credentials. */
  async function withTwo() {
    const fleet = makeFleet()
    const { password: first } = await fleet.provision(pump, 'P-1')
    const { password: second } = await fleet.rotate(pump, 'P-1', { overlap: 3_600 })
    const { credentials } = (await fleet.store.get('pump', 'P-1'))!
    return { fleet, first, second, ids: credentials.map(({ id }) => id) }
  }

  for (const [which, answers] of [
    [0, ['password-wrong', 'allow']],
    [1, ['allow', 'password-wrong']],
  ] as const) {
    test(`is retired by the id of its credential: ${which === 0 ? 'the older' : 'the newer'}`, async () => {
      const { fleet, first, second, ids } = await withTwo()
      const report = await fleet.retire(pump, 'P-1', ids[which]!)
      assert.equal(report.kind, 'retired')
      assert.deepEqual([await login(fleet, first), await login(fleet, second)], answers)
      const { credentials, revision } = (await fleet.store.get('pump', 'P-1'))!
      assert.deepEqual([credentials.map(({ id }) => id), revision], [[ids[1 - which]], 3])
    })
  }

  test('may be the last one: the device is on record, and can be rotated', async () => {
    const { fleet, first, second, ids } = await withTwo()
    for (const id of ids) await fleet.retire(pump, 'P-1', id)
    for (const each of [first, second]) assert.equal(await login(fleet, each), 'password-wrong')
    const { password } = await fleet.rotate(pump, 'P-1')
    assert.equal(await login(fleet, password), 'allow')
  })

  for (const id of ['', 'c-9', '__proto__', undefined]) {
    test(`is none of ${JSON.stringify(id)}, and nothing is written`, async () => {
      const { fleet, first } = await withTwo()
      fleet.onChange('test', () => assert.fail('nothing was retired'))
      await assert.rejects(fleet.retire(pump, 'P-1', id as string), {
        name: 'CredentialUnknownError',
        code: 'ERR_CREDENTIAL_UNKNOWN',
        credentialId: `${id}`,
      })
      assert.equal((await fleet.store.get('pump', 'P-1'))?.revision, 2)
      assert.equal(await login(fleet, first), 'allow')
    })
  }

  test('is not retired of a device that is revoked, or none', async () => {
    const { fleet, ids } = await withTwo()
    await fleet.revoke(pump, 'P-1')
    await assert.rejects(fleet.retire(pump, 'P-1', ids[0]!), { code: 'ERR_DEVICE_REVOKED' })
    await assert.rejects(fleet.retire(pump, 'P-2', ids[0]!), { code: 'ERR_DEVICE_UNKNOWN' })
  })
})

describe('a password that begins later', () => {
  const BEGINS = 60_000
  const OVERLAP = 30
  for (const [at, old, next] of [
    [0, 'allow', 'password-wrong'],
    [BEGINS - 1, 'allow', 'password-wrong'],
    [BEGINS, 'allow', 'allow'],
    [BEGINS + OVERLAP * 1_000 - 1, 'allow', 'allow'],
    [BEGINS + OVERLAP * 1_000, 'password-wrong', 'allow'],
  ] as const) {
    test(`after ${at} ms the old one is answered ${old}, the new one ${next}`, async () => {
      const fleet = makeFleet()
      const first = await fleet.provision(pump, 'P-1')
      advance(0)
      const options = { notBefore: Date.now() + BEGINS, overlap: OVERLAP }
      const second = await fleet.rotate(pump, 'P-1', options)
      advance(at)
      assert.deepEqual(
        [await login(fleet, first.password), await login(fleet, second.password)],
        [old, next],
      )
    })
  }

  test('and one that takes its place before: the old one ends, and it never begins', async () => {
    const fleet = makeFleet()
    const first = await fleet.provision(pump, 'P-1')
    advance(0)
    const later = await fleet.rotate(pump, 'P-1', { notBefore: Date.now() + BEGINS })
    const now = await fleet.rotate(pump, 'P-1')
    const answers = () =>
      Promise.all([first, later, now].map(({ password }) => login(fleet, password)))
    assert.deepEqual(await answers(), ['password-wrong', 'password-wrong', 'allow'])
    advance(BEGINS)
    assert.deepEqual(await answers(), ['password-wrong', 'password-wrong', 'allow'])
    assert.equal((await fleet.store.get('pump', 'P-1'))?.credentials.length, 1)
  })

  test('that began in the past has begun, and its record says nothing of it', async () => {
    const fleet = makeFleet()
    await fleet.provision(pump, 'P-1')
    const { password } = await fleet.rotate(pump, 'P-1', { notBefore: 0 })
    assert.equal(await login(fleet, password), 'allow')
    const { credentials } = (await fleet.store.get('pump', 'P-1'))!
    assert.equal(credentials.length, 1)
    assert.ok(!('notBefore' in credentials[0]!))
  })

  for (const notBefore of [Number.NaN, Infinity, 0.5, '60', null, Date.now() + 2_700_000_000]) {
    test(`is refused for ${notBefore}`, async () => {
      const fleet = makeFleet()
      const { password } = await fleet.provision(pump, 'P-1')
      await assert.rejects(fleet.rotate(pump, 'P-1', { notBefore: notBefore as number }), {
        name: 'ConfigError',
        key: 'notBefore',
      })
      assert.equal(await login(fleet, password), 'allow')
    })
  }

  for (const notBefore of [null, '0', Number.NaN, {}]) {
    test(`of which a store made ${JSON.stringify(notBefore)} has not begun`, async () => {
      const store = memoryStore()
      const fleet = makeFleet({ store })
      const { password } = await fleet.provision(pump, 'P-1')
      const record = (await store.get('pump', 'P-1'))!
      const credentials = record.credentials.map((one) => ({
        ...one,
        notBefore: notBefore as number,
      }))
      await store.update({ ...record, credentials, revision: 2 })
      assert.equal(await login(fleet, password), 'password-wrong')
    })
  }
})
