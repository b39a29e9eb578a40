/**
 * Chosen passwords of devices that are hashed anew at a right login.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { passwordRehasher } from '../../src/credential/rehashed.ts'
import { REHASH_WAIT_MS } from '../../src/fleet/rehash.ts'
import { MAX_PEER_FAILURES, MAX_USER_FAILURES } from '../../src/fleet/throttle.ts'
import {
  type DeviceRecord,
  type DeviceStore,
  type Fleet,
  type FleetOptions,
  hashPassword,
  memoryKeys,
  memoryStore,
  type StoredCredential,
} from '../../src/index.ts'
import { DJANGO, MORE, MOSQUITTO, PASSWORD, SCRYPT } from '../credential/fixture.ts'
import { fastClock } from '../support/fast-clock.ts'
import { within } from '../support/wait.ts'
import { contested, HUB_PASSWORD, makeFleet, pump } from './fixture.ts'

const pepper = 'a pepper of more than 16 bytes'
const sealingKey = 'a sealing key of at least 32 bytes'
const username = 'pump/P-1'
const REHASHED = /^\$dh-chosen-hmac-sha256\$/
/** Of {@link PASSWORD}, with 1,000 rounds. */
const CHEAP = MORE[3]![1]

/** A fleet with a device that has a password of these formats. */
async function site(hash: string, options: Partial<FleetOptions> = {}) {
  const store = options.store ?? memoryStore()
  const fleet = makeFleet({ store, pepper, rehash: true, ...options })
  await fleet.importDevice(pump, 'P-1', hash)
  return { store, fleet, read: async () => (await store.get('pump', 'P-1'))! }
}

async function outcome(fleet: Fleet, password: string, name = username, peer?: string) {
  const login = await fleet.authenticate({ username: name, password, peer })
  return login.effect === 'allow' ? 'allow' : login.code
}

