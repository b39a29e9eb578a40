/**
 * Devices and service accounts whose passwords come from elsewhere.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { hashPassword, type LoginDenial, memoryStore } from '../../src/index.ts'
import { DJANGO, MORE, MOSQUITTO, PASSWORD, SCRYPT } from '../credential/fixture.ts'
import { HUB_PASSWORD, makeFleet, pump, tampering, weatherStation } from './fixture.ts'

const store = memoryStore()
const fleet = makeFleet({ store, pepper: 'a pepper of more than 16 bytes' })

describe('importDevice', () => {
  test('tells everything but a password', async () => {
    assert.deepEqual(await fleet.importDevice(pump, 'I-1', DJANGO), {
      kind: 'provisioned',
      type: 'pump',
      id: 'I-1',
      username: 'pump/I-1',
      topics: {
        data: 'things/pump/I-1/data',
        status: 'things/pump/I-1/status',
        cmd: 'things/pump/I-1/cmd',
        reply: 'things/pump/I-1/reply',
      },
      done: [],
      failed: [],
    })
  })

  test('puts the hash on record as it is, with what provision would', async () => {
    const options = { username: 'old-7', rules: [], attributes: { site: 'north' } }
    await fleet.importDevice(pump, 'I-2', MOSQUITTO, options)
    const record = await store.findByUsername('old-7')
    assert.ok(record)
    assert.equal(record.id, 'I-2')
    assert.deepEqual(record.attributes, { site: 'north' })
    assert.deepEqual(
      record.credentials.map(({ kind, hash }) => ({ kind, hash })),
      [{ kind: 'password', hash: MOSQUITTO }],
    )
  })

  const refused: [title: string, call: () => Promise<unknown>, error: object][] = [
    [
      'a password in the clear',
      () => fleet.importDevice(pump, 'I-9', PASSWORD),
      { name: 'ConfigError', key: 'passwordHash' },
    ],
    [
      'a generated secret’s hash',
      () => fleet.importDevice(pump, 'I-9', `$dh-sha256$${'0'.repeat(64)}`),
      { name: 'ConfigError', key: 'passwordHash' },
    ],
    [
      'too many rounds',
      () => fleet.importDevice(pump, 'I-9', DJANGO.replace('260000', '1000000000000')),
      { name: 'ConfigError', key: 'passwordHash' },
    ],
    [
      'nothing',
      () => fleet.importDevice(pump, 'I-9', undefined as never),
      { name: 'ConfigError', key: 'passwordHash' },
    ],
    [
      'a device that is there',
      () => fleet.importDevice(pump, 'I-1', DJANGO),
      { name: 'DeviceExistsError' },
    ],
    ['an id with "/"', () => fleet.importDevice(pump, 'I/9', DJANGO), { name: 'InvalidNameError' }],
    [
      'a type of another fleet',
      () => makeFleet({ types: [weatherStation] }).importDevice(pump, 'I-9', DJANGO),
      { name: 'ConfigError', key: 'types' },
    ],
  ]
  for (const [title, call, error] of refused) {
    test(`refuses ${title}, and writes nothing`, async () => {
      await assert.rejects(call, error)
      assert.equal(await store.get('pump', 'I-9'), undefined)
    })
  }
})

const hashes: [title: string, hash: string][] = [
  ['Django', DJANGO],
  ['Mosquitto', MOSQUITTO],
  ['scrypt', SCRYPT],
  ['hashPassword', await hashPassword(PASSWORD)],
]
for (const [i, [title, hash]] of hashes.entries()) {
  describe(`with a password of ${title}`, () => {
    const username = `pump/L-${i}`
    const services = [{ username: 'robot', passwordHash: hash, rules: [] }]
    const served = makeFleet({ services })

    async function outcome(login: { username: string; password: string }, on = fleet) {
      const answer = await on.authenticate(login)
      return answer.effect === 'allow' ? answer.principal.kind : answer.code
    }

    test('a device is let in, and again', async () => {
      await fleet.importDevice(pump, `L-${i}`, hash)
      for (let k = 0; k < 2; k++) {
        assert.equal(await outcome({ username, password: PASSWORD }), 'device')
      }
    })

    test('a service account is let in', async () => {
      assert.equal(await outcome({ username: 'robot', password: PASSWORD }, served), 'service')
    })

    const denials: [
      title: string,
      login: { username: string; password: string },
      reason: LoginDenial,
    ][] = [
      ['a wrong password', { username, password: 'wrong' }, 'password-wrong'],
      ['an empty one', { username, password: '' }, 'password-wrong'],
      ['its hash', { username, password: hash }, 'password-wrong'],
      ['the hub’s', { username, password: HUB_PASSWORD }, 'password-wrong'],
      ['the right one of nobody', { username: 'pump/X', password: PASSWORD }, 'principal-unknown'],
      ['the right one as the hub', { username: 'hub', password: PASSWORD }, 'password-wrong'],
    ]
    for (const [what, login, reason] of denials) {
      test(`${what} is denied: ${reason}`, async () => assert.equal(await outcome(login), reason))
    }

    test('a wrong one of a service account is denied', async () => {
      const wrong = { username: 'robot', password: 'wrong' }
      assert.equal(await outcome(wrong, served), 'password-wrong')
    })

    test('a revoked device is denied at once, whatever is remembered', async () => {
      assert.equal(await outcome({ username, password: PASSWORD }), 'device')
      await fleet.revoke(pump, `L-${i}`)
      assert.equal(await outcome({ username, password: PASSWORD }), 'revoked')
      assert.equal(await outcome({ username, password: 'wrong' }), 'password-wrong')
    })
  })
}

describe('a changed credential', () => {
  test('is the one that counts from then on', async () => {
    await fleet.importDevice(pump, 'C-1', MOSQUITTO)
    const login = (password: string) => fleet.authenticate({ username: 'pump/C-1', password })
    assert.equal((await login(PASSWORD)).effect, 'allow')
    const record = await store.get('pump', 'C-1')
    assert.ok(record)
    const [, other, password] = MORE[5]!
    const credentials = [{ ...record.credentials[0]!, hash: other }]
    await store.update({ ...record, credentials, revision: 2 })
    assert.equal((await login(PASSWORD)).effect, 'deny')
    assert.equal((await login(password)).effect, 'allow')
  })

  const broken = ['', 'pbkdf2_sha256$', PASSWORD, DJANGO.replace('260000', '10000001'), null, 7]
  for (const hash of broken) {
    test(`to ${JSON.stringify(hash)} lets nobody in`, async () => {
      const inner = memoryStore()
      await makeFleet({ store: inner }).importDevice(pump, 'C-2', DJANGO)
      const changed = tampering(inner, (found) => ({
        ...found,
        credentials: [{ ...found.credentials[0], hash }],
      }))
      const login = { username: 'pump/C-2', password: PASSWORD }
      const expected = { effect: 'deny', code: 'password-wrong' }
      assert.deepEqual(await makeFleet({ store: changed }).authenticate(login), expected)
    })
  }
})

describe('a service account', () => {
  const refused: [title: string, service: object, key: string][] = [
    ['a hash of no known format', { passwordHash: 'x' }, 'services.0.passwordHash'],
    ['a null for a hash', { passwordHash: null }, 'services.0.passwordHash'],
    [
      'a password beside the hash',
      { passwordHash: DJANGO, password: HUB_PASSWORD },
      'services.0.passwordHash',
    ],
    ['neither', {}, 'services.0.password'],
    ['a short password', { password: 'short' }, 'services.0.password'],
  ]
  for (const [title, service, key] of refused) {
    test(`with ${title} is refused`, () => {
      const services = [{ username: 'robot', rules: [], ...service }] as never
      assert.throws(() => makeFleet({ services }), { name: 'ConfigError', key })
    })
  }
})
