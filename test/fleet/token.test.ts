/**
 * Tokens: logins of a fleet that end by themselves.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  type AccessRequest,
  type AccessRule,
  type ExpiringKeys,
  type Fleet,
  type IssuedToken,
  type LoginDenial,
  memoryKeys,
  memoryStore,
} from '../../src/index.ts'
import { HUB_PASSWORD, makeFleet, pump } from './fixture.ts'

const PEPPER = 'a pepper of more than 16 bytes'
const watchPump: AccessRule = {
  effect: 'allow',
  actions: ['subscribe'],
  filter: '{prefix}/pump/{deviceId}/data',
}
const fleet = makeFleet({ pepper: PEPPER })
const p1 = await fleet.provision(pump, 'P-1')

async function denial(
  on: Fleet,
  login: { username: string; password?: string | undefined },
): Promise<LoginDenial> {
  const outcome = await on.authenticate({ password: undefined, ...login })
  assert.equal(outcome.effect, 'deny')
  assert.deepEqual(Object.keys(outcome).sort(), ['code', 'effect'])
  return (outcome as { code: LoginDenial }).code
}

async function enter(on: Fleet, token: IssuedToken): Promise<void> {
  assert.equal((await on.authenticate(token)).effect, 'allow')
}

/** Runs with the clock of the fleet at another time. */
async function at<T>(time: number, run: () => Promise<T>): Promise<T> {
  const { now } = Date
  Date.now = () => time
  try {
    return await run()
  } finally {
    Date.now = now
  }
}

describe('a token', () => {
  test('logs its holder in, who is neither a device nor a service account', async () => {
    const token = fleet.issueToken({ rules: [watchPump], attributes: { deviceId: 'P-1' } })
    const login = await fleet.authenticate({ ...token, clientId: 'c-1' })
    assert.ok(login.effect === 'allow')
    const { username, expiresAt, issuedAt } = token
    const attributes = { deviceId: 'P-1', prefix: 'things', username }
    const holder = { kind: 'token', username, rules: [watchPump], attributes, expiresAt, issuedAt }
    assert.deepEqual(login.principal, { ...holder, attributes: { ...attributes, clientId: 'c-1' } })
    assert.deepEqual(await fleet.findPrincipal(username), holder)
  })

  test('lasts an hour unless it is given another time', () => {
    for (const [expiresIn, seconds] of [
      [undefined, 3_600],
      [1, 1],
      [86_400, 86_400],
    ] as const) {
      const before = Date.now()
      const { expiresAt } = fleet.issueToken({
        rules: [watchPump],
        attributes: { deviceId: 'P-1' },
        ...(expiresIn && { expiresIn }),
      })
      assert.equal(expiresAt % 1_000, 0)
      assert.ok(expiresAt >= before + seconds * 1_000)
      assert.ok(expiresAt <= Date.now() + seconds * 1_000 + 1_000)
    }
  })

  test('is good for every fleet with the same pepper and prefix, and in no store', async () => {
    const store = memoryStore()
    const [one, other] = [makeFleet({ store, pepper: PEPPER }), makeFleet({ pepper: PEPPER })]
    const token = one.issueToken({ rules: [watchPump], attributes: { deviceId: 'P-1' } })
    await enter(other, token)
    assert.equal(await store.findByUsername(token.username), undefined)
    for (const stranger of [
      makeFleet({ pepper: `${PEPPER}!` }),
      makeFleet({ pepper: PEPPER, prefix: 'other' }),
    ]) {
      assert.equal(await denial(stranger, token), 'password-wrong')
      assert.equal(await stranger.findPrincipal(token.username), undefined)
    }
  })

  test('is not issued without a pepper, and nobody has one', async () => {
    const open = makeFleet()
    assert.throws(() => open.issueToken({ rules: [watchPump], attributes: { deviceId: 'P-1' } }), {
      name: 'ConfigError',
      key: 'pepper',
    })
    const token = fleet.issueToken({ rules: [watchPump], attributes: { deviceId: 'P-1' } })
    assert.equal(await denial(open, token), 'principal-unknown')
    assert.equal(await open.findPrincipal(token.username), undefined)
  })

  test('ends at the time it says, to the millisecond', async () => {
    const token = fleet.issueToken({
      rules: [watchPump],
      attributes: { deviceId: 'P-1' },
      expiresIn: 1,
    })
    const { username, expiresAt } = token
    const request = { username, action: 'subscribe', topic: 'things/pump/P-1/data' } as const
    await at(expiresAt - 1, async () => {
      await enter(fleet, token)
      assert.equal((await fleet.findPrincipal(username))?.kind, 'token')
      assert.equal((await fleet.authorize(request)).effect, 'allow')
    })
    for (const late of [0, 1, 1_000, 86_400_000]) {
      await at(expiresAt + late, async () => {
        assert.equal(await denial(fleet, token), 'token-expired')
        assert.equal(await fleet.findPrincipal(username), undefined)
        assert.equal((await fleet.authorize(request)).code, 'principal-unknown')
        assert.equal((await fleet.explain(request)).code, 'principal-unknown')
      })
    }
  })
})

