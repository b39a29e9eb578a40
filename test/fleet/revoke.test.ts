/**
 * Revoking a device: at once, for good, and with everybody told.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as v from 'valibot'
import {
  ChangeError,
  defineDeviceType,
  type FleetChange,
  memoryStore,
  RevisionConflictError,
} from '../../src/index.ts'
import { deferred } from '../support/wait.ts'
import { contested, makeFleet, pump, weatherStation } from './fixture.ts'

function throwAtOnce(): never {
  throw new Error('no connection')
}

describe('a revoked device', () => {
  test('can neither log in nor do anything, from the moment revoke settles', async () => {
    const fleet = makeFleet()
    const { username, password, topics } = await fleet.provision(pump, 'P-1')
    const publish = { username, action: 'publish', topic: topics.data } as const
    assert.equal((await fleet.authenticate({ username, password })).effect, 'allow')
    assert.equal((await fleet.authorize(publish)).effect, 'allow')

    await fleet.revoke(pump, 'P-1')
    assert.deepEqual(await fleet.authenticate({ username, password }), {
      effect: 'deny',
      code: 'revoked',
    })
    assert.deepEqual(await fleet.authorize(publish), {
      effect: 'deny',
      code: 'principal-unknown',
    })
    assert.equal((await fleet.explain(publish)).code, 'principal-unknown')
    assert.equal(await fleet.findPrincipal(username), undefined)
  })

  test('stays on record, changed in nothing else', async () => {
    const fleet = makeFleet()
    await fleet.provision(pump, 'P-1', { attributes: { site: 'north' } })
    const before = await fleet.store.get('pump', 'P-1')
    await fleet.revoke(pump, 'P-1')
    assert.deepEqual(await fleet.store.get('pump', 'P-1'), {
      ...before,
      revoked: true,
      revision: 2,
    })
  })

  test('takes nobody with it', async () => {
    const fleet = makeFleet()
    await fleet.provision(pump, '1')
    const others = [await fleet.provision(pump, '10'), await fleet.provision(weatherStation, '1')]
    await fleet.revoke(pump, '1')
    for (const other of others) {
      assert.equal((await fleet.authenticate(other)).effect, 'allow')
    }
  })

  test('may be revoked again: nothing is written, and everybody told again', async () => {
    const fleet = makeFleet()
    await fleet.provision(pump, 'P-1')
    const told: FleetChange[] = []
    fleet.onChange('test', (device) => void told.push(device))
    await fleet.revoke(pump, 'P-1')
    await fleet.revoke(pump, 'P-1')
    assert.equal((await fleet.store.get('pump', 'P-1'))?.revision, 2)
    const device = { kind: 'revoked', type: 'pump', id: 'P-1', username: 'pump/P-1' }
    assert.deepEqual(told, [device, device])
  })
})

describe('revoke is refused', () => {
  for (const id of ['P-9', '', '+', '#', 'a/b', '__proto__']) {
    test(`for ${JSON.stringify(id)}, which is no device, and nobody is told`, async () => {
      const fleet = makeFleet()
      await fleet.provision(pump, 'P-1')
      fleet.onChange('test', () => assert.fail('nobody was revoked'))
      await assert.rejects(fleet.revoke(pump, id), {
        name: 'DeviceUnknownError',
        code: 'ERR_DEVICE_UNKNOWN',
        type: 'pump',
        id,
      })
      assert.equal((await fleet.store.get('pump', 'P-1'))?.revoked, false)
    })
  }

  test('for a device of another type', async () => {
    const fleet = makeFleet()
    await fleet.provision(pump, 'P-1')
    await assert.rejects(fleet.revoke(weatherStation, 'P-1'), { name: 'DeviceUnknownError' })
  })

  test('for a type that is not of this fleet', async () => {
    const stranger = defineDeviceType('pump', { data: v.unknown() })
    const fleet = makeFleet()
    await fleet.provision(pump, 'P-1')
    await assert.rejects(fleet.revoke(stranger, 'P-1'), { name: 'ConfigError', key: 'types' })
    assert.equal((await fleet.store.get('pump', 'P-1'))?.revoked, false)
  })
})

describe('a listener', () => {
  test('is told after the record is written, and waited for', async () => {
    const fleet = makeFleet()
    await fleet.provision(pump, 'P-1')
    const reached = deferred()
    const release = deferred()
    let written: boolean | undefined
    fleet.onChange('test', async ({ type, id }) => {
      written = (await fleet.store.get(type!, id!))?.revoked
      reached.resolve()
      await release.promise
    })
    let settled = false
    const revoking = fleet.revoke(pump, 'P-1').then(() => {
      settled = true
    })
    await reached.promise
    assert.equal(written, true)
    assert.equal(settled, false)
    release.resolve()
    await revoking
  })

  test('is told no more once it has stopped', async () => {
    const fleet = makeFleet()
    await fleet.provision(pump, 'P-1')
    await fleet.provision(pump, 'P-2')
    const told: string[] = []
    const stop = fleet.onChange('first', ({ id }) => void told.push(`first ${id}`))
    fleet.onChange('second', ({ id }) => void told.push(`second ${id}`))
    await fleet.revoke(pump, 'P-1')
    stop()
    stop()
    await fleet.revoke(pump, 'P-2')
    assert.deepEqual(told, ['first P-1', 'second P-1', 'second P-2'])
  })

  test('is told the user name too, which may be one from elsewhere', async () => {
    const fleet = makeFleet()
    await fleet.provision(pump, 'P-1', { username: 'north-1' })
    const told: FleetChange[] = []
    fleet.onChange('test', (device) => void told.push(device))
    await fleet.revoke(pump, 'P-1')
    assert.deepEqual(told, [{ kind: 'revoked', type: 'pump', id: 'P-1', username: 'north-1' }])
  })
})

describe('the report', () => {
  const device = { kind: 'revoked', type: 'pump', id: 'P-1', username: 'pump/P-1' }

  test('names everything that was told, in the order it began', async () => {
    const fleet = makeFleet()
    await fleet.provision(pump, 'P-1')
    assert.deepEqual(await fleet.revoke(pump, 'P-1'), { ...device, done: [], failed: [] })
    const slow = deferred()
    fleet.onChange('slow', () => slow.promise)
    fleet.onChange('emqx', () => slow.resolve())
    const stop = fleet.onChange('stopped', () => assert.fail('it was stopped'))
    fleet.onChange('emqx', () => {})
    stop()
    const report = await fleet.revoke(pump, 'P-1')
    assert.deepEqual(report, { ...device, done: ['slow', 'emqx', 'emqx'], failed: [] })
  })

  for (const [how, fail, name, message] of [
    ['throws', throwAtOnce, 'Error', 'no connection'],
    [
      'rejects',
      () => Promise.reject(new RangeError('no connection')),
      'RangeError',
      'no connection',
    ],
    ['throws what is no error', () => Promise.reject('no connection'), 'Error', 'no connection'],
  ] as const) {
    test(`tells of one that ${how}, and it keeps no other from being told`, async () => {
      const fleet = makeFleet()
      await fleet.provision(pump, 'P-1')
      const slow = deferred()
      const told: string[] = []
      fleet.onChange('before', () => void told.push('before'))
      fleet.onChange('failing', fail)
      fleet.onChange('after', async () => {
        await slow.promise
        told.push('after')
      })
      const revoking = fleet.revoke(pump, 'P-1')
      slow.resolve()
      const error = await revoking.catch((thrown: unknown) => thrown)
      assert.ok(error instanceof ChangeError)
      assert.equal(error.code, 'ERR_CHANGE_INCOMPLETE')
      const text = `Device pump/P-1 is revoked, but its sessions may go on: failing: ${name}: ${message}`
      assert.equal(error.message, text)
      const { failed, ...rest } = error.report
      assert.deepEqual(rest, { ...device, done: ['before', 'after'] })
      const [failure] = failed
      assert.deepEqual([failed.length, failure?.name], [1, 'failing'])
      assert.deepEqual([failure?.error.name, failure?.error.message], [name, message])
      assert.equal(error.cause, failure?.error)
      assert.deepEqual(told, ['before', 'after'])
      assert.equal((await fleet.store.get('pump', 'P-1'))?.revoked, true)
    })
  }

  test('has every failure, and after them a repeated revocation can be complete', async () => {
    const fleet = makeFleet()
    await fleet.provision(pump, 'P-1')
    let isAway = true
    for (const name of ['north', 'south']) {
      fleet.onChange(name, () => {
        if (isAway) throw new Error(`${name} is away`)
      })
    }
    await assert.rejects(fleet.revoke(pump, 'P-1'), (error) => {
      assert.ok(error instanceof ChangeError)
      const problems = error.report.failed.map((failure) => failure.error.message)
      assert.deepEqual(problems, ['north is away', 'south is away'])
      assert.match(error.message, /north: Error: north is away; south: Error: south is away$/)
      return true
    })
    isAway = false
    const report = await fleet.revoke(pump, 'P-1')
    assert.deepEqual(report, { ...device, done: ['north', 'south'], failed: [] })
  })
})

describe('when another writer is in between', () => {
  test('it is tried again, on what the other wrote', async () => {
    const fleet = makeFleet({ store: contested(4, { attributes: { site: 'south' } }) })
    await fleet.provision(pump, 'P-1')
    await fleet.revoke(pump, 'P-1')
    const stored = await fleet.store.get('pump', 'P-1')
    assert.equal(stored?.revoked, true)
    assert.equal(stored?.revision, 6)
    assert.deepEqual(stored?.attributes, { site: 'south' })
  })

  test('and the other revoked it, that is enough', async () => {
    const fleet = makeFleet({ store: contested(1, { revoked: true }) })
    await fleet.provision(pump, 'P-1')
    let told = 0
    fleet.onChange('test', () => void told++)
    await fleet.revoke(pump, 'P-1')
    assert.equal((await fleet.store.get('pump', 'P-1'))?.revision, 2)
    assert.equal(told, 1)
  })

  test('again and again, it gives up and nobody is told that it was done', async () => {
    const fleet = makeFleet({ store: contested(1_000) })
    await fleet.provision(pump, 'P-1')
    fleet.onChange('test', () => assert.fail('it was not revoked'))
    await assert.rejects(fleet.revoke(pump, 'P-1'), RevisionConflictError)
    assert.equal((await fleet.store.get('pump', 'P-1'))?.revoked, false)
  })

  test('any other failure of the store is not tried again', async () => {
    let tries = 0
    const store = memoryStore()
    const fleet = makeFleet({
      store: {
        ...store,
        update: async () => {
          tries++
          throw new Error('disk full')
        },
      },
    })
    await fleet.provision(pump, 'P-1')
    await assert.rejects(fleet.revoke(pump, 'P-1'), /disk full/)
    assert.equal(tries, 1)
  })
})
