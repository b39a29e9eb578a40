/**
 * What plain JavaScript may get wrong: each slip is an error that names the key.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createFleet, type FleetOptions, memoryKeys, memoryStore } from '../../src/index.ts'
import { makeFleet, pump } from './fixture.ts'

const PEPPER = 'a pepper of more than 16 bytes'
const good = { types: [pump], store: memoryStore() }
const { list: _list, ...withoutList } = memoryStore()
const { filters: _filters, ...withoutFilters } = memoryStore()
const { compareAndSet: _set, ...withoutSet } = memoryKeys()

describe('createFleet refuses', () => {
  const rows: readonly [title: string, options: unknown, key: string][] = [
    ['nothing', undefined, 'options'],
    ['null', null, 'options'],
    ['a list', [good], 'options'],
    ['a misspelt pepper', { ...good, peper: PEPPER }, 'peper'],
    ['a misspelt key beside the right one', { ...good, pepper: PEPPER, Pepper: 'x' }, 'Pepper'],
    ['an option of something else', { ...good, brokers: {} }, 'brokers'],
    ['no types', { store: memoryStore() }, 'types'],
    ['types that are no list', { ...good, types: pump }, 'types'],
    ['a name for a type', { ...good, types: [pump, 'valve'] }, 'types.1'],
    ['a definition for a type', { ...good, types: [{ data: pump.data }] }, 'types.0'],
    ['half a type', { ...good, types: [{ ...pump, commands: undefined }] }, 'types.0'],
    ['a type without rules', { ...good, types: [{ ...pump, rules: undefined }] }, 'pump.rules'],
    ['no type at all in a place', { ...good, types: [undefined] }, 'types.0'],
    ['no store', { types: [pump] }, 'store'],
    ['a function for a store', { ...good, store: memoryStore }, 'store'],
    ['a store without a method', { ...good, store: withoutList }, 'store.list'],
    [
      'a store with a field for a method',
      { ...good, store: { ...good.store, get: 7 } },
      'store.get',
    ],
    ['a store that does not say its filters', { ...good, store: withoutFilters }, 'store.filters'],
    ['re-hashing without a pepper', { ...good, rehash: true }, 'pepper'],
    ['re-hashing by a word', { ...good, pepper: PEPPER, rehash: 'true' }, 'rehash'],
    ['re-hashing by a null', { ...good, pepper: PEPPER, rehash: null }, 'rehash'],
    ['keys without a method', { ...good, keys: withoutSet }, 'keys.compareAndSet'],
    ['a name for keys', { ...good, keys: 'redis' }, 'keys'],
    ['services that are no list', { ...good, services: { hub: {} } }, 'services'],
    ['a service that is none', { ...good, services: ['hub'] }, 'services.0'],
    [
      'a misspelt list of client ids of a service',
      { ...good, services: [{ username: 'hub', password: PEPPER, rules: 'hub', clientIDs: [] }] },
      'services.0.clientIDs',
    ],
  ]
  for (const [title, options, key] of rows) {
    test(title, () => {
      assert.throws(
        () => createFleet(options as FleetOptions),
        (error) => {
          const { name, code, key: at, message } = error as Error & { code: unknown; key: unknown }
          assert.deepEqual([name, code, at], ['ConfigError', 'ERR_CONFIG', key])
          assert.ok(!message.includes(PEPPER))
          return true
        },
      )
    })
  }

  test('nothing else: a store may be of a class, and a type that was copied is one', () => {
    class Store {
      readonly filters = [] as const
      get = good.store.get
      findByUsername = good.store.findByUsername
      insert = good.store.insert
      update = good.store.update
      delete = good.store.delete
      list = good.store.list
    }
    const [copy, store] = [{ ...pump }, new Store()]
    const fleet = createFleet({ types: [copy], store, pepper: undefined })
    assert.equal(fleet.topics(copy).name('P-1', 'data'), 'things/pump/P-1/data')
    assert.equal(fleet.store, store)
    assert.deepEqual(createFleet({ types: [], store, keys: memoryKeys(), rehash: false }).types, [])
  })
})

describe('an option that means nothing is refused', () => {
  const rows = [
    ['provision', { usrname: 'x' }, 'usrname'],
    ['provision', { username: 'x', values: {} }, 'values'],
    ['provision', [], 'options'],
    ['importDevice', { clientIDs: [] }, 'clientIDs'],
    ['rotate', { overlapping: 7 }, 'overlapping'],
    ['rotate', 7, 'options'],
    ['update', { rules: [], attribute: {} }, 'attribute'],
    ['update', { username: 'x' }, 'username'],
    ['update', null, 'options'],
    ['issueToken', { rules: [], expires: 7 }, 'expires'],
    ['issueToken', undefined, 'options'],
  ] as const
  for (const [method, given, key] of rows) {
    test(`of ${method}: ${JSON.stringify(given)}`, async () => {
      const fleet = makeFleet({ pepper: PEPPER })
      await fleet.provision(pump, 'P-1')
      fleet.onChange('test', () => assert.fail('nothing was changed'))
      const options = given as never
      const hash = `$scrypt$ln=1,r=1,p=1$${'A'.repeat(22)}$${'A'.repeat(43)}`
      const call = async (): Promise<unknown> => {
        if (method === 'provision') return fleet.provision(pump, 'P-2', options)
        if (method === 'importDevice') {
          return fleet.importDevice(pump, 'P-2', hash, options)
        }
        if (method === 'issueToken') return fleet.issueToken(options)
        return fleet[method](pump, 'P-1', options)
      }
      await assert.rejects(call, { name: 'ConfigError', key })
      assert.equal((await fleet.list()).records.length, 1)
      assert.equal((await fleet.store.get('pump', 'P-1'))?.revision, 1)
    })
  }
})