/** A store that counts its updates, and may do something else instead. */
function counted(update?: DeviceStore['update']) {
  const store = memoryStore()
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

const formats: [title: string, hash: string][] = [
  ['Django', DJANGO],
  ['Mosquitto', MOSQUITTO],
  ['scrypt', SCRYPT],
  ['hashPassword', await hashPassword(PASSWORD)],
]
for (const [title, hash] of formats) {
  describe(`a right login with a hash of ${title}`, () => {
    test('replaces it, and nothing else', async () => {
      const { fleet, read } = await site(hash)
      const before = await read()
      assert.equal(await outcome(fleet, PASSWORD), 'allow')
      const after = await read()
      assert.match(after.credentials[0]!.hash, REHASHED)
      const credentials = [{ ...before.credentials[0]!, hash: after.credentials[0]!.hash }]
      assert.deepEqual(after, { ...before, credentials, revision: 2 })
    })

    test('lets in whoever was let in before, at each process, and nobody else', async () => {
      const { store, fleet } = await site(hash)
      await outcome(fleet, PASSWORD)
      // Another one may be without the setting, or have a longer start.
      for (const rehash of [true, false]) {
        const other = makeFleet({ store, pepper, rehash })
        for (const password of ['wrong', '', hash, HUB_PASSWORD]) {
          assert.equal(await outcome(other, password), 'password-wrong')
        }
        assert.equal(await outcome(other, PASSWORD), 'allow')
        assert.equal(await outcome(other, PASSWORD), 'allow')
      }
      assert.equal(await outcome(fleet, PASSWORD), 'allow')
    })
  })
}

describe('only the credential that matched is replaced', () => {
  const password = MORE[5]![2]
  const credential = (id: string, hash: string, more: object = {}) =>
    ({ id, kind: 'password', hash, createdAt: 7, ...more }) as StoredCredential
  const end = Date.now() + 60_000
  const all = [
    credential('ended', CHEAP, { notAfter: 1 }),
    credential('first', MORE[5]![1], { notAfter: end, label: 'workshop' }),
    credential('second', CHEAP, { sealed: 'as it was' }),
  ]
  const rows: [given: string, replaced: string][] = [
    [PASSWORD, 'second'],
    [password, 'first'],
  ]
  for (const [given, replaced] of rows) {
    test(`the ${replaced} one`, async () => {
      const { store, fleet, read } = await site(CHEAP)
      await store.update({ ...(await read()), credentials: all, revision: 2 })
      assert.equal(await outcome(fleet, given), 'allow')
      const { credentials } = await read()
      for (const [i, { hash, ...others }] of credentials.entries()) {
        const { hash: before, ...othersBefore } = all[i]!
        assert.deepEqual(others, othersBefore)
        if (others.id === replaced) assert.match(hash, REHASHED)
        else assert.equal(hash, before)
      }
      for (const still of [PASSWORD, password]) assert.equal(await outcome(fleet, still), 'allow')
    })
  }

  test('and after a rotation with an overlap both are good', async () => {
    const { fleet, read } = await site(CHEAP)
    const rotated = await fleet.rotate(pump, 'P-1', { overlap: 60 })
    assert.equal(await outcome(fleet, PASSWORD), 'allow')
    const { credentials } = await read()
    assert.match(credentials[0]!.hash, REHASHED)
    assert.ok(credentials[0]!.notAfter)
    assert.match(credentials[1]!.hash, /^\$dh-hmac-sha256\$/)
    assert.equal(await outcome(fleet, rotated.password), 'allow')
    assert.equal(await outcome(fleet, PASSWORD), 'allow')
  })
})

describe('nothing is written', () => {
  const rows: [title: string, options: Partial<FleetOptions>, password: string, code: string][] = [
    ['without the setting', { rehash: false }, PASSWORD, 'allow'],
    ['for a wrong password', {}, 'wrong', 'password-wrong'],
  ]
  for (const [title, options, password, code] of rows) {
    test(title, async () => {
      const { fleet, read } = await site(CHEAP, options)
      for (let i = 0; i < 2; i++) assert.equal(await outcome(fleet, password), code)
      const { credentials, revision } = await read()
      assert.deepEqual([credentials[0]!.hash, revision], [CHEAP, 1])
    })
  }

  test('for a revoked device', async () => {
    const { fleet, read } = await site(CHEAP)
    await fleet.revoke(pump, 'P-1')
    assert.equal(await outcome(fleet, PASSWORD), 'revoked')
    assert.equal((await read()).credentials[0]!.hash, CHEAP)
  })

  test('for a generated password, nor for one that is re-hashed already', async () => {
    const { store, told } = counted()
    const { fleet } = await site(CHEAP, { store })
    const generated = await fleet.provision(pump, 'P-2')
    for (let i = 0; i < 3; i++) {
      assert.equal(await outcome(fleet, generated.password, 'pump/P-2'), 'allow')
      assert.equal(await outcome(makeFleet({ store, pepper, rehash: true }), PASSWORD), 'allow')
    }
    assert.equal(told.updates, 1)
  })

  test('for a service account: its hash is configuration', async () => {
    const { store, told } = counted()
    const services = [{ username: 'robot', passwordHash: CHEAP, rules: [] }]
    const { fleet } = await site(CHEAP, { store, services })
    for (let i = 0; i < 2; i++) assert.equal(await outcome(fleet, PASSWORD, 'robot'), 'allow')
    assert.equal(told.updates, 0)
    assert.equal(fleet.serviceAccounts()[0]!.hash, CHEAP)
  })
})

describe('the login stands', () => {
  const failures: [title: string, update: DeviceStore['update']][] = [
    ['where the store refuses', () => Promise.reject(new Error('read only'))],
    [
      'where the store throws',
      () => {
        throw new Error('read only')
      },
    ],
    ['where the store never answers', () => new Promise(() => {})],
  ]
  for (const [title, update] of failures) {
    test(`${title}, and it is not asked again at each login`, async () => {
      const { store, told } = counted(update)
      const { fleet, read } = await site(CHEAP, { store })
      for (let i = 0; i < 3; i++) {
        assert.equal(await within(outcome(fleet, PASSWORD), 'login', 2_000), 'allow')
      }
      assert.equal(await outcome(fleet, 'wrong'), 'password-wrong')
      assert.equal(told.updates, 1)
      assert.deepEqual((await read()).credentials[0]!.hash, CHEAP)
    })
  }

  test('a quarter of a second after it was right, where the store never answers', async () => {
    // The pause before last logins are written would pass at once, too.
    const { states: _, ...store } = counted(() => new Promise(() => {})).store
    const { fleet } = await site(CHEAP, { store })
    using clock = fastClock()
    assert.equal(await outcome(fleet, PASSWORD), 'allow')
    assert.equal(REHASH_WAIT_MS, 250)
    assert.ok(clock.passed() > 200 && clock.passed() <= 250, `${clock.passed()} ms`)
  })

  const rehashed = passwordRehasher(pepper).hash(PASSWORD)
  const meanwhile: [title: string, change: Partial<DeviceRecord>, then: string][] = [
    ['where the device is revoked meanwhile', { revoked: true }, 'revoked'],
    ['where its passwords are removed meanwhile', { credentials: [] }, 'password-wrong'],
    ['where something else of it is changed meanwhile', { attributes: { site: 'x' } }, 'allow'],
    [
      'where another process was first',
      { credentials: [{ id: 'a', kind: 'password', hash: rehashed, createdAt: 1 }] },
      'allow',
    ],
  ]
  for (const [title, change, then] of meanwhile) {
    test(`${title}, and that is not undone`, async () => {
      const { fleet, read } = await site(CHEAP, { store: contested(1, { ...change }) })
      const before = await read()
      assert.equal(await outcome(fleet, PASSWORD), 'allow')
      assert.deepEqual(await read(), { ...before, ...change, revision: 2 })
      assert.equal(await outcome(fleet, PASSWORD), then)
    })
  }
})

describe('logins at once', () => {
  test('of one device write once', async () => {
    const { store, told } = counted()
    const { fleet, read } = await site(CHEAP, { store })
    const logins = Array.from({ length: 20 }, () => outcome(fleet, PASSWORD))
    assert.deepEqual(new Set(await Promise.all(logins)), new Set(['allow']))
    assert.equal(told.updates, 1)
    assert.match((await read()).credentials[0]!.hash, REHASHED)
  })

  test('at several processes let all in, and one of them is written', async () => {
    const { store, fleet, read } = await site(CHEAP)
    const fleets = [fleet, ...[1, 2, 3].map(() => makeFleet({ store, pepper, rehash: true }))]
    for (const login of await Promise.all(fleets.map((each) => outcome(each, PASSWORD)))) {
      assert.equal(login, 'allow')
    }
    const { credentials, revision } = await read()
    assert.equal(revision, 2)
    assert.match(credentials[0]!.hash, REHASHED)
    for (const each of fleets) assert.equal(await outcome(each, PASSWORD), 'allow')
  })
})

describe('what is re-hashed counts no longer', () => {
  const rows: [title: string, change: (record: DeviceRecord) => Partial<DeviceRecord>][] = [
    ['once it is removed', () => ({ credentials: [] })],
    [
      'once it is another',
      ({ credentials }) => ({ credentials: [{ ...credentials[0]!, hash: MORE[5]![1] }] }),
    ],
    [
      'once it has ended',
      ({ credentials }) => ({ credentials: [{ ...credentials[0]!, notAfter: Date.now() }] }),
    ],
  ]
  for (const [title, change] of rows) {
    test(`${title}, from that moment`, async () => {
      const { store, fleet, read } = await site(CHEAP)
      for (let i = 0; i < 2; i++) assert.equal(await outcome(fleet, PASSWORD), 'allow')
      const record = await read()
      await store.update({ ...record, ...change(record), revision: record.revision + 1 })
      assert.equal(await outcome(fleet, PASSWORD), 'password-wrong')
    })
  }

  test('once it is rotated, or revoked', async () => {
    const { fleet } = await site(CHEAP)
    await outcome(fleet, PASSWORD)
    const { password } = await fleet.rotate(pump, 'P-1')
    assert.equal(await outcome(fleet, PASSWORD), 'password-wrong')
    assert.equal(await outcome(fleet, password), 'allow')
    await fleet.revoke(pump, 'P-1')
    assert.equal(await outcome(fleet, password), 'revoked')
  })

  for (const [title, other] of [
    ['under another pepper', `${pepper}!`],
    ['without one', undefined],
  ] as const) {
    test(title, async () => {
      const { store, fleet } = await site(CHEAP)
      await outcome(fleet, PASSWORD)
      assert.equal(await outcome(makeFleet({ store, pepper: other }), PASSWORD), 'password-wrong')
      assert.equal(await outcome(fleet, PASSWORD), 'allow')
    })
  }
})

describe('guesses at a re-hashed password', () => {
  /** Processes that did not verify it yet. */
  async function rehashed(options: Partial<FleetOptions> = {}) {
    const { store, fleet } = await site(CHEAP, options)
    await outcome(fleet, PASSWORD)
    return [1, 2].map(() => makeFleet({ store, pepper, rehash: true, ...options })) as [
      Fleet,
      Fleet,
    ]
  }

  test('are throttled from the tenth under its name on, and so is the right one', async () => {
    const [fleet] = await rehashed()
    for (let i = 0; i < MAX_USER_FAILURES; i++) {
      assert.equal(await outcome(fleet, `guess ${i}`), 'password-wrong')
    }
    assert.equal(await outcome(fleet, 'guess'), 'throttled')
    assert.equal(await outcome(fleet, PASSWORD), 'throttled')
  })

  test('are throttled from the hundredth of one peer on, whatever name it uses', async () => {
    const [fleet] = await rehashed()
    assert.equal(await outcome(fleet, 'wrong'), 'password-wrong')
    const guesses = Array.from({ length: MAX_PEER_FAILURES }, (_, i) => {
      return outcome(fleet, 'guess', `pump/nobody-${i}`, '10.0.0.7')
    })
    assert.deepEqual(new Set(await Promise.all(guesses)), new Set(['principal-unknown']))
    assert.equal(await outcome(fleet, PASSWORD, username, '10.0.0.7'), 'throttled')
    assert.equal(await outcome(fleet, PASSWORD, username, '10.0.0.8'), 'allow')
  })

  test('keep nobody out who was verified a moment ago, before its hash was changed too', async () => {
    const { fleet } = await site(CHEAP)
    assert.equal(await outcome(fleet, PASSWORD), 'allow')
    for (let i = 0; i < 2 * MAX_USER_FAILURES; i++) await outcome(fleet, `guess ${i}`)
    assert.equal(await outcome(fleet, 'guess'), 'throttled')
    assert.equal(await outcome(fleet, PASSWORD), 'allow')
  })

  test('are no more than ten of 2,000 at once', async () => {
    const [fleet] = await rehashed()
    const guesses = Array.from({ length: 2_000 }, (_, i) => outcome(fleet, `guess ${i}`))
    const tried = (await Promise.all(guesses)).filter((code) => code === 'password-wrong')
    assert.equal(tried.length, MAX_USER_FAILURES)
    assert.equal(await outcome(fleet, PASSWORD), 'throttled')
  })

  test('are counted together by processes that share keys, and a right one is not', async () => {
    const fleets = await rehashed({ keys: memoryKeys() })
    for (let i = 0; i < MAX_USER_FAILURES - 1; i++) {
      assert.equal(await outcome(fleets[i % 2]!, `guess ${i}`), 'password-wrong')
    }
    assert.equal(await outcome(fleets[0], PASSWORD), 'allow')
    assert.equal(await outcome(fleets[1], 'one more'), 'password-wrong')
    assert.equal(await outcome(fleets[1], PASSWORD), 'throttled')
    assert.equal(await outcome(fleets[0], 'another'), 'throttled')
  })

  test('of 200 at once at both are no more tried than of one after another', async () => {
    const fleets = await rehashed({ keys: memoryKeys() })
    const guesses = Array.from({ length: 200 }, (_, i) => outcome(fleets[i % 2]!, `guess ${i}`))
    const tried = (await Promise.all(guesses)).filter((code) => code === 'password-wrong')
    assert.equal(tried.length, MAX_USER_FAILURES)
  })

  test('are told as guesses at a name that nobody has', async () => {
    const [fleet] = await rehashed()
    const told = async (name: string) => {
      const codes: string[] = []
      for (let i = 0; i < MAX_USER_FAILURES + 2; i++) {
        codes.push(await outcome(fleet, `guess ${i}`, name))
      }
      return codes.map((code) => (code === 'throttled' ? code : 'denied'))
    }
    const known = await told(username)
    assert.deepEqual(await told('pump/nobody'), known)
    assert.deepEqual(known.slice(-2), ['throttled', 'throttled'])
  })
})

describe('a sealed copy', () => {
  const rows: [title: string, hash: string, key: string | undefined, opened: string | undefined][] =
    [
      ['is made of the password of a Mosquitto hash', MOSQUITTO, sealingKey, PASSWORD],
      ['is not made of Django’s', DJANGO, sealingKey, undefined],
      ['is not made of scrypt’s', SCRYPT, sealingKey, undefined],
      ['is not made without a key', MOSQUITTO, undefined, undefined],
    ]
  for (const [title, hash, key, opened] of rows) {
    test(title, async () => {
      const { fleet, read } = await site(hash, key === undefined ? {} : { sealingKey: key })
      assert.equal(await outcome(fleet, PASSWORD), 'allow')
      const [credential] = (await read()).credentials
      assert.match(credential!.hash, REHASHED)
      assert.equal(credential!.sealed !== undefined, opened !== undefined)
      assert.equal(await fleet.openPassword(pump, 'P-1'), opened)
      assert.ok(!JSON.stringify(await read()).includes(PASSWORD))
    })
  }

  test('that is there already stays as it is', async () => {
    const { store, fleet, read } = await site(MOSQUITTO, { sealingKey })
    const record = await read()
    const credentials = [{ ...record.credentials[0]!, sealed: 'as it was' }]
    await store.update({ ...record, credentials, revision: 2 })
    assert.equal(await outcome(fleet, PASSWORD), 'allow')
    const [credential] = (await read()).credentials
    assert.match(credential!.hash, REHASHED)
    assert.equal(credential!.sealed, 'as it was')
  })
})
