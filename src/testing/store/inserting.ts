/**
 * The cases of inserting.
 *
 * @module
 */
import * as assert from '../assert.ts'
import type { StoreCases } from './cases.ts'
import { readAll } from './list.ts'
import { record } from './record.ts'
import { EXISTS } from './refusal.ts'

export const inserting: StoreCases = {
  'a device that is there already is refused, and nothing written': async (store) => {
    const first = record('pump', 'P-1')
    await store.insert(first)
    await assert.rejects(store.insert(record('pump', 'P-1', { username: 'other' })), {
      ...EXISTS,
      field: 'device id',
    })
    assert.deepEqual(await readAll(store), [first])
    assert.equal(await store.findByUsername('other'), undefined)
    // The user name is still free.
    await store.insert(record('pump', 'P-2', { username: 'other' }))
  },

  'a user name that is taken is refused, and nothing written': async (store) => {
    const first = record('pump', 'P-1', { username: 'shared' })
    await store.insert(first)
    await assert.rejects(store.insert(record('valve', 'V-1', { username: 'shared' })), {
      ...EXISTS,
      field: 'user name',
    })
    assert.equal(await store.get('valve', 'V-1'), undefined)
    assert.deepEqual(await store.findByUsername('shared'), first)
  },

  'a revoked device keeps its id and its user name': async (store) => {
    await store.insert(record('pump', 'P-1', { revoked: true }))
    await assert.rejects(store.insert(record('pump', 'P-1')), EXISTS)
    const same = record('pump', 'P-2', { username: 'pump/P-1' })
    await assert.rejects(store.insert(same), EXISTS)
  },

  'of many at once for one device, one is taken': async (store) => {
    const records = Array.from({ length: 8 }, (_, i) =>
      record('pump', 'P-1', { username: `user-${i}` }),
    )
    const outcomes = await Promise.allSettled(records.map((one) => store.insert(one)))
    const taken = records.filter((_, i) => outcomes[i]?.status === 'fulfilled')
    assert.equal(taken.length, 1)
    assert.deepEqual(await readAll(store), taken)
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') assert.equal(outcome.reason.code, EXISTS.code)
    }
  },

  'of many at once under one user name, one is taken': async (store) => {
    const records = Array.from({ length: 8 }, (_, i) => record('pump', `P-${i}`, { username: 'u' }))
    const outcomes = await Promise.allSettled(records.map((one) => store.insert(one)))
    const taken = records.filter((_, i) => outcomes[i]?.status === 'fulfilled')
    assert.equal(taken.length, 1)
    assert.deepEqual(await readAll(store), taken)
    assert.deepEqual(await store.findByUsername('u'), taken[0])
  },
}
