/**
 * Under which client ids somebody may log in at a broker that finds sessions by client id.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type BrokerFacts, createFleet, memoryStore } from '../../src/index.ts'
import { HUB_PASSWORD, makeFleet, pump, weatherStation } from './fixture.ts'

const BY_CLIENT_ID: BrokerFacts = {
  qos: true,
  retain: true,
  share: true,
  clientId: true,
  separators: '',
}
const BY_USER_NAME: BrokerFacts = { ...BY_CLIENT_ID, sessionsBy: 'user-name' }
const TELLS_NONE: BrokerFacts = { ...BY_CLIENT_ID, clientId: false }

async function site() {
  const store = memoryStore()
  const fleet = makeFleet({
    store,
    pepper: 'a pepper of more than 16 bytes',
    services: [
      { username: 'hub', password: HUB_PASSWORD, rules: 'hub', clientIds: ['old-hub'] },
      { username: 'viewer', password: 'the password of a viewer', rules: [] },
    ],
  })
  const one = await fleet.provision(pump, 'P-1')
  const two = await fleet.provision(pump, 'P-2', { clientIds: ['legacy-2', 'site/2'] })
  const named = await fleet.provision(pump, 'P-3', { username: 'serial-3' })
  return { fleet, store, one, two, named }
}

describe('a login with the right password', () => {
  const rows: [
    who: 'one' | 'two' | 'named' | 'hub',
    clientId: string | undefined,
    isIn: boolean,
  ][] = [
    ['one', 'pump/P-1', true],
    ['one', 'pump/P-1//b', true],
    ['one', 'pump/P-1///c-1', true],
    ['two', 'pump/P-2', true],
    ['two', 'legacy-2', true],
    ['two', 'site/2', true],
    ['named', 'serial-3', true],
    ['named', 'serial-3//b', true],
    ['hub', 'hub', true],
    ['hub', 'hub//1', true],
    ['hub', 'old-hub', true],
    ['one', undefined, false],
    ['one', '', false],
    ['one', 'c-1', false],
    ['one', 'pump/P-2', false],
    ['one', 'pump/P-2//b', false],
    ['one', 'pump/P-10', false],
    ['one', 'pump/P-1/b', false],
    ['one', 'legacy-2', false],
    ['one', 'hub', false],
    ['one', 'hub//1', false],
    ['one', 'old-hub', false],
    ['two', 'legacy-2//b', false],
    ['two', 'pump/P-1', false],
    ['named', 'pump/P-3', false],
    ['hub', 'hub2', false],
    ['hub', 'hub/1', false],
    ['hub', 'viewer', false],
    ['hub', 'devicehub-0123456789abcdef', false],
  ]
  for (const [who, clientId, isIn] of rows) {
    test(`of ${who}, client id ${clientId}: ${isIn ? 'in' : 'denied'}`, async () => {
      const { fleet, ...devices } = await site()
      const login =
        who === 'hub' ? { username: 'hub', password: HUB_PASSWORD } : { ...devices[who] }
      const { username, password } = login
      const request = { username, password, clientId }
      const at = await fleet.authenticate({ ...request, facts: BY_CLIENT_ID })
      assert.equal(at.effect === 'allow' ? 'in' : at.code, isIn ? 'in' : 'client-id-foreign')
      // Where it decides nothing, it is no matter.
      for (const broker of [BY_USER_NAME, TELLS_NONE, undefined]) {
        const elsewhere = await fleet.authenticate({ ...request, ...(broker && { facts: broker }) })
        assert.equal(elsewhere.effect, 'allow')
      }
      const any = await fleet.authenticate({ ...request, facts: BY_CLIENT_ID, anyClientId: true })
      assert.equal(any.effect, 'allow')
      // Who does not know the password is not told whose client id it is.
      const wrong = await fleet.authenticate({
        ...request,
        password: `${password}0`,
        facts: BY_CLIENT_ID,
      })
      assert.equal(wrong.effect === 'deny' && wrong.code, 'password-wrong')
    })
  }

  test('of the holder of a token: its user name, alone or with a suffix', async () => {
    const { fleet } = await site()
    const rules = [{ effect: 'allow', actions: ['subscribe'], filter: 'news' }] as const
    const { username, password } = fleet.issueToken({ rules })
    const other = fleet.issueToken({ rules }).username
    const rows = [
      [username, true],
      [`${username}//tab`, true],
      [other, false],
      ['pump/P-1', false],
    ] as const
    for (const [clientId, isIn] of rows) {
      const login = await fleet.authenticate({ username, password, clientId, facts: BY_CLIENT_ID })
      assert.equal(login.effect, isIn ? 'allow' : 'deny', clientId)
    }
  })

  test('of a device on record with a list that is none: as without one', async () => {
    const { fleet, store, one } = await site()
    const record = (await store.get('pump', 'P-1'))!
    const odd = { ...record, clientIds: 'pump/P-2', revision: record.revision + 1 }
    await store.update(odd as never)
    const as = (clientId: string) => fleet.authenticate({ ...one, clientId, facts: BY_CLIENT_ID })
    assert.equal((await as('pump/P-1')).effect, 'allow')
    assert.equal((await as('pump/P-2')).effect, 'deny')
  })
})

describe('the list of a device', () => {
  test('is changed by an update, and stays with others', async () => {
    const { fleet, store, two } = await site()
    const as = (clientId: string) => fleet.authenticate({ ...two, clientId, facts: BY_CLIENT_ID })
    await fleet.update(pump, 'P-2', { attributes: { site: 'north' } })
    assert.equal((await as('legacy-2')).effect, 'allow')
    await fleet.update(pump, 'P-2', { clientIds: ['legacy-9'] })
    assert.equal((await as('legacy-9')).effect, 'allow')
    assert.equal((await as('legacy-2')).effect, 'deny')
    await fleet.update(pump, 'P-2', { clientIds: [] })
    assert.equal((await as('legacy-9')).effect, 'deny')
    assert.equal((await as('pump/P-2')).effect, 'allow')
    assert.deepEqual((await store.get('pump', 'P-2'))!.attributes, { site: 'north' })
  })

  const taken: [title: string, clientId: string][] = [
    ['a service account', 'hub'],
    ['a client id of one', 'old-hub'],
    ['another device', 'pump/P-1'],
    ['a device that is not there yet', 'pump/P-99'],
    ['a device of another type', 'weatherstation/P-1'],
    ['a device with a user name of its own', 'serial-3'],
    ['a token', 'token:AAAAAAAAAAAAAAAAAAAAAA'],
  ]
  for (const [title, clientId] of taken) {
    test(`cannot hold the name of ${title}, and nothing is written`, async () => {
      const { fleet, store } = await site()
      const before = await store.get('pump', 'P-2')
      const refusal = { name: 'ConfigError', key: 'clientIds.1' }
      const clientIds = ['own-1', clientId]
      await assert.rejects(fleet.update(pump, 'P-2', { clientIds }), refusal)
      assert.deepEqual(await store.get('pump', 'P-2'), before)
      await assert.rejects(fleet.provision(pump, 'P-4', { clientIds }), refusal)
      await assert.rejects(fleet.provision(weatherStation, 'S-4', { clientIds }), refusal)
      assert.equal(await store.get('pump', 'P-4'), undefined)
    })
  }

  test('may hold its own user name, and words that are nobody’s', async () => {
    const { fleet, store } = await site()
    const clientIds = ['pump/P-5', 'valve/5', 'pump', 'pump/b/c', 'legacy-5']
    await fleet.provision(pump, 'P-5', { clientIds })
    assert.deepEqual((await store.get('pump', 'P-5'))?.clientIds, clientIds)
  })

  test('must be one', async () => {
    const { fleet } = await site()
    const clientIds = ['pump/P-6//b']
    await assert.rejects(fleet.provision(pump, 'P-6', { clientIds }), {
      name: 'ConfigError',
      key: 'clientIds.0',
    })
  })

  test('no device gets a user name that is in the list of a service account', async () => {
    const { fleet } = await site()
    const made = fleet.provision(pump, 'P-7', { username: 'old-hub' })
    await assert.rejects(made, { name: 'DeviceExistsError', field: 'user name' })
  })
})

describe('the list of a service account', () => {
  test('may hold its own user name', () => {
    const password = 'the password of a service'
    const services = [
      { username: 'hub', password, rules: 'hub', clientIds: ['hub', 'hub-1'] },
    ] as const
    const [hub] = createFleet({ types: [pump], store: memoryStore(), services }).serviceAccounts()
    assert.deepEqual(hub?.principal.clientIds, ['hub', 'hub-1'])
  })

  const rows: [clientIds: unknown, key: string][] = [
    [['viewer'], 'services.0.clientIds.0'],
    [['pump/P-1'], 'services.0.clientIds.0'],
    [['ok', 'token:abc'], 'services.0.clientIds.1'],
    [['ok', 'hub//1'], 'services.0.clientIds.1'],
    [['shared'], 'services.1.clientIds.0'],
    ['hub-1', 'services.0.clientIds'],
  ]
  for (const [clientIds, key] of rows) {
    test(`cannot be ${JSON.stringify(clientIds)}`, () => {
      const password = 'the password of a service'
      const services = [
        { username: 'hub', password, rules: 'hub', clientIds: clientIds as string[] },
        { username: 'viewer', password, rules: [], clientIds: ['shared'] },
      ] as const
      const make = () => createFleet({ types: [pump], store: memoryStore(), services })
      assert.throws(make, { name: 'ConfigError', key })
    })
  }
})
