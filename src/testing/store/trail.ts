/**
 * The cases of the audit trail.
 *
 * @module
 */
import type { DeviceStore } from '../../device/store.ts'
import type { TrailEntry, TrailQuery } from '../../device/trail.ts'
import * as assert from '../assert.ts'
import type { Cases } from '../contract.ts'
import { ODD_NAMES, record } from './record.ts'

/** A store that keeps a trail. */
export type StoreWithTrail = DeviceStore & Required<Pick<DeviceStore, 'trail'>>

/** A store drops what is 400 days old by its own clock, so entries are of today. */
const NOW = Date.now()

function entry(id: string, change: Partial<TrailEntry> = {}): TrailEntry {
  return { id, at: NOW, operator: 'dana', action: 'revoke', result: 'done', ...change }
}

/** Of a store that keeps one. */
export const trail: Cases<[store: StoreWithTrail]> = {
  'an empty one has one page without entries': async ({ trail }) => {
    assert.deepEqual(await trail.list(), { entries: [] })
    await trail.write([])
    assert.deepEqual(await trail.list(), { entries: [] })
  },

  'an entry comes back, field for field': async ({ trail }) => {
    const whole = entry('e-1', {
      at: NOW + 0.5,
      operator: 'dana é😀"\'',
      device: { type: 'pump', id: 'P-1' },
      attributes: { site: 'north', constructor: '水' },
      result: 'ERR_DEVICE_UNKNOWN',
    })
    await trail.write([whole])
    await trail.write([entry('e-2')])
    assert.deepEqual(await trail.list(), { entries: [entry('e-2'), whole] })
  },

  'a beginning gets its result, once': async ({ trail }) => {
    const begun = entry('e-1', { result: 'begun', device: { type: 'pump', id: 'P-1' } })
    await trail.write([begun])
    // Again, as after an answer that was lost.
    await trail.write([begun])
    assert.deepEqual((await trail.list()).entries, [begun])
    await trail.write([{ ...begun, result: 'ERR_CHANGE_INCOMPLETE', operator: 'eve' }])
    const ended = { ...begun, result: 'ERR_CHANGE_INCOMPLETE' }
    assert.deepEqual((await trail.list()).entries, [ended])
    for (const result of ['done', 'begun']) {
      await trail.write([{ ...begun, result, at: NOW + 1 }])
      assert.deepEqual((await trail.list()).entries, [ended], result)
    }
  },

  'it outlives the device': async (store) => {
    await store.insert(record('pump', 'P-1'))
    const kept = entry('e-1', { device: { type: 'pump', id: 'P-1' } })
    await store.trail.write([kept])
    await store.delete('pump', 'P-1', 1)
    assert.deepEqual((await store.trail.list()).entries, [kept])
  },

  'it is narrowed by what is asked for': async ({ trail }) => {
    const pump = { type: 'pump', id: 'P-1' }
    const valve = { type: 'valve', id: 'P-1' }
    await trail.write([
      entry('e-1', { device: pump, at: NOW - 30 }),
      entry('e-2', { device: valve, at: NOW - 20, action: 'rotate' }),
      entry('e-3', { device: { type: 'pump', id: 'p-1' }, at: NOW - 10, operator: 'eve' }),
      entry('e-4', { at: NOW, operator: 'Dana' }),
    ])
    const rows: readonly (readonly [query: TrailQuery, ids: readonly string[]])[] = [
      [{}, ['e-4', 'e-3', 'e-2', 'e-1']],
      [{ type: 'pump' }, ['e-3', 'e-1']],
      [{ id: 'P-1' }, ['e-2', 'e-1']],
      [{ type: 'pump', id: 'P-1' }, ['e-1']],
      [{ operator: 'dana' }, ['e-2', 'e-1']],
      [{ operator: 'Dana' }, ['e-4']],
      [{ operator: 'dan' }, []],
      [{ action: 'rotate' }, ['e-2']],
      [{ action: '%' }, []],
      [{ from: NOW - 20 }, ['e-4', 'e-3', 'e-2']],
      [{ until: NOW - 20 }, ['e-1']],
      [{ from: NOW - 20, until: NOW - 10 }, ['e-2']],
      [{ from: NOW, until: NOW }, []],
      [{ from: NOW - 25, operator: 'dana', action: 'rotate', type: 'valve', id: 'P-1' }, ['e-2']],
      [{ type: 'pump', operator: 'Dana' }, []],
    ]
    for (const [query, ids] of rows) {
      const { entries } = await trail.list(query)
      assert.deepEqual(
        entries.map(({ id }) => id),
        ids,
        JSON.stringify(query),
      )
    }
  },

  'names are compared exactly': async ({ trail }) => {
    const names = ODD_NAMES.filter((name) => name.length <= 256)
    await trail.write(
      names.map((name, i) =>
        entry(`e-${i}`, { operator: name, device: { type: 'pump', id: name } }),
      ),
    )
    for (const [i, name] of names.entries()) {
      for (const query of [{ operator: name }, { id: name }]) {
        const { entries } = await trail.list(query)
        assert.deepEqual(
          entries.map(({ id }) => id),
          [`e-${i}`],
          JSON.stringify(query),
        )
      }
    }
  },

  'a page goes on where the one before ended, whatever is written meanwhile': async ({ trail }) => {
    const ids = Array.from({ length: 25 }, (_, i) => `e-${i}`)
    await trail.write(ids.map((id) => entry(id)))
    const found: string[] = []
    let cursor: string | undefined
    do {
      const page = await trail.list({ limit: 10, ...(cursor !== undefined && { cursor }) })
      found.push(...page.entries.map(({ id }) => id))
      assert.ok(page.entries.length <= 10)
      cursor = page.cursor
      await trail.write([entry(`later-${found.length}`)])
    } while (cursor !== undefined)
    assert.deepEqual(found, ids.toReversed())
  },

  'a thousand are written at once, and a page has as many': async ({ trail }) => {
    const attributes = { site: 'n'.repeat(128), hall: 'h'.repeat(128) }
    const all = Array.from({ length: 1_000 }, (_, i) => entry(`e-${i}`, { attributes }))
    await trail.write(all)
    await trail.write(all.map((one) => ({ ...one, result: 'begun' })))
    const { entries, cursor } = await trail.list({ limit: 1_000 })
    assert.deepEqual(
      [entries.length, cursor, entries[0]?.result, entries[999]?.id],
      [1_000, undefined, 'done', 'e-0'],
    )
  },

  'what is older than 400 days may be gone, and what is younger is there': async ({ trail }) => {
    const day = 86_400_000
    await trail.write([
      entry('old', { at: NOW - 401 * day }),
      entry('young', { at: NOW - 399 * day }),
    ])
    const { entries } = await trail.list()
    assert.ok(entries.some(({ id }) => id === 'young'))
  },

  'one that is no entry is refused, and nothing is written': async ({ trail }) => {
    const wrong: readonly Partial<TrailEntry>[] = [
      { id: '' },
      { id: 'x'.repeat(65) },
      { at: Number.NaN },
      { operator: '' },
      { operator: 'o'.repeat(257) },
      { operator: 'a\0' },
      { operator: '\ud800' },
      { action: '' },
      { action: 'a\n' },
      { result: '' },
      { result: 'r'.repeat(65) },
      { device: { type: 'pump', id: 'a/b' } },
      { device: { type: '', id: 'P-1' } },
      { attributes: { site: 'a/b' } },
      { attributes: { site: '' } },
      { attributes: { a: 'x'.repeat(128), b: '\0' } },
    ]
    for (const change of wrong) {
      const attempt = trail.write([entry('good'), entry('wrong', change)])
      await assert.rejects(attempt, { code: 'ERR_CONFIG' }, JSON.stringify(change))
    }
    const many = Array.from({ length: 1_001 }, (_, i) => entry(`e-${i}`))
    await assert.rejects(trail.write(many), { code: 'ERR_CONFIG' })
    assert.deepEqual(await trail.list(), { entries: [] })
  },

  'a question that is none is refused': async ({ trail }) => {
    await trail.write([entry('e-1')])
    const wrong: readonly object[] = [
      { limit: 0 },
      { limit: 1_001 },
      { limit: 1.5 },
      { cursor: 'x' },
      { cursor: '0' },
      { cursor: '-1' },
      { cursor: '1'.repeat(16) },
      { from: '1' },
      { until: Number.NaN },
      { type: 7 },
      { operator: 'a\0' },
      { typo: 1 },
    ]
    for (const query of wrong) {
      await assert.rejects(trail.list(query), { code: 'ERR_CONFIG' }, JSON.stringify(query))
    }
  },
}
