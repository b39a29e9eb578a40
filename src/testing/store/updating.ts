/**
 * The cases of updating.
 *
 * @module
 */
import * as assert from '../assert.ts'
import type { StoreCases } from './cases.ts'
import { readAll } from './list.ts'
import { record } from './record.ts'
import { CONFLICT } from './refusal.ts'

export const updating: StoreCases = {
  'the next revision replaces the record': async (store) => {
    await store.insert(record('pump', 'P-1'))
    const second = record('pump', 'P-1', {
      revision: 2,
      revoked: true,
      credentials: [],
      rules: [{ effect: 'deny', actions: ['publish'], filter: '#' }],
      attributes: { other: 'x' },
    })
    await store.update(second)
    assert.deepEqual(await store.get('pump', 'P-1'), second)
    assert.deepEqual(await store.findByUsername('pump/P-1'), second)
    await store.update({ ...second, revision: 3, revoked: false })
    assert.equal((await store.get('pump', 'P-1'))?.revision, 3)
    assert.equal((await readAll(store)).length, 1)
  },

  'any other revision is refused, and nothing written': async (store) => {
    const stored = record('pump', 'P-1', { revision: 5 })
    await store.insert(stored)
    for (const revision of [5, 4, 1, 0, 7, 100]) {
      const update = record('pump', 'P-1', { revision, revoked: true })
      await assert.rejects(store.update(update), CONFLICT, `revision ${revision}`)
    }
    assert.deepEqual(await store.get('pump', 'P-1'), stored)
  },

  'a record that is not there is refused, and not made': async (store) => {
    await store.insert(record('pump', 'P-1'))
    for (const [type, id] of [
      ['pump', 'P-2'],
      ['valve', 'P-1'],
      ['__proto__', '__proto__'],
    ] as const) {
      for (const revision of [1, 2]) {
        await assert.rejects(store.update(record(type, id, { revision })), CONFLICT)
      }
      assert.equal(await store.get(type, id), undefined)
    }
  },

  'the user name stays': async (store) => {
    await store.insert(record('pump', 'P-1'))
    await store.insert(record('pump', 'P-2'))
    await store.update(record('pump', 'P-1', { revision: 2, username: 'pump/P-2' }))
    assert.equal((await store.get('pump', 'P-1'))?.username, 'pump/P-1')
    assert.equal((await store.findByUsername('pump/P-1'))?.revision, 2)
    assert.equal((await store.findByUsername('pump/P-2'))?.id, 'P-2')
  },

  'of many at once to one revision, one is taken': async (store) => {
    await store.insert(record('pump', 'P-1'))
    const updates = Array.from({ length: 8 }, (_, i) =>
      record('pump', 'P-1', { revision: 2, attributes: { writer: `w-${i}` } }),
    )
    const outcomes = await Promise.allSettled(updates.map((one) => store.update(one)))
    const taken = updates.filter((_, i) => outcomes[i]?.status === 'fulfilled')
    assert.equal(taken.length, 1)
    assert.deepEqual(await store.get('pump', 'P-1'), taken[0])
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') assert.equal(outcome.reason.code, CONFLICT.code)
    }
  },
}
