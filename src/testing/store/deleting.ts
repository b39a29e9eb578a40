/**
 * The cases of deleting.
 *
 * @module
 */
import * as assert from '../assert.ts'
import type { StoreCases } from './cases.ts'
import { readAll } from './list.ts'
import { record } from './record.ts'
import { CONFLICT } from './refusal.ts'

export const deleting: StoreCases = {
  'a record of the revision is gone, and its names are free': async (store) => {
    await store.insert(record('pump', 'P-1', { username: 'north-1', revision: 3, revoked: true }))
    await store.insert(record('pump', 'P-2'))
    await store.delete('pump', 'P-1', 3)
    assert.equal(await store.get('pump', 'P-1'), undefined)
    assert.equal(await store.findByUsername('north-1'), undefined)
    assert.deepEqual(await readAll(store), [record('pump', 'P-2')])
    const next = record('pump', 'P-1', { username: 'north-1' })
    await store.insert(next)
    assert.deepEqual(await store.get('pump', 'P-1'), next)
    assert.deepEqual(await store.findByUsername('north-1'), next)
  },

  'any other revision is refused, and nothing removed': async (store) => {
    const stored = record('pump', 'P-1', { revision: 5 })
    await store.insert(stored)
    for (const revision of [4, 6, 1, 0, -5, 100]) {
      await assert.rejects(store.delete('pump', 'P-1', revision), CONFLICT, `${revision}`)
    }
    assert.deepEqual(await store.get('pump', 'P-1'), stored)
    assert.deepEqual(await store.findByUsername('pump/P-1'), stored)
  },

  'a record that is not there is refused': async (store) => {
    await store.insert(record('pump', 'P-1'))
    for (const [type, id] of [
      ['pump', 'P-2'],
      ['valve', 'P-1'],
      ['__proto__', '__proto__'],
    ] as const) {
      await assert.rejects(store.delete(type, id, 1), CONFLICT)
    }
    await store.delete('pump', 'P-1', 1)
    await assert.rejects(store.delete('pump', 'P-1', 1), CONFLICT)
  },

  'beside an update of the same revision, one of the two is taken': async (store) => {
    for (let turn = 0; turn < 8; turn++) {
      const id = `P-${turn}`
      await store.insert(record('pump', id))
      const update = () => store.update(record('pump', id, { revision: 2 }))
      const remove = () => store.delete('pump', id, 1)
      const writes = turn % 2 === 0 ? [update, remove] : [remove, update]
      const outcomes = await Promise.allSettled(writes.map((write) => write()))
      const taken = writes.filter((_, i) => outcomes[i]?.status === 'fulfilled')
      assert.equal(taken.length, 1)
      const left = await store.get('pump', id)
      assert.equal(left?.revision, taken[0] === update ? 2 : undefined)
    }
  },
}
