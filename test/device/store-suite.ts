/**
 * The {@link DeviceStore} contract as tests. Every store runs them:
 * `storeConforms('memory', async () => ({ store: memoryStore() }))`.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type {
  DeviceFilter,
  DeviceQuery,
  DeviceRecord,
  DeviceStore,
} from '../../src/device/store.ts'

/** An empty store, and how to be rid of it. */
export interface OpenedStore {
  readonly store: DeviceStore
  close?(): Promise<void>
}

/** Words that mean something to a database, a map or a file system, or are easily taken for equal. */
const ODD_NAMES: readonly string[] = [
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'null',
  '0',
  '1e3',
  '..',
  '%',
  '_',
  '*',
  "'; DROP TABLE devices; --",
  '"',
  '\\',
  ':',
  ' ',
  'a ',
  'A',
  'a',
  'é',
  'e\u0301',
  'ß',
  'ss',
  '\uff21',
  '\u{1f600}',
  '😀'.repeat(128),
  '{deviceId}',
]

const FILTERS: readonly (keyof DeviceFilter)[] = [
  'type',
  'revoked',
  'idPrefix',
  'connected',
  'fresh',
  'heardBefore',
  'status',
  'batteryBelow',
  'firmware',
  'firmwareOtherThan',
]

/** How a store refuses. The class of the error is its own. */
const EXISTS = { code: 'ERR_DEVICE_EXISTS' }
const CONFLICT = { code: 'ERR_REVISION_CONFLICT' }

/** A record with something in every field. */
export function record(type: string, id: string, change: Partial<DeviceRecord> = {}): DeviceRecord {
  return {
    type,
    id,
    username: `${type}/${id}`,
    credentials: [
      { id: 'c-1', kind: 'password', hash: '$dh-sha256$00ff', createdAt: 1_763_800_000_001 },
      { id: 'c-2', kind: 'password', hash: '$dh-sha256$11ff', createdAt: 1_763_800_000_002 },
    ],
    rules: [
      { effect: 'allow', actions: ['publish'], filter: 'x/{site}/#', maxQos: 0, retain: false },
      { effect: 'allow', actions: ['subscribe'], filter: 'y/+', share: 'g' },
      { effect: 'deny', actions: ['publish', 'subscribe'], filter: 'z/é😀/"\'' },
    ],
    attributes: { site: 'north', constructor: 'c', empty_not: '水' },
    revoked: false,
    createdAt: 1_763_800_000_000,
    revision: 1,
    ...change,
  }
}

