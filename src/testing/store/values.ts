/**
 * The cases of records as values.
 *
 * @module
 */
import * as assert from '../assert.ts'
import type { StoreCases } from './cases.ts'
import { readAll } from './list.ts'
import { record } from './record.ts'
import { spoil } from './spoil.ts'

export const values: StoreCases = {
  'what is done to one that was passed in changes nothing': async (store) => {
    const passed = record('pump', 'P-1')
    await store.insert(passed)
    spoil(passed)
    assert.deepEqual(await store.get('pump', 'P-1'), record('pump', 'P-1'))
    const update = record('pump', 'P-1', { revision: 2 })
    await store.update(update)
    spoil(update)
    assert.deepEqual(await store.get('pump', 'P-1'), record('pump', 'P-1', { revision: 2 }))
  },

  'what is done to one that was returned changes nothing': async (store) => {
    await store.insert(record('pump', 'P-1'))
    for (const read of [
      () => store.get('pump', 'P-1'),
      () => store.findByUsername('pump/P-1'),
      async () => (await readAll(store))[0],
    ]) {
      const returned = await read()
      assert.ok(returned)
      spoil(returned)
      assert.deepEqual(await read(), record('pump', 'P-1'))
    }
  },
}
