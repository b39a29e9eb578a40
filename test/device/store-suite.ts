/**
 * The {@link DeviceStore} contract as tests. Every store runs them:
 * `storeConforms('memory', async () => ({ store: memoryStore() }))`.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { DeviceExistsError, RevisionConflictError } from '../../src/base/errors.ts'
import type { DeviceRecord, DeviceStore, ListOptions } from '../../src/device/store.ts'

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
      assert.deepEqual(await store.list(), [])
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
      assert.deepEqual(await store.list(), [full, bare])
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
      assert.equal((await store.list()).length, ODD_NAMES.length)
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
        assert.ok(error instanceof DeviceExistsError)
        assert.deepEqual([error.type, error.id, error.field], ['pump', 'P-1', 'device id'])
        return true
      })
      assert.deepEqual(await store.list(), [first])
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
          assert.ok(error instanceof DeviceExistsError)
          assert.deepEqual([error.type, error.id, error.field], ['valve', 'V-1', 'user name'])
          return true
        },
      )
      assert.equal(await store.get('valve', 'V-1'), undefined)
      assert.deepEqual(await store.findByUsername('shared'), first)
    })

    on('a revoked device keeps its id and its user name', async (store) => {
      await store.insert(record('pump', 'P-1', { revoked: true }))
      await assert.rejects(store.insert(record('pump', 'P-1')), DeviceExistsError)
      const same = record('pump', 'P-2', { username: 'pump/P-1' })
      await assert.rejects(store.insert(same), DeviceExistsError)
    })

    on('of many at once for one device, one is taken', async (store) => {
      const records = Array.from({ length: 8 }, (_, i) =>
        record('pump', 'P-1', { username: `user-${i}` }),
      )
      const outcomes = await Promise.allSettled(records.map((one) => store.insert(one)))
      const taken = records.filter((_, i) => outcomes[i]?.status === 'fulfilled')
      assert.equal(taken.length, 1)
      assert.deepEqual(await store.list(), taken)
      for (const outcome of outcomes) {
        if (outcome.status === 'rejected') assert.ok(outcome.reason instanceof DeviceExistsError)
      }
    })

    on('of many at once under one user name, one is taken', async (store) => {
      const records = Array.from({ length: 8 }, (_, i) =>
        record('pump', `P-${i}`, { username: 'u' }),
      )
      const outcomes = await Promise.allSettled(records.map((one) => store.insert(one)))
      const taken = records.filter((_, i) => outcomes[i]?.status === 'fulfilled')
      assert.equal(taken.length, 1)
      assert.deepEqual(await store.list(), taken)
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
      assert.equal((await store.list()).length, 1)
    })

    on('any other revision is refused, and nothing written', async (store) => {
      const stored = record('pump', 'P-1', { revision: 5 })
      await store.insert(stored)
      for (const revision of [5, 4, 1, 0, 7, 100]) {
        const update = record('pump', 'P-1', { revision, revoked: true })
        await assert.rejects(store.update(update), (error) => {
          assert.ok(error instanceof RevisionConflictError, `revision ${revision}`)
          assert.deepEqual([error.type, error.id], ['pump', 'P-1'])
          return true
        })
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
          await assert.rejects(store.update(record(type, id, { revision })), RevisionConflictError)
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
        if (outcome.status === 'rejected')
          assert.ok(outcome.reason instanceof RevisionConflictError)
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
        async () => (await store.list())[0],
      ]) {
        const returned = await read()
        assert.ok(returned)
        spoil(returned)
        assert.deepEqual(await read(), record('pump', 'P-1'))
      }
    })
  })

  describe(`the store contract, by ${name}: listing`, () => {
    // U+FF21 comes behind U+1F600 by UTF-16 code units, and before it by code points or UTF-8.
    const IN_ORDER: readonly (readonly [string, string])[] = [
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
    const shown = (records: readonly DeviceRecord[]) => records.map(({ type, id }) => [type, id])
    const fill = async (store: DeviceStore) => {
      for (const [type, id] of IN_ORDER.toReversed()) await store.insert(record(type, id))
    }

    on('is in the order of type, then id, by UTF-16 code units', async (store) => {
      await fill(store)
      assert.deepEqual(shown(await store.list()), IN_ORDER)
    })

    on('keeps to a type', async (store) => {
      await fill(store)
      const ofA = IN_ORDER.filter(([type]) => type === 'a')
      assert.deepEqual(shown(await store.list({ type: 'a' })), ofA)
      assert.deepEqual(shown(await store.list({ type: 'A' })), [['A', 'z']])
      assert.deepEqual(await store.list({ type: 'c' }), [])
      assert.deepEqual(await store.list({ type: '__proto__' }), [])
    })

    on('goes page by page, each record once', async (store) => {
      await fill(store)
      for (const limit of [1, 2, 5, 12, 1_000]) {
        const seen = await readPages(store, { limit })
        assert.deepEqual(shown(seen), IN_ORDER, `${limit} a page`)
        const ofA = await readPages(store, { limit, type: 'a' })
        assert.deepEqual(shown(ofA), shown(await store.list({ type: 'a' })), `${limit} a page`)
      }
    })

    on('goes on behind a device that is not there', async (store) => {
      await fill(store)
      const after = { type: 'a', id: '3' }
      assert.deepEqual(shown(await store.list({ after, limit: 2 })), IN_ORDER.slice(4, 6))
      assert.deepEqual(await store.list({ after: { type: 'z', id: '0' } }), [])
      assert.equal((await store.list({ after: { type: ' ', id: ' ' } })).length, IN_ORDER.length)
      assert.deepEqual(await store.list({ type: 'a', after: { type: 'b', id: '0' } }), [])
    })

    on('returns 100 unless told otherwise, revoked ones too', async (store) => {
      for (let i = 0; i < 103; i++) {
        const id = `P-${String(i).padStart(3, '0')}`
        await store.insert(record('pump', id, { revoked: i % 2 === 0 }))
      }
      assert.equal((await store.list()).length, 100)
      assert.equal((await store.list({ limit: 1_000 })).length, 103)
      assert.equal((await readPages(store, {})).length, 103)
    })
  })
}

/** Reads a listing to its end, each page behind the last record of the page before. */
async function readPages(store: DeviceStore, options: ListOptions): Promise<DeviceRecord[]> {
  const seen: DeviceRecord[] = []
  for (let page = await store.list(options); page.length > 0; ) {
    seen.push(...page)
    const { type, id } = page.at(-1)!
    page = await store.list({ ...options, after: { type, id } })
  }
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
