/**
 * One pepper takes the place of another: no device is refused on the way, and it shows when the older one
 * can be dropped.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  type DeviceStore,
  type Fleet,
  type FleetOptions,
  memoryStore,
  type PepperOption,
} from '../../src/index.ts'
import { MORE, PASSWORD } from '../credential/fixture.ts'
import { contested, makeFleet, pump } from './fixture.ts'

const OLD = 'the pepper of the first year'
const NEW = 'the pepper of the year after'
/** Of {@link PASSWORD}, with 1,000 rounds. */
const CHEAP = MORE[3]![1]

async function outcome(fleet: Fleet, id: string, password: string) {
  const login = await fleet.authenticate({ username: `pump/${id}`, password })
  return login.effect === 'allow' ? 'allow' : login.code
}

const under = (store: DeviceStore, pepper: PepperOption, options: Partial<FleetOptions> = {}) =>
  makeFleet({ store, pepper, ...options })

/** A store that counts its updates, and may do something else instead. */
function counted(store = memoryStore(), update?: DeviceStore['update']) {
  const told = { updates: 0 }
  const counting: DeviceStore = {
    ...store,
    update(record) {
      told.updates++
      return update ? update(record) : store.update(record)
    },
  }
  return { store: counting, told }
}

describe('a pepper takes the place of another', () => {
  test('in three steps, and every device logs in at each process all the time', async () => {
    const store = memoryStore()
    const passwords = new Map<string, string>()
    const provision = async (fleet: Fleet, id: string) => {
      passwords.set(id, (await fleet.provision(pump, id)).password)
    }
    const everyone = async (...fleets: readonly Fleet[]) => {
      for (const fleet of fleets) {
        for (const [id, password] of passwords) {
          assert.equal(await outcome(fleet, id, password), 'allow', id)
        }
      }
    }
    const before = under(store, OLD)
    await provision(before, 'P-0')
    const knowing = under(store, [OLD, NEW])
    await provision(knowing, 'P-1')
    await everyone(before, knowing)
    const taking = under(store, [NEW, OLD])
    assert.deepEqual(await taking.pepperUse(), { first: 0, older: 2, unmarked: 0, unknown: 0 })
    await provision(taking, 'P-2')
    await everyone(knowing, taking)
    assert.deepEqual(await taking.pepperUse(), { first: 3, older: 0, unmarked: 0, unknown: 0 })
    await everyone(under(store, NEW), taking)
    assert.equal(await outcome(before, 'P-0', passwords.get('P-0')!), 'password-wrong')
  })

  test('and who did not log in meanwhile is counted, and refused without it', async () => {
    const store = memoryStore()
    const [awake, asleep] = [
      await under(store, OLD).provision(pump, 'awake'),
      await under(store, OLD).provision(pump, 'asleep'),
    ]
    const fleet = under(store, [NEW, OLD])
    await outcome(fleet, 'awake', awake.password)
    assert.deepEqual(await fleet.pepperUse(), { first: 1, older: 1, unmarked: 0, unknown: 0 })
    const after = under(store, NEW)
    assert.deepEqual(await after.pepperUse(), { first: 1, older: 0, unmarked: 0, unknown: 1 })
    assert.equal(await outcome(after, 'asleep', asleep.password), 'password-wrong')
    assert.equal(await outcome(after, 'awake', awake.password), 'allow')
  })
})

