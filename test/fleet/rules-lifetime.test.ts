/**
 * For how long a fleet takes a device as it was last read.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as v from 'valibot'
import { createFleet, defineDeviceType, type FleetOptions, memoryStore } from '../../src/index.ts'
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