describe('a login with a token is denied', () => {
  const token = fleet.issueToken({ rules: [watchPump], attributes: { deviceId: 'P-1' } })
  const other = fleet.issueToken({ rules: [watchPump], attributes: { deviceId: 'P-1' } })
  const { username, password } = token
  const rows: [title: string, login: Parameters<typeof denial>[1], reason: LoginDenial][] = [
    ['under the name of another token', { ...token, username: other.username }, 'password-wrong'],
    ['under the name of a device', { ...token, username: p1.username }, 'password-wrong'],
    ['under the name of a service account', { ...token, username: 'hub' }, 'password-wrong'],
    ['under the name of nobody', { ...token, username: 'nobody' }, 'principal-unknown'],
    ['without a user name', { ...token, username: '' }, 'credentials-missing'],
    ['without a password', { username }, 'credentials-missing'],
    ['with an empty password', { username, password: '' }, 'password-wrong'],
    ['with the password of a device', { username, password: p1.password }, 'password-wrong'],
    ['with the password of the hub', { username, password: HUB_PASSWORD }, 'password-wrong'],
    ['with the user name for a password', { username, password: username }, 'password-wrong'],
    ['with the token cut', { username, password: password.slice(0, -1) }, 'password-wrong'],
    ['with a made-up user name', { username: 'token:x', password }, 'password-wrong'],
  ]
  for (const [title, login, reason] of rows) {
    test(`${title}: ${reason}`, async () => assert.equal(await denial(fleet, login), reason))
  }

  test('and nobody is found by the user name of one that never logged in', async () => {
    assert.equal(await fleet.findPrincipal(other.username), undefined)
    const request = { username: other.username, action: 'subscribe', topic: 'a' } as const
    assert.equal((await fleet.authorize(request)).code, 'principal-unknown')
  })

  test('and no error tells the token', async () => {
    const { text } = await fleet.explain({ username, action: 'subscribe', topic: 'a' })
    assert.ok(text.startsWith(username))
    assert.ok(!text.includes(password.slice(-43)))
  })
})

describe('the user name of a token', () => {
  for (const username of ['token:', 'token:x', `token:${'A'.repeat(22)}`]) {
    test(`is no device’s: ${username}`, async () => {
      await assert.rejects(fleet.provision(pump, 'P-2', { username }), {
        name: 'InvalidNameError',
        field: 'user name',
      })
    })

    test(`is no service account’s: ${username}`, () => {
      const services = [
        { username: 'hub', password: HUB_PASSWORD, rules: 'hub' as const },
        { username, password: HUB_PASSWORD, rules: [] },
      ]
      assert.throws(() => makeFleet({ services }), {
        name: 'InvalidNameError',
        field: 'services.1.username',
      })
    })

    test(`is not looked up in the store: ${username}`, async () => {
      const findByUsername = () => assert.fail('the store was asked')
      for (const options of [{}, { pepper: PEPPER }]) {
        const watched = makeFleet({ ...options, store: { ...memoryStore(), findByUsername } })
        await denial(watched, { username, password: 'x' })
        assert.equal(await watched.findPrincipal(username), undefined)
      }
    })
  }

  for (const username of ['token', 'tokens', 'Token:x', 'x-token:']) {
    test(`is not ${username}, which a device may have`, async () => {
      const login = await fleet.provision(pump, username, { username })
      assert.equal((await fleet.authenticate(login)).effect, 'allow')
    })
  }
})

