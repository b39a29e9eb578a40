/**
 * Whether a device is active, as a hub asks for each message: from memory where that is known.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as v from 'valibot'
import { createFleet, defineDeviceType, type Fleet, memoryStore } from '../../src/index.ts'

const pump = defineDeviceType('pump', { data: v.object({ rpm: v.number() }) })
const P1 = { type: 'pump', id: 'P-1' }

/** A fleet with one device, and how often its store was asked for one. */
async function site(rulesLifetime?: number): Promise<{ fleet: Fleet; reads(): number }> {
  const store = memoryStore()
  let reads = 0
  const counted = {
    ...store,
    get: (type: string, id: string) => {
      reads++
      return store.get(type, id)
    },
  }
  const options = rulesLifetime === undefined ? {} : { rulesLifetime }
  const fleet = createFleet({ types: [pump], store: counted, ...options })
  await fleet.provision(pump, 'P-1')
  reads = 0
  return { fleet, reads: () => reads }
}

describe('a device', () => {
  test('is read once, and then known at once', async () => {
    const { fleet, reads } = await site()
    assert.equal(await fleet.isActive(P1), true)
    for (let i = 0; i < 100; i++) assert.equal(fleet.isActive(P1), true)
    assert.equal(reads(), 1)
  })

  test('is read each time where nothing may be kept', async () => {
    const { fleet, reads } = await site(0)
    for (let i = 0; i < 3; i++) assert.equal(await fleet.isActive(P1), true)
    assert.equal(reads(), 3)
  })

  test('that there is not is not remembered, so that it counts once it is provisioned', async () => {
    const { fleet, reads } = await site()
    const P2 = { type: 'pump', id: 'P-2' }
    assert.equal(await fleet.isActive(P2), false)
    assert.equal(await fleet.isActive(P2), false)
    assert.equal(reads(), 2)
    await fleet.provision(pump, 'P-2')
    assert.equal(await fleet.isActive(P2), true)
  })

  for (const username of [undefined, 'from-elsewhere']) {
    const name = username ?? 'its usual user name'
    test(`with ${name} that is revoked is not active from that moment`, async () => {
      const { fleet } = await site()
      await fleet.provision(pump, 'P-3', username === undefined ? {} : { username })
      const P3 = { type: 'pump', id: 'P-3' }
      assert.equal(await fleet.isActive(P3), true)
      await fleet.revoke(pump, 'P-3')
      assert.equal(await fleet.isActive(P3), false)
    })

    test(`with ${name} that something else revoked is not active once it is forgotten`, async () => {
      const { fleet } = await site()
      const options = username === undefined ? {} : { username }
      const login = await fleet.provision(pump, 'P-3', options)
      const P3 = { type: 'pump', id: 'P-3' }
      assert.equal(await fleet.isActive(P3), true)
      const record = (await fleet.store.get('pump', 'P-3'))!
      await fleet.store.update({ ...record, revoked: true, revision: record.revision + 1 })
      assert.equal(await fleet.isActive(P3), true)
      fleet.forget(login.username)
      assert.equal(await fleet.isActive(P3), false)
    })
  }

  test('that is revoked while it is read is not kept as it was', async () => {
    const { fleet } = await site()
    const reading = fleet.isActive(P1)
    await fleet.revoke(pump, 'P-1')
    await reading
    assert.equal(await fleet.isActive(P1), false)
  })

  test('takes no service account’s name from it, whatever its record says', async () => {
    const services = [{ username: 'hub', password: 'the password of the hub', rules: [] }]
    const fleet = createFleet({ types: [pump], store: memoryStore(), services })
    await fleet.provision(pump, 'P-1')
    const record = (await fleet.store.get('pump', 'P-1'))!
    await fleet.store.insert({ ...record, id: 'P-2', username: 'hub' })
    assert.equal(await fleet.isActive({ type: 'pump', id: 'P-2' }), true)
    const publish = { username: 'hub', action: 'publish', topic: 'things/pump/P-2/data' } as const
    assert.equal((await fleet.authorize(publish)).code, 'no-rule-grants')
  })
})
