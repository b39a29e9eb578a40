/**
 * Taking a device off record, and listing those that are on it.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as v from 'valibot'
import {
  ChangeError,
  type DeviceQuery,
  type DeviceStore,
  defineDeviceType,
  type FleetChange,
  memoryStore,
} from '../../src/index.ts'
import { contested, makeFleet, pump, weatherStation } from './fixture.ts'

const P1 = { type: 'pump', id: 'P-1', username: 'pump/P-1' }

describe('a removed device', () => {
  test('can do nothing, and its id and user name are free', async () => {
    const fleet = makeFleet()
    const { username, password, topics } = await fleet.provision(pump, 'P-1', { username: 'n-1' })
    const publish = { username, action: 'publish', topic: topics.data } as const
    assert.equal((await fleet.authorize(publish)).effect, 'allow')
    assert.equal(await fleet.isActive(P1), true)
    await fleet.remove(pump, 'P-1')
    const login = await fleet.authenticate({ username, password })
    assert.deepEqual(login, { effect: 'deny', code: 'principal-unknown' })
    assert.equal((await fleet.authorize(publish)).code, 'principal-unknown')
    assert.equal(await fleet.isActive(P1), false)
    assert.deepEqual((await fleet.list()).records, [])
    const next = await fleet.provision(pump, 'P-1', { username: 'n-1' })
    assert.equal((await fleet.authenticate(next)).effect, 'allow')
    assert.equal((await fleet.authenticate({ username, password })).effect, 'deny')
  })

  test('is told as revoked while it is on record, and then as removed', async () => {
    const fleet = makeFleet()
    await fleet.provision(pump, 'P-1')
    const told: (FleetChange & { revoked: boolean | undefined })[] = []
    fleet.onChange('test', async (change) => {
      const revoked = (await fleet.store.get('pump', 'P-1'))?.revoked
      told.push({ ...change, revoked })
    })
    const report = await fleet.remove(pump, 'P-1')
    assert.deepEqual(report, { kind: 'removed', ...P1, done: ['test'], failed: [] })
    assert.deepEqual(told, [
      { kind: 'revoked', ...P1, revoked: true },
      { kind: 'removed', ...P1, revoked: undefined },
    ])
  })

  test('stays on record, revoked, where its sessions may go on, until that is made up for', async () => {
    const fleet = makeFleet()
    const login = await fleet.provision(pump, 'P-1')
    let isAway = true
    fleet.onChange('emqx', () => {
      if (isAway) throw new Error('away')
    })
    await assert.rejects(fleet.remove(pump, 'P-1'), (error) => {
      assert.ok(error instanceof ChangeError)
      assert.equal(error.kind, 'revoked')
      assert.match(
        error.message,
        /is revoked and stays on record, since its sessions may go on: emqx/,
      )
      return true
    })
    assert.equal((await fleet.store.get('pump', 'P-1'))?.revoked, true)
    assert.equal((await fleet.authenticate(login)).effect, 'deny')
    isAway = false
    await fleet.remove(pump, 'P-1')
    assert.equal(await fleet.store.get('pump', 'P-1'), undefined)
  })

  test('is removed although a listener fails then, and whoever removed it learns it', async () => {
    const fleet = makeFleet()
    await fleet.provision(pump, 'P-1')
    fleet.onChange('test', ({ kind }) => {
      if (kind === 'removed') throw new Error('away')
    })
    const error = { code: 'ERR_CHANGE_INCOMPLETE', kind: 'removed' }
    await assert.rejects(fleet.remove(pump, 'P-1'), error)
    assert.equal(await fleet.store.get('pump', 'P-1'), undefined)
  })

  test('is removed on what other writers wrote in between', async () => {
    const fleet = makeFleet({ store: contested(4, { attributes: { site: 'south' } }) })
    await fleet.provision(pump, 'P-1')
    await fleet.remove(pump, 'P-1')
    assert.equal(await fleet.store.get('pump', 'P-1'), undefined)
  })
})

describe('removing a device where another writer is in between', () => {
  /** A store in which something happens just before each of the first deletions. */
  function interrupted(times: number, happens: (store: DeviceStore) => Promise<void>) {
    const inner = memoryStore()
    const counts = { deletions: 0 }
    const store: DeviceStore = {
      ...inner,
      async delete(type, id, revision) {
        counts.deletions++
        if (counts.deletions <= times) await happens(inner)
        return inner.delete(type, id, revision)
      },
    }
    return { store, counts }
  }
  const rewrite = async (store: DeviceStore, revoked = true) => {
    const record = (await store.get('pump', 'P-1'))!
    await store.update({ ...record, revoked, revision: record.revision + 1 })
  }

  test('four times, it is removed at the fifth', async () => {
    const { store, counts } = interrupted(4, rewrite)
    const fleet = makeFleet({ store })
    await fleet.provision(pump, 'P-1')
    await fleet.remove(pump, 'P-1')
    assert.equal(counts.deletions, 5)
    assert.equal(await store.get('pump', 'P-1'), undefined)
  })

  test('five times, it gives up, and the device stays revoked', async () => {
    const { store, counts } = interrupted(5, rewrite)
    const fleet = makeFleet({ store })
    await fleet.provision(pump, 'P-1')
    await assert.rejects(fleet.remove(pump, 'P-1'), { code: 'ERR_REVISION_CONFLICT' })
    assert.equal(counts.deletions, 5)
    assert.equal((await store.get('pump', 'P-1'))?.revoked, true)
  })

  test('and let the device in for a moment, it can do nothing afterwards', async () => {
    const publish = {
      username: 'pump/P-1',
      action: 'publish',
      topic: 'things/pump/P-1/data',
    } as const
    const { store } = interrupted(1, async (inner) => {
      await rewrite(inner, false)
      assert.equal((await fleet.authorize(publish)).effect, 'allow')
      await rewrite(inner)
    })
    const fleet = makeFleet({ store })
    await fleet.provision(pump, 'P-1')
    await fleet.remove(pump, 'P-1')
    assert.equal((await fleet.authorize(publish)).effect, 'deny')
  })

  test('a store that fails is asked once', async () => {
    const { store, counts } = interrupted(1, () => Promise.reject(new Error('disk full')))
    const fleet = makeFleet({ store })
    await fleet.provision(pump, 'P-1')
    await assert.rejects(fleet.remove(pump, 'P-1'), /disk full/)
    assert.equal(counts.deletions, 1)
  })
})