describe('a right login under an older pepper', () => {
  test('replaces the hash, and nothing else, once', async () => {
    const { store, told } = counted()
    const { password } = await under(store, OLD).provision(pump, 'P-1')
    const before = (await store.get('pump', 'P-1'))!
    const fleet = under(store, [NEW, OLD])
    for (let i = 0; i < 3; i++) assert.equal(await outcome(fleet, 'P-1', password), 'allow')
    const after = (await store.get('pump', 'P-1'))!
    const { hash } = after.credentials[0]!
    assert.equal(fleet.pepperOf({ hash }), 'first')
    assert.deepEqual(after, {
      ...before,
      credentials: [{ ...before.credentials[0]!, hash }],
      revision: 2,
    })
    assert.equal(told.updates, 1)
  })

  test('replaces the one of several passwords that it was', async () => {
    const store = memoryStore()
    const old = under(store, OLD)
    const passwords = [
      (await old.provision(pump, 'P-1')).password,
      (await old.rotate(pump, 'P-1', { overlap: 60 })).password,
      (await old.rotate(pump, 'P-1', { overlap: 60 })).password,
    ]
    const fleet = under(store, [NEW, OLD])
    const marks = async () =>
      (await store.get('pump', 'P-1'))!.credentials.map((one) => fleet.pepperOf(one))
    assert.equal(await outcome(fleet, 'P-1', passwords[1]!), 'allow')
    assert.deepEqual(await marks(), ['older', 'first', 'older'])
    assert.deepEqual(await fleet.pepperUse(), { first: 1, older: 1, unmarked: 0, unknown: 0 })
    for (const password of passwords) assert.equal(await outcome(fleet, 'P-1', password), 'allow')
    assert.deepEqual(await marks(), ['first', 'first', 'first'])
  })

  test('replaces what does not say under which pepper it is', async () => {
    const store = memoryStore()
    const { password } = await under(store, OLD).provision(pump, 'P-1')
    const record = (await store.get('pump', 'P-1'))!
    const hash = record.credentials[0]!.hash.replace(/\$[0-9a-f]{4}\$/, '$')
    await store.update({
      ...record,
      credentials: [{ ...record.credentials[0]!, hash }],
      revision: 2,
    })
    // One pepper alone is what it was before: nothing is to be told apart.
    assert.equal(await outcome(under(store, OLD), 'P-1', password), 'allow')
    assert.equal((await store.get('pump', 'P-1'))!.revision, 2)
    const fleet = under(store, [NEW, OLD])
    assert.deepEqual(await fleet.pepperUse(), { first: 0, older: 0, unmarked: 1, unknown: 0 })
    assert.equal(await outcome(fleet, 'P-1', password), 'allow')
    assert.deepEqual(await fleet.pepperUse(), { first: 1, older: 0, unmarked: 0, unknown: 0 })
  })

  for (const rehash of [true, false]) {
    test(`replaces a chosen one that was hashed anew, with rehash: ${rehash}`, async () => {
      const store = memoryStore()
      const old = under(store, OLD, { rehash: true })
      await old.importDevice(pump, 'P-1', CHEAP)
      assert.equal(await outcome(old, 'P-1', PASSWORD), 'allow')
      const fleet = under(store, [NEW, OLD], { rehash })
      assert.deepEqual(await fleet.pepperUse(), { first: 0, older: 1, unmarked: 0, unknown: 0 })
      assert.equal(await outcome(fleet, 'P-1', PASSWORD), 'allow')
      assert.deepEqual(await fleet.pepperUse(), { first: 1, older: 0, unmarked: 0, unknown: 0 })
      assert.equal(await outcome(under(store, NEW), 'P-1', PASSWORD), 'allow')
      assert.equal(await outcome(under(store, NEW), 'P-1', 'wrong'), 'password-wrong')
    })
  }

  test('replaces no slow hash, which is under no pepper', async () => {
    const { store, told } = counted()
    const fleet = under(store, [NEW, OLD])
    await fleet.importDevice(pump, 'P-1', CHEAP)
    assert.equal(await outcome(fleet, 'P-1', PASSWORD), 'allow')
    assert.deepEqual(await fleet.pepperUse(), { first: 0, older: 0, unmarked: 0, unknown: 0 })
    assert.equal(told.updates, 0)
  })

  test('is the only one that replaces anything', async () => {
    const { store, told } = counted()
    const old = under(store, OLD)
    const gone = await old.provision(pump, 'gone')
    await old.provision(pump, 'P-1')
    await old.revoke(pump, 'gone')
    told.updates = 0
    const fleet = under(store, [NEW, OLD])
    assert.equal(await outcome(fleet, 'P-1', 'wrong'), 'password-wrong')
    assert.equal(await outcome(fleet, 'P-9', 'wrong'), 'principal-unknown')
    assert.equal(await outcome(fleet, 'gone', gone.password), 'revoked')
    assert.equal(told.updates, 0)
    assert.deepEqual(await fleet.pepperUse(), { first: 0, older: 2, unmarked: 0, unknown: 0 })
  })

  for (const [title, change, then] of [
    ['the device is revoked meanwhile', { revoked: true }, 'revoked'],
    ['its passwords are removed meanwhile', { credentials: [] }, 'password-wrong'],
  ] as const) {
    test(`undoes nothing where ${title}`, async () => {
      const store = contested(1, change)
      const { password } = await under(store, OLD).provision(pump, 'P-1')
      const lines: string[] = []
      const write = (line: string) => void lines.push(line)
      const fleet = under(store, [NEW, OLD], { logger: { info: write, warn: write, error: write } })
      assert.equal(await outcome(fleet, 'P-1', password), 'allow')
      assert.equal(await outcome(fleet, 'P-1', password), then)
      assert.deepEqual(lines, [])
    })
  }

  test('stands where the store refuses, which is logged, and counted still', async () => {
    const refuse = () => Promise.reject(new Error('read only'))
    const { store, told } = counted(memoryStore(), refuse)
    const { password } = await under(store, OLD).provision(pump, 'P-1')
    const lines: string[] = []
    const write = (line: string) => void lines.push(line)
    const fleet = under(store, [NEW, OLD], { logger: { info: write, warn: write, error: write } })
    for (let i = 0; i < 3; i++) assert.equal(await outcome(fleet, 'P-1', password), 'allow')
    assert.deepEqual(lines, ['A password of "pump/P-1" could not be hashed anew: Error: read only'])
    // Not asked at each login.
    assert.equal(told.updates, 1)
    assert.deepEqual(await fleet.pepperUse(), { first: 0, older: 1, unmarked: 0, unknown: 0 })
  })
})

test('what is counted are passwords that have not ended, of all pages', async () => {
  const store = memoryStore()
  const old = under(store, OLD)
  await old.provisionMany(
    pump,
    Array.from({ length: 2_001 }, (_, i) => ({ id: `P-${i}` })),
  )
  const fleet = under(store, [NEW, OLD])
  await fleet.rotate(pump, 'P-1')
  await fleet.rotate(pump, 'P-2', { overlap: 60 })
  assert.deepEqual(await fleet.pepperUse(), { first: 2, older: 2_000, unmarked: 0, unknown: 0 })
})

test('a token of an older pepper logs in, and a new one is under the first', async () => {
  const rules = [{ effect: 'allow' as const, actions: ['publish' as const], filter: 'x' }]
  const store = memoryStore()
  const fleet = under(store, [NEW, OLD])
  for (const [from, at, effect] of [
    [under(store, OLD), fleet, 'allow'],
    [fleet, under(store, NEW), 'allow'],
    [fleet, under(store, OLD), 'deny'],
  ] as const) {
    const { username, password } = from.issueToken({ rules })
    assert.equal((await at.authenticate({ username, password })).effect, effect)
  }
})
