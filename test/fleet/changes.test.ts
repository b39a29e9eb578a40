/**
 * Changes of devices: everybody is told once, and whoever made one learns what failed.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { inspect } from 'node:util'
import {
  ChangeError,
  type ChangeReport,
  type DeviceChange,
  type Fleet,
  type FleetChange,
  hashPassword,
} from '../../src/index.ts'
import { deferred } from '../support/wait.ts'
import { makeFleet, pump, weatherStation } from './fixture.ts'

const HASH = await hashPassword('correct horse')
const P1 = { type: 'pump', id: 'P-1', username: 'pump/P-1' }

/** Every way to change a device, P-1, and what is told of it. */
const WAYS: readonly [kind: DeviceChange['kind'], how: string, run: Run][] = [
  ['provisioned', 'provision', (fleet) => fleet.provision(pump, 'P-1')],
  ['provisioned', 'importDevice', (fleet) => fleet.importDevice(pump, 'P-1', HASH)],
  ['updated', 'update', (fleet) => fleet.update(pump, 'P-1', { rules: [] })],
  ['rotated', 'rotate', (fleet) => fleet.rotate(pump, 'P-1')],
  ['revoked', 'revoke', (fleet) => fleet.revoke(pump, 'P-1')],
]
type Run = (fleet: Fleet) => Promise<ChangeReport>

/** A fleet that has the device, where it is to be there already. */
async function fleetFor(kind: DeviceChange['kind']): Promise<Fleet> {
  const fleet = makeFleet()
  if (kind !== 'provisioned') await fleet.provision(pump, 'P-1')
  return fleet
}

/** What a change is rejected with. */
async function failureOf(change: Promise<unknown>): Promise<ChangeError> {
  const error = await change.then(
    () => assert.fail('it was resolved'),
    (thrown: unknown) => thrown,
  )
  assert.ok(error instanceof ChangeError)
  return error
}

describe('a listener', () => {
  test('is told each change once, when it is on record', async () => {
    const fleet = makeFleet()
    const told: (FleetChange & { revision: number | undefined })[] = []
    const stop = fleet.onChange('test', async (change) => {
      const record = await fleet.store.get(change.type!, change.id!)
      told.push({ ...change, revision: record?.revision })
    })
    await fleet.provision(pump, 'P-1', { username: 'north-1' })
    await fleet.importDevice(weatherStation, 'S-1', HASH)
    await fleet.rotate(pump, 'P-1')
    await fleet.update(pump, 'P-1', { rules: [] })
    await fleet.revoke(pump, 'P-1')
    stop()
    await fleet.provision(pump, 'P-2')
    const north = { type: 'pump', id: 'P-1', username: 'north-1' }
    const station = { type: 'weatherstation', id: 'S-1', username: 'weatherstation/S-1' }
    assert.deepEqual(told, [
      { kind: 'provisioned', ...north, revision: 1 },
      { kind: 'provisioned', ...station, revision: 1 },
      { kind: 'rotated', ...north, revision: 2 },
      { kind: 'updated', ...north, revision: 3 },
      { kind: 'revoked', ...north, revision: 4 },
    ])
  })

  test('is told nothing of a change that was refused', async () => {
    const fleet = makeFleet()
    await fleet.provision(pump, 'P-1')
    let told = 0
    fleet.onChange('test', () => void told++)
    await assert.rejects(fleet.provision(pump, 'P-1'))
    await assert.rejects(fleet.importDevice(pump, 'P-1', HASH))
    await assert.rejects(fleet.rotate(pump, 'P-2'))
    await assert.rejects(fleet.update(pump, 'P-2', { rules: [] }))
    await assert.rejects(fleet.revoke(pump, 'P-2'))
    assert.equal(told, 0)
  })

  test('is told no password', async () => {
    const fleet = makeFleet()
    const told: FleetChange[] = []
    fleet.onChange('test', (change) => void told.push(change))
    const { password } = await fleet.provision(pump, 'P-1')
    assert.deepEqual(told, [{ kind: 'provisioned', ...P1 }])
    assert.ok(!inspect(told).includes(password))
  })

  for (const [name, listener, key] of [
    ['', () => {}, 'name'],
    [undefined, () => {}, 'name'],
    ['test', undefined, 'listener'],
    ['test', {}, 'listener'],
  ] as const) {
    test(`is refused as ${inspect(name)} with ${inspect(listener)}`, () => {
      const listen = () => makeFleet().onChange(name as string, listener as () => void)
      assert.throws(listen, { code: 'ERR_CONFIG', key })
    })
  }
})