describe('a token grants its rules', () => {
  const rules: AccessRule[] = [
    watchPump,
    { effect: 'allow', actions: ['subscribe'], filter: 'news/#', maxQos: 1 },
    { effect: 'deny', actions: ['subscribe'], filter: 'news/internal/#' },
    { effect: 'allow', actions: ['publish'], filter: 'state/{clientId}', retain: true },
    { effect: 'allow', actions: ['publish'], filter: 'inbox/{username}' },
    { effect: 'allow', actions: ['subscribe'], filter: 'jobs/#', share: 'team' },
  ]
  const token = fleet.issueToken({ rules, attributes: { deviceId: 'P-1' } })
  const { username } = token
  const subscribe = (topic: string, qos: 0 | 1 | 2 = 0) =>
    ({ action: 'subscribe', topic, qos }) as const
  const publish = (topic: string, retain = false) =>
    ({ action: 'publish', topic, qos: 0, retain }) as const

  const grants: [title: string, request: AccessRequest][] = [
    ['a subscription', subscribe('things/pump/P-1/data', 2)],
    ['one within the QoS', subscribe('news/sport/#', 1)],
    ['a publish with the retain flag', publish('state/c-1', true)],
    ['a publish to a topic of its own', publish(`inbox/${username}`)],
    ['a shared subscription', subscribe('$share/team/jobs/+', 2)],
  ]
  const denials: [title: string, request: AccessRequest][] = [
    ['another device', subscribe('things/pump/P-2/data')],
    ['every device', subscribe('things/pump/+/data')],
    ['every topic', subscribe('#')],
    ['another channel', subscribe('things/pump/P-1/status')],
    ['the other action', publish('things/pump/P-1/data')],
    ['what a device may do', publish('things/pump/P-1/cmd')],
    ['a QoS above the limit', subscribe('news/sport', 2)],
    ['what a deny stops', subscribe('news/internal/a')],
    ['what a deny stops a part of', subscribe('news/#')],
    ['a publish without the retain flag', publish('state/c-1')],
    ['the client id of another', publish('state/c-2', true)],
    ['the topic of another token', publish(`inbox/token:${'A'.repeat(22)}`)],
    ['another share name', subscribe('$share/others/jobs/a')],
    ['a subscription without the share name', subscribe('jobs/a')],
    ['the broker’s own topics', subscribe('$SYS/#')],
  ]
  for (const [effect, rows] of [
    ['allow', grants],
    ['deny', denials],
  ] as const) {
    for (const [title, request] of rows) {
      test(`${effect}: ${title}`, async () => {
        await enter(fleet, token)
        const asked = { ...request, username, clientId: 'c-1' }
        assert.equal((await fleet.authorize(asked)).effect, effect)
        assert.equal((await fleet.explain(asked)).effect, effect)
      })
    }
  }

  test('and another token its own alone', async () => {
    const other = fleet.issueToken({ rules: [watchPump], attributes: { deviceId: 'P-2' } })
    await enter(fleet, token)
    await enter(fleet, other)
    const asked = { ...subscribe('things/pump/P-1/data'), username: other.username }
    assert.equal((await fleet.authorize(asked)).effect, 'deny')
    assert.equal((await fleet.authorize({ ...asked, username })).effect, 'allow')
  })
})

