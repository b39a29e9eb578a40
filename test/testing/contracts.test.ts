/**
 * The contracts notice what is not kept: each of these stores, keys and brokers breaks one promise.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  type DeviceStore,
  type ExpiringKeys,
  memoryBroker,
  memoryKeys,
  memoryServer,
  memoryStore,
} from '../../src/index.ts'
import {
  brokerContract,
  type Contract,
  changeFeedContract,
  deviceStatesContract,
  type FaultOptions,
  faultyBroker,
  insertManyContract,
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

describe('a broker', () => {
  for (const [what, faults, failure] of [
    ['that keeps everything', {}, undefined],
    [
      'that loses the first message',
      { onReceive: (_, index) => (index === 0 ? 'drop' : undefined) },
      'delivery: delivers to a matching filter on another connection',
    ],
    [
      'that hands messages over twice',
      { onReceive: () => 'duplicate' },
      'subscriptions: a filter subscribed twice stays one subscription',
    ],
    [
      'that keeps no order',
      { onReceive: (_, index) => (index % 2 === 0 ? { delay: 0.01 } : undefined) },
      'delivery: messages of one publisher arrive in order',
    ],
  ] as readonly [string, FaultOptions, string | undefined][]) {
    test(`${what}: ${failure ?? 'nothing fails'}`, async () => {
      const server = memoryServer()
      // Those that wait for what never comes would take their time.
      const cases = brokerContract.filter(({ name }) => !failure || name === failure)
      const failures = await failuresOf(cases, {
        open: (options) => faultyBroker(memoryBroker(server, options), faults),
        openLosable() {
          const broker = memoryBroker(server)
          return { broker, lose: () => server.cut(broker) }
        },
      })
      assert.deepEqual(failures, failure === undefined ? [] : [failure])
    })
  }

  test('whose connection nobody can lose fails in the cases of wills', async () => {
    const server = memoryServer()
    const failures = await failuresOf(brokerContract, {
      open: (options) => memoryBroker(server, options),
    })
    assert.ok(failures.length > 0 && failures.every((name) => name.startsWith('wills: ')))
  })
})

test('no two cases of a contract have one name', () => {
  for (const contract of [
    storeContract,
    deviceStatesContract,
    insertManyContract,
    keysContract,
    changeFeedContract,
    brokerContract,
  ]) {
    const names = contract.map(({ name }) => name)
    assert.deepEqual([...new Set(names)], names)
  }
})

async function refuse(code: string): Promise<never> {
  throw Object.assign(new Error(code), { code })
}
