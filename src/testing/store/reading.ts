/**
 * The cases of what is read.
 *
 * @module
 */
import * as assert from '../assert.ts'
import type { StoreCases } from './cases.ts'
import { readAll } from './list.ts'
import { ODD_NAMES, record } from './record.ts'

export const reading: StoreCases = {
  'an empty store has nothing': async (store) => {
    assert.equal(await store.get('pump', 'P-1'), undefined)
    assert.equal(await store.findByUsername('pump/P-1'), undefined)
    assert.deepEqual(await readAll(store), [])
    for (const odd of ODD_NAMES) {
      assert.equal(await store.get(odd, odd), undefined, odd)
      assert.equal(await store.findByUsername(odd), undefined, odd)
    }
  },

  'a record comes back as it was, field for field': async (store) => {
    const full = record('pump', 'P-1', { revoked: true, revision: 7 })
    const bare = record('pump', 'P-2', { credentials: [], rules: [], attributes: {} })
    await store.insert(full)
    await store.insert(bare)
    assert.deepEqual(await store.get('pump', 'P-1'), full)
    assert.deepEqual(await store.get('pump', 'P-2'), bare)
    assert.deepEqual(await store.findByUsername('pump/P-1'), full)
    const listed = (await readAll(store)).sort((a, b) => (a.id < b.id ? -1 : 1))
    assert.deepEqual(listed, [full, bare])
  },

  'an id belongs to its type': async (store) => {
    const [pump, valve] = [record('pump', '1'), record('valve', '1')]
    await store.insert(pump)
    assert.equal(await store.get('valve', '1'), undefined)
    await store.insert(valve)
    assert.deepEqual(await store.get('pump', '1'), pump)
    assert.deepEqual(await store.get('valve', '1'), valve)
  },

  'a user name of its own finds the record, the usual one then does not': async (store) => {
    const named = record('pump', 'P-1', { username: 'legacy-7' })
    await store.insert(named)
    assert.deepEqual(await store.findByUsername('legacy-7'), named)
    assert.equal(await store.findByUsername('pump/P-1'), undefined)
  },

  'odd names are names like any other, and each is another': async (store) => {
    const records = ODD_NAMES.map((odd) => record(odd, odd, { attributes: { site: odd } }))
    for (const one of records) await store.insert(one)
    for (const one of records) {
      assert.deepEqual(await store.get(one.type, one.id), one, one.id)
      assert.deepEqual(await store.findByUsername(one.username), one, one.id)
    }
    assert.equal((await readAll(store)).length, ODD_NAMES.length)
  },

  'names are compared exactly': async (store) => {
    await store.insert(record('pump', 'Zähler-1'))
    for (const [type, id] of [
      ['pump', 'zähler-1'],
      ['Pump', 'Zähler-1'],
      ['pump', 'Za\u0308hler-1'],
      ['pump', 'Zähler-1 '],
      ['pump', ' Zähler-1'],
      ['pump', 'Z%'],
      ['pump', 'Z_hler-1'],
      ['pump', 'Zahler-1'],
      ['pump', ''],
    ] as const) {
      assert.equal(await store.get(type, id), undefined, `${type}/${id}`)
      assert.equal(await store.findByUsername(`${type}/${id}`), undefined, `${type}/${id}`)
    }
  },
}