describe('removing is refused', () => {
  for (const id of ['P-9', '', '__proto__']) {
    test(`for ${JSON.stringify(id)}, which is no device`, async () => {
      const fleet = makeFleet()
      await fleet.provision(pump, 'P-1')
      await assert.rejects(fleet.remove(pump, id), { code: 'ERR_DEVICE_UNKNOWN', id })
      assert.equal((await fleet.store.get('pump', 'P-1'))?.revoked, false)
    })
  }

  test('for a type that is not of this fleet', async () => {
    const stranger = defineDeviceType('pump', { data: v.unknown() })
    const fleet = makeFleet()
    await fleet.provision(pump, 'P-1')
    await assert.rejects(fleet.remove(stranger, 'P-1'), { code: 'ERR_CONFIG', key: 'types' })
    await assert.rejects(fleet.remove(weatherStation, 'P-1'), { code: 'ERR_DEVICE_UNKNOWN' })
    assert.equal((await fleet.store.get('pump', 'P-1'))?.revoked, false)
  })

  test('where another writer took the revocation back', async () => {
    const store = memoryStore()
    const fleet = makeFleet({ store })
    await fleet.provision(pump, 'P-1')
    fleet.onChange('test', async () => {
      const record = (await store.get('pump', 'P-1'))!
      await store.update({ ...record, revoked: false, revision: record.revision + 1 })
    })
    await assert.rejects(fleet.remove(pump, 'P-1'), { code: 'ERR_REVISION_CONFLICT' })
    assert.equal((await store.get('pump', 'P-1'))?.revoked, false)
  })
})

test('conflicts are read by their code, whatever the class of the error', async () => {
  const inner = memoryStore()
  let left = 4
  const conflict = () =>
    Object.assign(new Error('of a database'), { code: 'ERR_REVISION_CONFLICT' })
  const store: DeviceStore = {
    ...inner,
    async update(record) {
      if (left-- > 0) throw conflict()
      return inner.update(record)
    },
    async delete(type, id, revision) {
      if (left-- > 0) throw conflict()
      return inner.delete(type, id, revision)
    },
  }
  const fleet = makeFleet({ store })
  await fleet.provision(pump, 'P-1')
  await fleet.rotate(pump, 'P-1')
  left = 2
  await fleet.remove(pump, 'P-1')
  assert.equal(await inner.get('pump', 'P-1'), undefined)
})

describe('a listing', () => {
  test('goes page by page, and is narrowed', async () => {
    const fleet = makeFleet()
    for (const id of ['a-1', 'a-2', 'b-1']) await fleet.provision(pump, id)
    await fleet.provision(weatherStation, 'a-1')
    await fleet.revoke(pump, 'a-2')
    const first = await fleet.list({ limit: 3 })
    const { records } = await fleet.list({ limit: 3, cursor: first.cursor! })
    assert.deepEqual([first.records.length, records.length], [3, 1])
    const query = { type: 'pump', revoked: false, idPrefix: 'a' }
    assert.deepEqual(
      (await fleet.list(query)).records.map(({ type, id }) => `${type}/${id}`),
      ['pump/a-1'],
    )
  })

  test('by what the store cannot do is refused before it is asked', async () => {
    const list = () => assert.fail('the store was asked')
    const store: DeviceStore = { ...memoryStore(), filters: ['type'], list }
    for (const filter of ['revoked', 'idPrefix'] as const) {
      const query = filter === 'revoked' ? { revoked: true } : { idPrefix: 'a' }
      const error = { name: 'QueryUnsupportedError', code: 'ERR_QUERY_UNSUPPORTED', filter }
      await assert.rejects(makeFleet({ store }).list({ type: 'pump', ...query }), error)
    }
  })

  const rows: readonly [query: unknown, key: string][] = [
    [{ limit: 0 }, 'limit'],
    [{ limit: 1_001 }, 'limit'],
    [{ limit: 1.5 }, 'limit'],
    [{ limit: '10' }, 'limit'],
    [{ cursor: 7 }, 'cursor'],
    [{ type: 7 }, 'type'],
    [{ type: null }, 'type'],
    [{ revoked: 'yes' }, 'revoked'],
    [{ idPrefix: ['a'] }, 'idPrefix'],
    [{ revokd: true }, 'revokd'],
    [{ after: { type: 'pump', id: 'a' } }, 'after'],
    ['pump', 'options'],
  ]
  for (const [query, key] of rows) {
    test(`of ${JSON.stringify(query)} is refused`, async () => {
      const listing = makeFleet().list(query as DeviceQuery)
      await assert.rejects(listing, { name: 'ConfigError', key })
    })
  }
})
