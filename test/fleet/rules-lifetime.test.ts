/**
 * For how long a fleet takes a device as it was last read.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as v from 'valibot'
import {
  createFleet,
  type DeviceRecord,
  type DeviceStore,
  defineDeviceType,
  type FleetOptions,
  memoryStore,
} from '../../src/index.ts'
import { Clocks } from '../support/clocks.ts'

const pump = defineDeviceType('pump', { data: v.object({ rpm: v.number() }) })
const request = {
  username: 'pump/P-1',
  action: 'publish',
  topic: 'things/pump/P-1/data',
} as const

/** A fleet with a device, and how often its store was asked. */
async function site(options: Partial<FleetOptions> = {}) {
  const inner = memoryStore()
  let reads = 0
  const store = {
    ...inner,
    async findByUsername(username: string) {
      reads++
      return inner.findByUsername(username)
    },
  }
  const fleet = createFleet({ types: [pump], store, ...options })
  await fleet.provision(pump, 'P-1')
  const ask = async () => (await fleet.authorize(request)).effect
  /** What another process would do. */
  const revokeElsewhere = async () => {
    const record = (await inner.get('pump', 'P-1'))!
    await inner.update({ ...record, revoked: true, revision: record.revision + 1 })
  }
  return { fleet, ask, revokeElsewhere, reads: () => reads }
}

test('one device is read once for many questions, whoever asks', async () => {
  const { fleet, ask, reads } = await site()
  for (let i = 0; i < 10; i++) assert.equal(await ask(), 'allow')
  assert.equal((await fleet.explain(request)).effect, 'allow')
  assert.equal(reads(), 1)
})

test('what is revoked through the fleet is denied at once', async () => {
  const { fleet, ask } = await site()
  assert.equal(await ask(), 'allow')
  await fleet.revoke(pump, 'P-1')
  assert.equal(await ask(), 'deny')
})

test('a revocation that comes while a device is read counts', async () => {
  const { fleet, ask } = await site()
  const asked = ask()
  await fleet.revoke(pump, 'P-1')
  await asked
  assert.equal(await ask(), 'deny')
})

test('a login, and findPrincipal, take the device as it is now', async () => {
  const { fleet, ask, revokeElsewhere } = await site()
  assert.equal(await ask(), 'allow')
  await revokeElsewhere()
  assert.equal(await ask(), 'allow')
  assert.equal(await fleet.findPrincipal('pump/P-1'), undefined)
})

test('with 0 every question reads the device', async () => {
  const { ask, revokeElsewhere, reads } = await site({ rulesLifetime: 0 })
  assert.equal(await ask(), 'allow')
  assert.equal(await ask(), 'allow')
  assert.equal(reads(), 2)
  await revokeElsewhere()
  assert.equal(await ask(), 'deny')
})

for (const rulesLifetime of [0.5, 10, 3_600]) {
  test(`a device is taken as it was read ${rulesLifetime} seconds ago, and no longer`, async () => {
    using clocks = new Clocks()
    const { ask, revokeElsewhere } = await site({ rulesLifetime })
    assert.equal(await ask(), 'allow')
    await revokeElsewhere()
    clocks.pass(rulesLifetime * 1_000 - 1)
    assert.equal(await ask(), 'allow')
    clocks.pass(1)
    assert.equal(await ask(), 'deny')
  })
}

test('whoever keeps a connection can read it of the fleet, in seconds', async () => {
  assert.equal((await site()).fleet.rulesLifetime, 10)
  assert.equal((await site({ rulesLifetime: 0.5 })).fleet.rulesLifetime, 0.5)
})

describe('a lifetime is refused', () => {
  for (const rulesLifetime of [-1, 3_601, Number.NaN, Infinity, '10', null] as unknown[]) {
    test(String(rulesLifetime), () => {
      const options = {
        types: [pump],
        store: memoryStore(),
        rulesLifetime: rulesLifetime as number,
      }
      assert.throws(() => createFleet(options), { code: 'ERR_CONFIG', key: 'rulesLifetime' })
    })
  }
})

describe('what is read after the lifetime counts, though the store hands out', () => {
  const news = { filter: 'news', topic: 'news' }
  const rules = [{ effect: 'allow', actions: ['publish'], filter: news.filter }] as const

  for (const [what, change] of [
    // The reference: a record that nobody can change, and another one for each revision.
    [
      'the record that it keeps',
      async (store: DeviceStore) => {
        const record = (await store.get('pump', 'P-1'))!
        await store.update({ ...record, rules, revision: record.revision + 1 })
      },
    ],
    // Not what a store should do.
    [
      'one record that is changed in its place',
      async (store: DeviceStore) => {
        Object.assign((await store.get('pump', 'P-1'))!, { rules })
      },
    ],
    [
      'one device after another under one name, at one revision',
      async (store: DeviceStore) => {
        const record = (await store.get('pump', 'P-1'))!
        await store.delete('pump', 'P-1', record.revision)
        await store.insert({ ...record, rules })
      },
    ],
  ] as const) {
    test(what, async () => {
      using clocks = new Clocks()
      const inner = memoryStore()
      // By reference, where records can be changed.
      const loose = new Map<string, DeviceRecord>()
      const isLoose = what.includes('in its place')
      const loosen = async (record: ReturnType<DeviceStore['findByUsername']>) => {
        const found = await record
        if (!isLoose || !found) return found
        if (!loose.has(found.id)) loose.set(found.id, structuredClone(found))
        return loose.get(found.id)
      }
      const store: DeviceStore = {
        ...inner,
        get: (type, id) => loosen(inner.get(type, id)),
        findByUsername: (username) => loosen(inner.findByUsername(username)),
      }
      const fleet = createFleet({ types: [pump], store })
      await fleet.provision(pump, 'P-1')
      const ask = async (topic: string) => (await fleet.authorize({ ...request, topic })).effect
      for (let i = 0; i < 2; i++) {
        assert.equal(await ask(request.topic), 'allow')
        assert.equal(await ask(news.topic), 'deny')
        clocks.pass(10_000)
      }
      await change(store)
      assert.equal(await ask(news.topic), 'allow')
      assert.equal(await ask(request.topic), 'allow')
    })
  }
})