describe('behind one load balancer', () => {
  const topic = 'things/pump/P-1/data'
  const options = { rules: [watchPump], attributes: { deviceId: 'P-1' } }
  const ask = async (on: Fleet, username: string, asked: string = topic) =>
    (await on.authorize({ username, action: 'subscribe', topic: asked })).code

  /** Two processes of a fleet, and one of another prefix, over the same keys. */
  function site(keys: ExpiringKeys = memoryKeys()) {
    const make = (prefix?: string) =>
      makeFleet({ pepper: PEPPER, keys, ...(prefix !== undefined && { prefix }) })
    return { keys, one: make(), other: make(), stranger: make('other') }
  }

  test('a fleet answers for a token that logged in at another with the same keys', async () => {
    const { one, other, stranger } = site()
    const token = one.issueToken(options)
    assert.equal(await ask(other, token.username), 'principal-unknown')
    await enter(one, token)
    for (const fleet of [one, other]) {
      assert.equal(await ask(fleet, token.username), 'allowed-by-rule')
      assert.equal(await ask(fleet, token.username, 'things/pump/P-2/data'), 'no-rule-grants')
      assert.deepEqual(
        await fleet.findPrincipal(token.username),
        await one.findPrincipal(token.username),
      )
    }
    assert.equal(await ask(stranger, token.username), 'principal-unknown')
    const apart = makeFleet({ pepper: PEPPER })
    assert.equal(await ask(apart, token.username), 'principal-unknown')
    await at(token.expiresAt, async () => {
      assert.equal(await ask(other, token.username), 'principal-unknown')
    })
  })

  test('what is in the keys is no password, and what others write there no rule', async () => {
    const written = new Map<string, string>()
    const inner = memoryKeys()
    const set = (key: string, value: string, lifetime: number) => {
      written.set(key, value)
      inner.set(key, value, lifetime)
    }
    const { one, other } = site({ ...inner, set })
    const [token, victim] = [one.issueToken(options), one.issueToken(options)]
    await enter(one, token)
    const [[key, note]] = [...written] as [[string, string]]
    assert.ok(!note.includes(token.password.split('.')[2]!))
    const [header] = token.password.split('.')
    for (const password of [note, `${header}.${note}`]) {
      assert.equal(await denial(other, { username: token.username, password }), 'password-wrong')
    }
    for (const [name, value] of [
      [victim.username, note],
      [victim.username, victim.password],
      [token.username, note.replace(/^./, 'f')],
      [token.username, JSON.stringify({ rules: [watchPump] })],
    ] as const) {
      inner.set(key.replace(token.username, name), value, 60)
      assert.equal(await ask(other, name), 'principal-unknown', value.slice(0, 20))
    }
  })

  test('a login is noted under the key that every process has, for as long as the token is good', async () => {
    const noted: (readonly [key: string, lifetime: number])[] = []
    const set = (key: string, _value: string, lifetime: number) => noted.push([key, lifetime])
    const { one, stranger } = site({ ...memoryKeys(), set: async (...given) => void set(...given) })
    for (const [on, prefix] of [
      [one, 'things'],
      [stranger, 'other'],
    ] as const) {
      const token = on.issueToken({ ...options, expiresIn: 86_400 })
      for (const [left, lifetime] of [
        [86_400_000, 86_400],
        [59_001, 60],
        [59_000, 59],
        [1, 1],
      ] as const) {
        await at(token.expiresAt - left, () => enter(on, token))
        assert.deepEqual(noted.pop(), [`token/${prefix}/${token.username}`, lifetime])
      }
    }
  })

  test('keys that lost a login deny until the next one', async () => {
    const { one, other } = site({ ...memoryKeys(), get: () => undefined })
    const token = one.issueToken(options)
    await enter(one, token)
    assert.equal(await ask(other, token.username), 'principal-unknown')
  })

  test('a note lives as long as its token, and never longer than keys may', async () => {
    const lifetimes: number[] = []
    const set = (_: string, __: string, lifetime: number) => void lifetimes.push(lifetime)
    const { one } = site({ ...memoryKeys(), set })
    const start = 1_700_000_000_200 // Not at the beginning of a second.
    for (const [expiresIn, later, expected] of [
      [86_400, 0, 86_400],
      [86_400, 799, 86_400],
      [86_400, 800, 86_400],
      [86_400, 1_801, 86_399],
      [60, 59_000, 2],
      [60, 60_799, 1],
      // By a clock that is behind the one of the process that issued it.
      [86_400, -5_000, 86_400],
    ] as const) {
      const token = await at(start, async () => one.issueToken({ ...options, expiresIn }))
      await at(start + later, () => enter(one, token))
      assert.equal(lifetimes.pop(), expected, `${expiresIn} s, ${later} ms later`)
    }
  })

  test('keys that fail are a failure, and no denial', async () => {
    const fail = () => Promise.reject(new Error('out of order'))
    const { one } = site({ ...memoryKeys(), get: fail, set: fail })
    const token = one.issueToken(options)
    await assert.rejects(async () => one.authenticate(token), /out of order/)
    await assert.rejects(ask(one, token.username), /out of order/)
    assert.equal(await denial(one, { ...token, password: 'wrong' }), 'password-wrong')
  })

  test('a token of the same subject has the user name, and its own rules from its login on', async () => {
    const { one, other } = site()
    const first = one.issueToken({ ...options, subject: 'account 7' })
    const news: AccessRule = { effect: 'allow', actions: ['subscribe'], filter: 'news' }
    const second = other.issueToken({ rules: [news], subject: 'account 7', expiresIn: 7_200 })
    assert.equal(second.username, first.username)
    await enter(one, first)
    assert.equal(await ask(one, first.username), 'allowed-by-rule')
    assert.equal(await ask(one, first.username, 'news'), 'no-rule-grants')
    await enter(one, second)
    assert.equal(await ask(one, first.username), 'no-rule-grants')
    assert.equal(await ask(one, first.username, 'news'), 'allowed-by-rule')
    await at(first.expiresAt, async () => {
      assert.equal(await denial(one, first), 'token-expired')
      assert.equal(await ask(other, first.username, 'news'), 'allowed-by-rule')
    })
  })

  test('a subject gives nobody the login of another', async () => {
    const { one } = site()
    const [mine, others] = ['account 7', 'account 8'].map((subject) =>
      one.issueToken({ ...options, subject }),
    ) as [IssuedToken, IssuedToken]
    assert.notEqual(mine.username, others.username)
    const crossed = { username: others.username, password: mine.password }
    assert.equal(await denial(one, crossed), 'password-wrong')
  })
})
