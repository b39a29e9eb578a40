/**
 * The cases of adding many records at once.
 *
 * @module
 */
import type { DeviceRecord, DeviceStore } from '../../device/store.ts'
import * as assert from '../assert.ts'
import type { Cases } from '../contract.ts'
import { record } from './record.ts'

/** A store that adds many at once. */
export type StoreOfMany = DeviceStore & Required<Pick<DeviceStore, 'insertMany'>>

/** Of a store that can. */
export const many: Cases<[store: StoreOfMany]> = {
  'all that are free are added, as one by one': async (store) => {
    const records = Array.from({ length: 300 }, (_, i) => record('pump', `P-${i}`))
    assert.deepEqual(await store.insertMany(records), [])
    for (const one of [0, 7, 299]) {
      assert.deepEqual(await store.get('pump', `P-${one}`), records[one])
      assert.deepEqual(await store.findByUsername(`pump/P-${one}`), records[one])
    }
    assert.deepEqual(await store.insertMany([]), [])
  },

  'what is in the way is left as it is, and told': async (store) => {
    await store.insert(record('pump', 'P-1', { revision: 3 }))
    await store.insert(record('pump', 'P-2', { username: 'mine' }))
    const taken = await store.insertMany([
      record('pump', 'P-1', { username: 'free' }),
      record('pump', 'P-3', { username: 'mine' }),
      record('pump', 'P-4', { username: 'free' }),
      record('pump', 'P-4', { username: 'other' }),
      record('pump', 'P-5', { username: 'free' }),
      record('valve', 'P-1'),
    ])
    assert.deepEqual(taken, [
      { index: 0, field: 'device id' },
      { index: 1, field: 'user name' },
      { index: 3, field: 'device id' },
      { index: 4, field: 'user name' },
    ])
    // The first of two, though what was before it and had its name was not added.
    assert.equal((await store.findByUsername('free'))?.id, 'P-4')
    assert.deepEqual(await store.get('pump', 'P-1'), record('pump', 'P-1', { revision: 3 }))
    assert.equal(await store.get('pump', 'P-3'), undefined)
    assert.equal((await store.findByUsername('mine'))?.id, 'P-2')
    assert.equal(await store.findByUsername('other'), undefined)
    assert.deepEqual(await store.get('valve', 'P-1'), record('valve', 'P-1'))
  },

  'of many who add the same at once, each record is added once': async (store) => {
    const of = (writer: number): readonly DeviceRecord[] =>
      Array.from({ length: 200 }, (_, i) =>
        record('pump', `P-${i}`, { attributes: { writer: `${writer}` } }),
      )
    const outcomes = await Promise.all([0, 1, 2, 3].map((writer) => store.insertMany(of(writer))))
    assert.equal(outcomes.flat().length, 600)
    const counts = [0, 0, 0, 0]
    for (let i = 0; i < 200; i++) {
      const writer = Number((await store.get('pump', `P-${i}`))?.attributes.writer)
      counts[writer]!++
      assert.equal(
        outcomes[writer]!.some(({ index }) => index === i),
        false,
        `P-${i}`,
      )
    }
    assert.equal(
      counts.reduce((sum, count) => sum + count),
      200,
    )
  },

  'records as large as they may be are added': async (store) => {
    const large = 'x/'.repeat(2_000)
    const records = Array.from({ length: 400 }, (_, i) =>
      record('pump', `P-${i}`, {
        rules: [{ effect: 'allow', actions: ['publish'], filter: `${large}${i}` }],
      }),
    )
    assert.deepEqual(await store.insertMany(records), [])
    assert.deepEqual(await store.get('pump', 'P-399'), records[399])
  },
}
