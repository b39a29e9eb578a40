/**
 * The cases of listing.
 *
 * @module
 */
import { DEVICE_FILTERS } from '../../device/query.ts'
import type { DeviceFilter, DeviceRecord, DeviceStore } from '../../device/store.ts'
import * as assert from '../assert.ts'
import type { StoreCases } from './cases.ts'
import { pagesOf, readAll } from './list.ts'
import { record } from './record.ts'

const DEVICES: readonly (readonly [string, string])[] = [
  ['A', 'z'],
  ['a', '1'],
  ['a', '10'],
  ['a', '2'],
  ['a', 'B'],
  ['a', 'a'],
  ['a', '\u{1f600}'],
  ['a', '\uff21'],
  ['a ', '0'],
  ['a-b', '0'],
  ['a0', '0'],
  ['b', '0'],
]
/** A value that is quoted in each of the ways there are. */
const ODD = `'"\\ $.? é\u{1f600}`
const LIMITS = [1, 2, 5, 12, 1_000]
const shown = (records: readonly DeviceRecord[]) =>
  records.map(({ type, id }) => `${type}/${id}`).sort()
const names = (devices: readonly (readonly [string, string])[]) =>
  devices.map(([type, id]) => `${type}/${id}`).sort()
const fill = async (store: DeviceStore) => {
  for (const [type, id] of DEVICES.toReversed()) await store.insert(record(type, id))
}

export const listing: StoreCases = {
  'says by what it can be narrowed': async (store) => {
    for (const filter of store.filters) {
      assert.ok(DEVICE_FILTERS.includes(filter), filter)
    }
  },

  'goes page by page, each record once, and keeps to the limit': async (store) => {
    await fill(store)
    for (const limit of LIMITS) {
      assert.deepEqual(shown(await readAll(store, { limit })), names(DEVICES), `${limit} a page`)
    }
  },

  'may go on with another limit': async (store) => {
    await fill(store)
    const first = await store.list({ limit: 5 })
    const rest: DeviceRecord[] = []
    let limit = 1
    for (let { cursor } = first; cursor !== undefined; ) {
      const page = await store.list({ cursor, limit: limit++ })
      rest.push(...page.records)
      cursor = page.cursor
    }
    assert.deepEqual(shown([...first.records, ...rest]), names(DEVICES))
  },

  'may be read again from a cursor': async (store) => {
    await fill(store)
    const { cursor } = await store.list({ limit: 4 })
    assert.ok(cursor !== undefined)
    const once = await store.list({ limit: 4, cursor })
    assert.deepEqual(await store.list({ limit: 4, cursor }), once)
  },

  'is narrowed by what it says': async (store) => {
    await fill(store)
    const revoked = [record('a', '11', { revoked: true }), record('b', '1', { revoked: true })]
    const south = [
      record('a', 'south-1', { attributes: { site: 'south', number: '1' } }),
      record('b', 'south-2', { attributes: { number: '2', site: 'south' } }),
      record('b', 'odd', { attributes: { site: ODD } }),
      record('b', 'plain', { attributes: {} }),
    ]
    for (const each of [...revoked, ...south]) await store.insert(each)
    const all = await readAll(store)
    const rows: readonly [DeviceFilter, (each: DeviceRecord) => boolean][] = [
      [{ type: 'a' }, ({ type }) => type === 'a'],
      [{ type: 'A' }, ({ type }) => type === 'A'],
      [{ type: 'c' }, () => false],
      [{ type: '__proto__' }, () => false],
      [{ revoked: true }, ({ revoked }) => revoked],
      [{ revoked: false }, ({ revoked }) => !revoked],
      [{ idPrefix: '1' }, ({ id }) => id.startsWith('1')],
      [{ idPrefix: 'b' }, () => false],
      [{ idPrefix: '%' }, () => false],
      [{ idPrefix: '_' }, () => false],
      [{ idPrefix: '*' }, () => false],
      [{ idPrefix: '' }, () => true],
      [{ attributes: { site: 'north' } }, ({ attributes }) => attributes.site === 'north'],
      [{ attributes: { site: 'n_rth' } }, () => false],
      [{ attributes: { site: 'North' } }, () => false],
      [{ attributes: { sites: 'north' } }, () => false],
      [{ attributes: { toString: 'north' } }, () => false],
      [{ attributes: { site: 'south' } }, ({ attributes }) => attributes.site === 'south'],
      [{ attributes: { site: 'south', number: '1' } }, ({ id }) => id === 'south-1'],
      [{ attributes: { site: 'south', constructor: 'c' } }, () => false],
      [{ type: 'a', attributes: { site: 'south' } }, ({ id }) => id === 'south-1'],
      [{ attributes: { site: ODD } }, ({ id }) => id === 'odd'],
      [{ type: 'a', idPrefix: '1' }, ({ type, id }) => type === 'a' && id.startsWith('1')],
      [{ type: 'a', revoked: true, idPrefix: '1' }, ({ type, revoked }) => type === 'a' && revoked],
    ]
    for (const [filter, isWanted] of rows) {
      const keys = Object.keys(filter) as (keyof DeviceFilter)[]
      if (!keys.every((key) => store.filters.includes(key))) continue
      for (const limit of LIMITS) {
        const found = await readAll(store, { ...filter, limit })
        assert.deepEqual(shown(found), shown(all.filter(isWanted)), JSON.stringify(filter))
      }
    }
  },

  'has each record that stays once, whatever is written meanwhile': async (store) => {
    await fill(store)
    const staying = DEVICES.filter(([type]) => type === 'a')
    const leaving = DEVICES.filter(([type]) => type !== 'a')
    const seen: DeviceRecord[] = []
    let turn = 0
    for await (const page of pagesOf(store, { limit: 2 })) {
      seen.push(...page)
      const [type, id] = leaving[turn] ?? []
      if (type !== undefined && id !== undefined) await store.delete(type, id, 1)
      const changed = staying[turn]
      if (changed) await store.update(record(...changed, { revision: 2 }))
      await store.insert(record('a', `0-${turn}`))
      await store.insert(record('z', `9-${turn}`))
      if (++turn === 20) break
    }
    const found = shown(seen)
    assert.equal(new Set(found).size, found.length)
    for (const name of names(staying)) assert.ok(found.includes(name), name)
  },

  'refuses a cursor that it did not give': async (store) => {
    await fill(store)
    for (const cursor of ['no cursor', '{}', "'; DROP TABLE devices; --", '\ud83d']) {
      await assert.rejects(store.list({ cursor }), Error, cursor)
    }
  },

  'returns 100 at most unless told otherwise, revoked ones too': async (store) => {
    for (let i = 0; i < 103; i++) {
      const id = `P-${String(i).padStart(3, '0')}`
      await store.insert(record('pump', id, { revoked: i % 2 === 0 }))
    }
    const { records, cursor } = await store.list()
    assert.ok(records.length <= 100)
    assert.ok(cursor !== undefined)
    assert.equal((await readAll(store)).length, 103)
  },
}
