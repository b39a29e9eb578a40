/**
 * Who may log in.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  type DeviceRecord,
  type Fleet,
  type Login,
  type LoginDenial,
  type LoginRequest,
  memoryStore,
} from '../../src/index.ts'
import { altered } from '../support/altered.ts'
import { HUB_PASSWORD, makeFleet, pump, tampering, weatherStation } from './fixture.ts'

const PEPPER = 'a pepper of more than 16 bytes'
const store = memoryStore()
const fleet = makeFleet({ store, pepper: PEPPER })
const station = await fleet.provision(weatherStation, 'STATION-001')
const p1 = await fleet.provision(pump, 'P-1')
const legacy = await fleet.provision(pump, 'P-2', { username: 'legacy-7' })
const gone = await fleet.provision(pump, 'P-3')
await fleet.revoke(pump, 'P-3')
const credential = (await store.get('pump', 'P-1'))!.credentials[0]!

async function denial(on: Fleet, login: LoginRequest): Promise<LoginDenial> {
  const outcome = await on.authenticate(login)
  assert.equal(outcome.effect, 'deny')
  assert.deepEqual(Object.keys(outcome).sort(), ['code', 'effect'])
  return (outcome as { code: LoginDenial }).code
}

describe('a login is allowed', () => {
  test('to a device, as that device', async () => {
    const login = await fleet.authenticate({ ...station, clientId: 'c-1' })
    assert.ok(login.effect === 'allow')
    const { rules, ...principal } = login.principal
    assert.deepEqual(principal, {
      kind: 'device',
      username: 'weatherstation/STATION-001',
      device: { type: 'weatherstation', id: 'STATION-001' },
      attributes: {
        prefix: 'things',
        type: 'weatherstation',
        deviceId: 'STATION-001',
        username: 'weatherstation/STATION-001',
        clientId: 'c-1',
      },
    })
    assert.equal(rules.length, 4)
  })

  test('to a device with a user name of its own', async () => {
    const login = await fleet.authenticate(legacy)
    assert.ok(login.effect === 'allow')
    assert.deepEqual(login.principal.device, { type: 'pump', id: 'P-2' })
    assert.equal(login.principal.attributes.username, 'legacy-7')
    assert.equal(login.principal.attributes.clientId, undefined)
  })

  test('to a service account, which is no device', async () => {
    const login = await fleet.authenticate({ username: 'hub', password: HUB_PASSWORD })
    assert.ok(login.effect === 'allow')
    assert.equal(login.principal.kind, 'service')
    assert.equal(login.principal.device, undefined)
  })

  test('with any of a device’s credentials', async () => {
    const [one, other] = [await fleet.provision(pump, 'K-1'), await fleet.provision(pump, 'K-2')]
    const record = await store.get('pump', 'K-1')
    const more = await store.get('pump', 'K-2')
    assert.ok(record && more)
    const credentials = [...record.credentials, ...more.credentials]
    await store.update({ ...record, credentials, revision: 2 })
    for (const password of [one.password, other.password]) {
      assert.equal((await fleet.authenticate({ username: one.username, password })).effect, 'allow')
    }
    const crossed = { username: other.username, password: one.password }
    assert.equal(await denial(fleet, crossed), 'password-wrong')
  })

  test('through another fleet on the same store and pepper', async () => {
    const again = makeFleet({ store, pepper: PEPPER })
    assert.equal((await again.authenticate(p1)).effect, 'allow')
  })
})

describe('a login is denied', () => {
  const rows: [title: string, login: LoginRequest, reason: LoginDenial][] = [
    ['a wrong password', { ...p1, password: altered(p1.password) }, 'password-wrong'],
    ['an empty password', { ...p1, password: '' }, 'password-wrong'],
    ['a truncated password', { ...p1, password: p1.password.slice(0, -1) }, 'password-wrong'],
    ['a longer password', { ...p1, password: `${p1.password} ` }, 'password-wrong'],
    ['a password of a megabyte', { ...p1, password: 'x'.repeat(1_000_000) }, 'password-wrong'],
    ['a password of lone surrogates', { ...p1, password: '\ud83d'.repeat(68) }, 'password-wrong'],
    ['another device’s password', { ...p1, password: station.password }, 'password-wrong'],
    ['the hub’s password', { ...p1, password: HUB_PASSWORD }, 'password-wrong'],
    ['a device’s password for the hub', { ...p1, username: 'hub' }, 'password-wrong'],
    ['an empty password for the hub', { username: 'hub', password: '' }, 'password-wrong'],
    ['the user name as password', { ...p1, password: p1.username }, 'password-wrong'],
    ['an unknown device', { ...p1, username: 'pump/P-9' }, 'principal-unknown'],
    ['an unknown user', { ...p1, username: 'nobody' }, 'principal-unknown'],
    ['the id alone', { ...p1, username: 'P-1' }, 'principal-unknown'],
    ['another spelling', { ...p1, username: 'Pump/P-1' }, 'principal-unknown'],
    ['a space behind the user name', { ...p1, username: 'pump/P-1 ' }, 'principal-unknown'],
    ['a level more', { ...p1, username: 'pump/P-1/' }, 'principal-unknown'],
    [
      'the usual user name where another was given',
      { ...legacy, username: 'pump/P-2' },
      'principal-unknown',
    ],
    ['a "+" for the id', { ...p1, username: 'pump/+' }, 'principal-unknown'],
    ['a "#"', { ...p1, username: '#' }, 'principal-unknown'],
    ['a "%"', { ...p1, username: '%' }, 'principal-unknown'],
    ['__proto__', { ...p1, username: '__proto__' }, 'principal-unknown'],
    ['constructor', { ...p1, username: 'constructor' }, 'principal-unknown'],
    ['NUL behind the user name', { ...p1, username: 'pump/P-1\0' }, 'principal-unknown'],
    ['a lone surrogate', { ...p1, username: '\ud83d' }, 'principal-unknown'],
    ['a user name of a megabyte', { ...p1, username: 'x'.repeat(1_000_000) }, 'principal-unknown'],
    ['a million slashes', { ...p1, username: '/'.repeat(1_000_000) }, 'principal-unknown'],
    ['a revoked device', gone, 'revoked'],
    ['a revoked device and a wrong password', { ...gone, password: 'x' }, 'password-wrong'],
    ['no user name', { ...p1, username: undefined }, 'credentials-missing'],
    ['an empty user name', { ...p1, username: '' }, 'credentials-missing'],
    ['no password', { ...p1, password: undefined }, 'credentials-missing'],
    ['no password for the hub', { username: 'hub', password: undefined }, 'credentials-missing'],
    ['nothing at all', { username: undefined, password: undefined }, 'credentials-missing'],
  ]
  for (const [title, login, reason] of rows) {
    test(`${title}: ${reason}`, async () => assert.equal(await denial(fleet, login), reason))
  }

  test('under another pepper, or none', async () => {
    for (const other of [makeFleet({ store }), makeFleet({ store, pepper: `${PEPPER}!` })]) {
      assert.equal(await denial(other, p1), 'password-wrong')
    }
  })

  test('a device whose type is no longer declared', async () => {
    const without = makeFleet({ store, pepper: PEPPER, types: [weatherStation] })
    assert.equal(await denial(without, p1), 'principal-unknown')
    assert.equal((await without.authenticate(station)).effect, 'allow')
  })

  test('a device whose user name has become a service account’s', async () => {
    const services = [{ username: 'legacy-7', password: 'another password', rules: [] }]
    const later = makeFleet({ store, pepper: PEPPER, services })
    assert.equal(await denial(later, legacy), 'password-wrong')
  })

  test('at once, as it is let in at once, where the store answers at once', () => {
    const at = (login: LoginRequest) => fleet.authenticate(login) as Login
    assert.equal(at({ ...p1, clientId: p1.username }).effect, 'allow')
    assert.equal(at({ ...p1, password: 'x' }).effect, 'deny')
  })

  test('and a user name that nobody can have does not reach the store', async () => {
    const asked: string[] = []
    const watched = makeFleet({
      store: {
        ...store,
        findByUsername: async (username) => {
          asked.push(username)
          return undefined
        },
      },
    })
    for (const username of ['a/b/c', '#', '$SYS', 'a\0', 'x'.repeat(300), 'token:x', 'pump/P-1']) {
      await watched.authenticate({ username, password: 'x' })
    }
    assert.deepEqual(asked, ['pump/P-1'])
  })

  test('with the store’s own error when the store fails', async () => {
    const broken = { ...store, findByUsername: async () => Promise.reject(new Error('no disk')) }
    const fleet = makeFleet({ store: broken })
    await assert.rejects(async () => fleet.authenticate(p1), /no disk/)
  })

  test('and with a rejection when it throws at once', async () => {
    const findByUsername = () => {
      throw new Error('no disk')
    }
    const answer = makeFleet({ store: { ...store, findByUsername } }).authenticate(p1)
    assert.ok(answer instanceof Promise)
    await assert.rejects(answer, /no disk/)
  })
})

describe('a record no fleet would have written lets nobody in', () => {
  const { hash } = credential
  const rows: [title: string, change: Record<string, unknown>, reason: LoginDenial][] = [
    ['without credentials', { credentials: [] }, 'password-wrong'],
    [
      'with a hash that is null',
      { credentials: [{ ...credential, hash: null }] },
      'password-wrong',
    ],
    ['without a hash', { credentials: [{ id: 'c', kind: 'password' }] }, 'password-wrong'],
    ['with an empty hash', { credentials: [{ ...credential, hash: '' }] }, 'password-wrong'],
    ['with a number for a hash', { credentials: [{ ...credential, hash: 0 }] }, 'password-wrong'],
    [
      'with the password in the clear',
      { credentials: [{ ...credential, hash: p1.password }] },
      'password-wrong',
    ],
    [
      'with the hash under another format',
      { credentials: [{ ...credential, hash: hash.replace('hmac-', '') }] },
      'password-wrong',
    ],
    ['with a wildcard for an id', { id: '+' }, 'principal-unknown'],
    ['with "#" for an id', { id: '#' }, 'principal-unknown'],
    ['with two levels for an id', { id: 'P-1/x' }, 'principal-unknown'],
    ['with an empty id', { id: '' }, 'principal-unknown'],
    ['with an id that is no text', { id: 7 }, 'principal-unknown'],
    ['with a type nobody declared', { type: 'valve' }, 'principal-unknown'],
    ['with __proto__ for a type', { type: '__proto__' }, 'principal-unknown'],
    ['with a wildcard for a user name', { username: '+' }, 'principal-unknown'],
    ['with a user name of three levels', { username: 'a/b/c' }, 'principal-unknown'],
    ['with a wildcard for an attribute', { attributes: { site: '+' } }, 'principal-unknown'],
    ['with two levels for an attribute', { attributes: { site: 'a/b' } }, 'principal-unknown'],
    ['without attributes', { attributes: null }, 'principal-unknown'],
    ['with an attribute that is no text', { attributes: { site: null } }, 'principal-unknown'],
    [
      'with a rule of no known effect',
      { rules: [{ effect: 'DENY', actions: ['publish'], filter: '#' }] },
      'principal-unknown',
    ],
    [
      'with a rule without actions',
      { rules: [{ effect: 'deny', filter: '#' }] },
      'principal-unknown',
    ],
    [
      'with a rule whose filter is malformed',
      { rules: [{ effect: 'allow', actions: ['subscribe'], filter: 'x/#/y' }] },
      'principal-unknown',
    ],
    ['with a rule that is null', { rules: [null] }, 'principal-unknown'],
    ['without rules', { rules: undefined }, 'principal-unknown'],
  ]
  for (const [title, change, reason] of rows) {
    test(`${title}: ${reason}`, async () => {
      const tampered = makeFleet({
        store: tampering(store, (record: DeviceRecord) => ({ ...record, ...change })),
        pepper: PEPPER,
      })
      assert.equal(await denial(tampered, p1), reason)
      for (const password of ['', 'null', 'undefined', '0', hash]) {
        assert.equal((await tampered.authenticate({ ...p1, password })).effect, 'deny')
      }
      if (reason === 'principal-unknown') {
        assert.equal(await tampered.findPrincipal(p1.username), undefined)
        const request = { username: p1.username, action: 'publish', topic: p1.topics.data } as const
        assert.equal((await tampered.authorize(request)).code, 'principal-unknown')
      }
    })
  }
})