/** Declares the tests of the contract for a store. Each opens one of its own. */
export function storeConforms(name: string, open: () => Promise<OpenedStore>): void {
  const on = (title: string, run: (store: DeviceStore) => Promise<void>) => {
    test(title, { timeout: 30_000 }, async () => {
      const { store, close } = await open()
      try {
        await run(store)
      } finally {
        await close?.()
      }
    })
  }

  describe(`the store contract, by ${name}: reading`, () => {
    on('an empty store has nothing', async (store) => {
      assert.equal(await store.get('pump', 'P-1'), undefined)
      assert.equal(await store.findByUsername('pump/P-1'), undefined)
      assert.deepEqual(await readAll(store), [])
      for (const odd of ODD_NAMES) {
        assert.equal(await store.get(odd, odd), undefined, odd)
        assert.equal(await store.findByUsername(odd), undefined, odd)
      }
    })

    on('a record comes back as it was, field for field', async (store) => {
      const full = record('pump', 'P-1', { revoked: true, revision: 7 })
      const bare = record('pump', 'P-2', { credentials: [], rules: [], attributes: {} })
      await store.insert(full)
      await store.insert(bare)
      assert.deepEqual(await store.get('pump', 'P-1'), full)
      assert.deepEqual(await store.get('pump', 'P-2'), bare)
      assert.deepEqual(await store.findByUsername('pump/P-1'), full)
      const listed = (await readAll(store)).sort((a, b) => (a.id < b.id ? -1 : 1))
      assert.deepEqual(listed, [full, bare])
    })

    on('an id belongs to its type', async (store) => {
      const [pump, valve] = [record('pump', '1'), record('valve', '1')]
      await store.insert(pump)
      assert.equal(await store.get('valve', '1'), undefined)
      await store.insert(valve)
      assert.deepEqual(await store.get('pump', '1'), pump)
      assert.deepEqual(await store.get('valve', '1'), valve)
    })

    on('a user name of its own finds the record, the usual one then does not', async (store) => {
      const named = record('pump', 'P-1', { username: 'legacy-7' })
      await store.insert(named)
      assert.deepEqual(await store.findByUsername('legacy-7'), named)
      assert.equal(await store.findByUsername('pump/P-1'), undefined)
    })

    on('odd names are names like any other, and each is another', async (store) => {
      const records = ODD_NAMES.map((odd) => record(odd, odd, { attributes: { site: odd } }))
      for (const one of records) await store.insert(one)
      for (const one of records) {
        assert.deepEqual(await store.get(one.type, one.id), one, one.id)
        assert.deepEqual(await store.findByUsername(one.username), one, one.id)
      }
      assert.equal((await readAll(store)).length, ODD_NAMES.length)
    })

    on('names are compared exactly', async (store) => {
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
    })
  })

  describe(`the store contract, by ${name}: inserting`, () => {
    on('a device that is there already is refused, and nothing written', async (store) => {
      const first = record('pump', 'P-1')
      await store.insert(first)
      await assert.rejects(store.insert(record('pump', 'P-1', { username: 'other' })), (error) => {
        const { code, field } = error as { code?: unknown; field?: unknown }
        assert.deepEqual([code, field], [EXISTS.code, 'device id'])
        return true
      })
      assert.deepEqual(await readAll(store), [first])
      assert.equal(await store.findByUsername('other'), undefined)
      // The user name is still free.
      await store.insert(record('pump', 'P-2', { username: 'other' }))
    })

    on('a user name that is taken is refused, and nothing written', async (store) => {
      const first = record('pump', 'P-1', { username: 'shared' })
      await store.insert(first)
      await assert.rejects(
        store.insert(record('valve', 'V-1', { username: 'shared' })),
        (error) => {
          const { code, field } = error as { code?: unknown; field?: unknown }
          assert.deepEqual([code, field], [EXISTS.code, 'user name'])
          return true
        },
      )
      assert.equal(await store.get('valve', 'V-1'), undefined)
      assert.deepEqual(await store.findByUsername('shared'), first)
    })

    on('a revoked device keeps its id and its user name', async (store) => {
      await store.insert(record('pump', 'P-1', { revoked: true }))
      await assert.rejects(store.insert(record('pump', 'P-1')), EXISTS)
      const same = record('pump', 'P-2', { username: 'pump/P-1' })
      await assert.rejects(store.insert(same), EXISTS)
    })

    on('of many at once for one device, one is taken', async (store) => {
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
    })

    on('of many at once under one user name, one is taken', async (store) => {
      const records = Array.from({ length: 8 }, (_, i) =>
        record('pump', `P-${i}`, { username: 'u' }),
      )
      const outcomes = await Promise.allSettled(records.map((one) => store.insert(one)))
      const taken = records.filter((_, i) => outcomes[i]?.status === 'fulfilled')
      assert.equal(taken.length, 1)
      assert.deepEqual(await readAll(store), taken)
      assert.deepEqual(await store.findByUsername('u'), taken[0])
    })
  })

  describe(`the store contract, by ${name}: updating`, () => {
    on('the next revision replaces the record', async (store) => {
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
    })

    on('any other revision is refused, and nothing written', async (store) => {
      const stored = record('pump', 'P-1', { revision: 5 })
      await store.insert(stored)
      for (const revision of [5, 4, 1, 0, 7, 100]) {
        const update = record('pump', 'P-1', { revision, revoked: true })
        await assert.rejects(store.update(update), CONFLICT, `revision ${revision}`)
      }
      assert.deepEqual(await store.get('pump', 'P-1'), stored)
    })

    on('a record that is not there is refused, and not made', async (store) => {
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
    })

    on('the user name stays', async (store) => {
      await store.insert(record('pump', 'P-1'))
      await store.insert(record('pump', 'P-2'))
      await store.update(record('pump', 'P-1', { revision: 2, username: 'pump/P-2' }))
      assert.equal((await store.get('pump', 'P-1'))?.username, 'pump/P-1')
      assert.equal((await store.findByUsername('pump/P-1'))?.revision, 2)
      assert.equal((await store.findByUsername('pump/P-2'))?.id, 'P-2')
    })

    on('of many at once to one revision, one is taken', async (store) => {
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
    })
  })

  describe(`the store contract, by ${name}: records are values`, () => {
    on('what is done to one that was passed in changes nothing', async (store) => {
      const passed = record('pump', 'P-1')
      await store.insert(passed)
      spoil(passed)
      assert.deepEqual(await store.get('pump', 'P-1'), record('pump', 'P-1'))
      const update = record('pump', 'P-1', { revision: 2 })
      await store.update(update)
      spoil(update)
      assert.deepEqual(await store.get('pump', 'P-1'), record('pump', 'P-1', { revision: 2 }))
    })

    on('what is done to one that was returned changes nothing', async (store) => {
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
    })
  })

  describe(`the store contract, by ${name}: deleting`, () => {
    on('a record of the revision is gone, and its names are free', async (store) => {
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
    })

    on('any other revision is refused, and nothing removed', async (store) => {
      const stored = record('pump', 'P-1', { revision: 5 })
      await store.insert(stored)
      for (const revision of [4, 6, 1, 0, -5, 100]) {
        await assert.rejects(store.delete('pump', 'P-1', revision), CONFLICT, `${revision}`)
      }
      assert.deepEqual(await store.get('pump', 'P-1'), stored)
      assert.deepEqual(await store.findByUsername('pump/P-1'), stored)
    })

    on('a record that is not there is refused', async (store) => {
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
    })

    on('beside an update of the same revision, one of the two is taken', async (store) => {
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
    })
  })

  describe(`the store contract, by ${name}: listing`, () => {
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
    const LIMITS = [1, 2, 5, 12, 1_000]
    const shown = (records: readonly DeviceRecord[]) =>
      records.map(({ type, id }) => `${type}/${id}`).sort()
    const names = (devices: readonly (readonly [string, string])[]) =>
      devices.map(([type, id]) => `${type}/${id}`).sort()
    const fill = async (store: DeviceStore) => {
      for (const [type, id] of DEVICES.toReversed()) await store.insert(record(type, id))
    }

    on('says by what it can be narrowed', async (store) => {
      for (const filter of store.filters) {
        assert.ok(FILTERS.includes(filter), filter)
      }
    })

    on('goes page by page, each record once, and keeps to the limit', async (store) => {
      await fill(store)
      for (const limit of LIMITS) {
        assert.deepEqual(shown(await readAll(store, { limit })), names(DEVICES), `${limit} a page`)
      }
    })

    on('may go on with another limit', async (store) => {
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
    })

    on('may be read again from a cursor', async (store) => {
      await fill(store)
      const { cursor } = await store.list({ limit: 4 })
      assert.ok(cursor !== undefined)
      const once = await store.list({ limit: 4, cursor })
      assert.deepEqual(await store.list({ limit: 4, cursor }), once)
    })

    on('is narrowed by what it says', async (store) => {
      await fill(store)
      const revoked = [record('a', '11', { revoked: true }), record('b', '1', { revoked: true })]
      for (const each of revoked) await store.insert(each)
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
        [{ type: 'a', idPrefix: '1' }, ({ type, id }) => type === 'a' && id.startsWith('1')],
        [
          { type: 'a', revoked: true, idPrefix: '1' },
          ({ type, revoked }) => type === 'a' && revoked,
        ],
      ]
      for (const [filter, isWanted] of rows) {
        const keys = Object.keys(filter) as (keyof DeviceFilter)[]
        if (!keys.every((key) => store.filters.includes(key))) continue
        for (const limit of LIMITS) {
          const found = await readAll(store, { ...filter, limit })
          assert.deepEqual(shown(found), shown(all.filter(isWanted)), JSON.stringify(filter))
        }
      }
    })

    on('has each record that stays once, whatever is written meanwhile', async (store) => {
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
    })

    on('refuses a cursor that it did not give', async (store) => {
      await fill(store)
      for (const cursor of ['no cursor', '{}', "'; DROP TABLE devices; --", '\ud83d']) {
        await assert.rejects(store.list({ cursor }), Error, cursor)
      }
    })

    on('returns 100 at most unless told otherwise, revoked ones too', async (store) => {
      for (let i = 0; i < 103; i++) {
        const id = `P-${String(i).padStart(3, '0')}`
        await store.insert(record('pump', id, { revoked: i % 2 === 0 }))
      }
      const { records, cursor } = await store.list()
      assert.ok(records.length <= 100)
      assert.ok(cursor !== undefined)
      assert.equal((await readAll(store)).length, 103)
    })
  })
}

