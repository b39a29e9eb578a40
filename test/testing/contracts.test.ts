/**
 * The contracts notice what is not kept: each of these stores and keys breaks one promise.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type DeviceStore, type ExpiringKeys, memoryKeys, memoryStore } from '../../src/index.ts'
import {
  brokerContract,
  type Contract,
  keysContract,
  storeContract,
} from '../../src/testing/index.ts'

/** The names of the cases that fail. */
async function failuresOf<Subject>(
  contract: Contract<Subject>,
  subject: Subject,
): Promise<readonly string[]> {
  const outcomes = await Promise.allSettled(contract.map(({ run }) => run(subject)))
  return contract.filter((_, i) => outcomes[i]?.status === 'rejected').map(({ name }) => name)
}

describe('a store', () => {
  for (const [what, change, failure] of [
    ['that keeps everything', () => ({}), undefined],
    [
      'that finds by another spelling',
      (store) => ({ get: (type, id) => store.get(type.toLowerCase(), id) }),
      'reading: names are compared exactly',
    ],
    [
      'that overwrites a device',
      (store) => ({ insert: (record) => store.insert(record).catch(() => {}) }),
      'inserting: a device that is there already is refused, and nothing written',
    ],
    [
      'that writes any revision',
      (store) => ({ update: (record) => store.update(record).catch(() => {}) }),
      'updating: any other revision is refused, and nothing written',
    ],
    [
      'that removes nothing',
      () => ({ delete: async () => {} }),
      'deleting: a record of the revision is gone, and its names are free',
    ],
    [
      'that lists the first page alone',
      (store) => ({ list: async (query) => ({ records: (await store.list(query)).records }) }),
      'listing: goes page by page, each record once, and keeps to the limit',
    ],
    [
      'that refuses in words of its own',
      (store) => ({ insert: (record) => store.insert(record).catch(() => refuse('23505')) }),
      'inserting: a revoked device keeps its id and its user name',
    ],
  ] as readonly [string, (store: DeviceStore) => Partial<DeviceStore>, string | undefined][]) {
    test(`${what}: ${failure ?? 'nothing fails'}`, async () => {
      let closed = 0
      const failures = await failuresOf(storeContract, () => {
        const store = memoryStore()
        return { store: { ...store, ...change(store) }, close: async () => void closed++ }
      })
      if (failure === undefined) assert.deepEqual(failures, [])
      else assert.ok(failures.includes(failure), failures.join('\n'))
      assert.equal(closed, storeContract.length)
    })
  }
})

describe('keys', () => {
  for (const [what, change, failure] of [
    ['that keep everything', () => ({}), undefined],
    [
      'that never end',
      (keys) => ({ set: (key, value) => keys.set(key, value, 86_400) }),
      'keys: a key ends by itself, and what was set again ends later',
    ],
    [
      'that are set though they are there',
      (keys) => ({
        async setIfAbsent(key, value, lifetime) {
          await keys.set(key, value, lifetime)
          return true
        },
      }),
      'keys: a key that has a value is not set where it has to be absent',
    ],
    [
      'that compare by halves',
      (keys) => ({
        async compareAndSet(key, expected, value, lifetime) {
          const known = await keys.get(key)
          if (known?.trim() !== expected.trim()) return false
          await keys.set(key, value, lifetime)
          return true
        },
      }),
      'keys: a key is set where it has the expected value, and nowhere else',
    ],
  ] as readonly [string, (keys: ExpiringKeys) => Partial<ExpiringKeys>, string | undefined][]) {
    test(`${what}: ${failure ?? 'nothing fails'}`, async () => {
      const failures = await failuresOf(keysContract, () => {
        const keys = memoryKeys()
        return { keys: { ...keys, ...change(keys) } }
      })
      if (failure === undefined) assert.deepEqual(failures, [])
      else assert.ok(failures.includes(failure), failures.join('\n'))
    })
  }
})

test('no two cases of a contract have one name', () => {
  for (const contract of [storeContract, keysContract, brokerContract]) {
    const names = contract.map(({ name }) => name)
    assert.deepEqual([...new Set(names)], names)
  }
})

async function refuse(code: string): Promise<never> {
  throw Object.assign(new Error(code), { code })
}