for (const [kind, how, run] of WAYS) {
  describe(how, () => {
    test('resolves with what was done, by name', async () => {
      const fleet = await fleetFor(kind)
      const slow = deferred()
      fleet.onChange('slow', () => slow.promise)
      fleet.onChange('quick', () => slow.resolve())
      const { type, id, username, done, failed, ...report } = await run(fleet)
      assert.equal(report.kind, kind)
      assert.deepEqual({ type, id, username }, P1)
      assert.deepEqual([done, failed], [['slow', 'quick'], []])
    })

    test('waits for every listener', async () => {
      const fleet = await fleetFor(kind)
      const [reached, release] = [deferred(), deferred()]
      fleet.onChange('test', async () => {
        reached.resolve()
        await release.promise
      })
      let isDone = false
      const running = run(fleet).then(() => {
        isDone = true
      })
      await reached.promise
      assert.equal(isDone, false)
      release.resolve()
      await running
    })

    test('rejects when one failed, after all others were told, with all that was done', async () => {
      const fleet = await fleetFor(kind)
      const told: string[] = []
      fleet.onChange('before', () => void told.push('before'))
      fleet.onChange('throwing', () => {
        throw new RangeError('no connection')
      })
      fleet.onChange('rejecting', () => Promise.reject('away'))
      fleet.onChange('after', async () => void told.push('after'))
      const error = await failureOf(run(fleet))
      assert.deepEqual(told, ['before', 'after'])
      assert.deepEqual([error.name, error.code], ['ChangeError', 'ERR_CHANGE_INCOMPLETE'])
      assert.deepEqual([error.kind, error.type, error.id], [kind, 'pump', 'P-1'])
      const failures = error.failed.map((failure) => [failure.name, failure.error.message])
      assert.deepEqual(failures, [
        ['throwing', 'no connection'],
        ['rejecting', 'away'],
      ])
      assert.match(
        error.message,
        /^Device pump\/P-1 (is|has) .+: throwing: RangeError: no connection; /,
      )
      const { done, failed, username } = error.report
      assert.deepEqual([done, failed, username], [['before', 'after'], error.failed, P1.username])
    })
  })
}

describe('a password that was just made', () => {
  for (const [kind, how, run] of WAYS) {
    if (how !== 'provision' && how !== 'rotate') continue
    test(`by ${how} is not lost by a listener that fails, and shown in no log`, async () => {
      const fleet = await fleetFor(kind)
      fleet.onChange('test', () => {
        throw new Error('no connection')
      })
      const error = await failureOf(run(fleet))
      const { username, password } = error.report
      assert.ok(password)
      assert.equal((await fleet.authenticate({ username, password })).effect, 'allow')
      for (const shown of [
        error.message,
        error.stack ?? '',
        String(error),
        JSON.stringify(error),
        JSON.stringify({ ...error }),
        JSON.stringify(structuredClone(error)),
        inspect(error, { depth: 10, showHidden: true }),
        inspect(error, { depth: 10, getters: true }),
      ]) {
        assert.ok(!shown.includes(password))
      }
    })
  }

  test('is in no report of another change', async () => {
    const fleet = await fleetFor('updated')
    assert.ok(!('password' in (await fleet.update(pump, 'P-1', { rules: [] }))))
    assert.ok(!('password' in (await fleet.revoke(pump, 'P-1'))))
    assert.ok(!('password' in (await fleet.importDevice(pump, 'P-2', HASH))))
  })
})