/** A listing, page by page. */
async function* pagesOf(
  store: DeviceStore,
  query: DeviceQuery,
): AsyncGenerator<readonly DeviceRecord[]> {
  for (let cursor: string | undefined; ; ) {
    const page = await store.list({ ...query, ...(cursor !== undefined && { cursor }) })
    assert.ok(page.records.length <= (query.limit ?? 100))
    yield page.records
    cursor = page.cursor
    if (cursor === undefined) return
  }
}

/** Reads a listing to its end. */
async function readAll(store: DeviceStore, query: DeviceQuery = {}): Promise<DeviceRecord[]> {
  const seen: DeviceRecord[] = []
  for await (const records of pagesOf(store, query)) seen.push(...records)
  return seen
}

type Writable<T> = { -readonly [K in keyof T]: Writable<T[K]> }

/** Changes a record in every depth. */
function spoil(readonly: DeviceRecord): void {
  const spoiled = readonly as Writable<DeviceRecord>
  const changes = [
    () => {
      spoiled.revoked = true
    },
    () => {
      spoiled.attributes.site = 'south'
    },
    () => {
      spoiled.credentials[0]!.hash = ''
    },
    () => {
      spoiled.credentials.pop()
    },
    () => {
      spoiled.rules[0]!.filter = '#'
    },
    () => {
      spoiled.rules[0]!.actions.push('subscribe')
    },
  ]
  for (const change of changes) {
    try {
      change()
    } catch (error) {
      // A store may hand out records that cannot be changed.
      if (!(error instanceof TypeError)) throw error
    }
  }
}
