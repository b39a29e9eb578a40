/**
 * The route that makes of a session a login at the broker: who gets which, that it logs in, and what
 * everybody else is answered.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Hono } from 'hono'
import {
  brokerAuth,
  type TokenGrant,
  type TokenRouteOptions,
  tokenRoute,
} from '../../adapters/hono/index.ts'
import {
  type AccessRule,
  type ConnectionDetails,
  createFleet,
  type Fleet,
  type FleetOptions,
  memoryKeys,
  memoryStore,
} from '../../src/index.ts'
import { altered } from '../support/altered.ts'
import { ASKING } from '../support/products.ts'
import { ALLOW, captureLog, DENY, pump, request, SECRET } from './fixture.ts'

const URL_OF_BROKER = 'wss://broker.example.com/mqtt'
const watch: AccessRule = {
  effect: 'allow',
  actions: ['subscribe'],
  filter: '{prefix}/pump/{deviceId}/data',
}
/** By the cookie that is sent. */
const SESSIONS: Readonly<Record<string, () => unknown>> = {
  'session=dana': () => ({ subject: 'dana', rules: [watch], attributes: { deviceId: 'P-1' } }),
  'session=erik': () => ({
    ...{ subject: 'erik', rules: [watch], attributes: { deviceId: 'P-2' }, expiresIn: 60 },
  }),
  'session=slip': () => ({ rules: [watch], attributes: { deviceId: 'P-1' } }),
  'session=empty': () => ({ subject: 'empty', rules: [] }),
  'session=null': () => null,
  'session=true': () => true,
  'session=wild': () => ({ subject: 'wild', rules: [watch], attributes: { deviceId: '+' } }),
  'session=broken': () => {
    throw new Error('the session store at redis://user:geheim@cache is away')
  },
}

function fleetWith(options: Partial<FleetOptions> = {}): Fleet {
  const pepper = 'a pepper of more than 16 bytes'
  return createFleet({ types: [pump], store: memoryStore(), pepper, ...options })
}

interface Asked {
  readonly method?: string
  readonly path?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

function site(fleet: Fleet = fleetWith(), more: Partial<TokenRouteOptions> = {}) {
  const log = captureLog()
  let checks = 0
  const route = tokenRoute(fleet, {
    url: URL_OF_BROKER,
    authorize: ({ headers }) => {
      checks++
      return SESSIONS[headers.get('cookie') ?? '']?.() as TokenGrant | undefined
    },
    logger: log,
    ...more,
  })
  const app = new Hono().route('/login/broker', route)
  async function ask(
    session: string | undefined,
    { method = 'POST', path = '', headers, body }: Asked = {},
  ): Promise<Response> {
    const response = await app.request(`https://app.example.com/login/broker${path}`, {
      method,
      headers: { ...(session !== undefined && { cookie: `session=${session}` }), ...headers },
      ...(body !== undefined && { body }),
    })
    assert.equal(response.headers.get('cache-control'), 'no-store')
    return response
  }
  return {
    fleet,
    log,
    ask,
    checks: () => checks,
    async details(session: string): Promise<ConnectionDetails> {
      const response = await ask(session)
      assert.equal(response.status, 200)
      return (await response.json()) as ConnectionDetails
    },
  }
}

describe('a session', () => {
  test('becomes a login at the broker, with all that a page needs', async () => {
    const { fleet, details } = site()
    const given = await details('dana')
    const { url, username, password, expiresAt, principal } = given
    assert.deepEqual(Object.keys(given).sort(), [
      ...['expiresAt', 'password', 'principal', 'url', 'username'],
    ])
    assert.equal(url, URL_OF_BROKER)
    const left = expiresAt - Date.now()
    assert.ok(left > 3_500_000 && left <= 3_601_000, `${left}`)
    const login = await fleet.authenticate({ username, password })
    assert.ok(login.effect === 'allow')
    assert.deepEqual(login.principal, principal)
    for (const [topic, effect] of [
      ['things/pump/P-1/data', 'allow'],
      ['things/pump/P-2/data', 'deny'],
      ['#', 'deny'],
    ] as const) {
      assert.equal((await fleet.authorize({ username, action: 'subscribe', topic })).effect, effect)
    }
  })

  test('has the same user name each time, and another session another one', async () => {
    const one = site()
    const [first, second, other] = [
      await one.details('dana'),
      await one.details('dana'),
      await one.details('erik'),
    ]
    assert.equal(second.username, first.username)
    assert.notEqual(other.username, first.username)
    assert.ok(other.expiresAt - Date.now() < 62_000)
  })

  test('is asked about by whoever is no browser, and by pages of its own origin', async () => {
    const { ask } = site()
    for (const headers of [
      {},
      { 'sec-fetch-site': 'same-origin' },
      { 'sec-fetch-site': 'none' },
      { origin: 'https://app.example.com', host: 'app.example.com' },
      // Where a browser says both, the first counts: a proxy may have put another host into `host`.
      { 'sec-fetch-site': 'same-origin', origin: 'https://app.example.com', host: 'inner' },
    ] as Record<string, string>[]) {
      assert.equal((await ask('dana', { headers })).status, 200, JSON.stringify(headers))
    }
  })

  test('whose body nobody needs may send one, which is not read', async () => {
    const { ask } = site()
    const response = await ask('dana', { body: '{"rules":[{"effect":"allow"}],"subject":"erik"}' })
    const { principal } = (await response.json()) as ConnectionDetails
    assert.deepEqual(principal.rules, [watch])
  })

  test('gets one that counts where its tokens were revoked elsewhere a moment ago', async () => {
    const keys = memoryKeys()
    const [here, elsewhere] = [fleetWith({ keys }), fleetWith({ keys })]
    const one = site(here)
    const before = await one.details('dana')
    await elsewhere.revokeTokens('dana')
    const after = await one.details('dana')
    assert.equal((await here.authenticate(before)).effect, 'deny')
    assert.equal((await here.authenticate(after)).effect, 'allow')
  })
})

describe('nobody else gets a token', () => {
  const rows: [
    title: string,
    session: string | undefined,
    asked: Asked,
    status: number,
    code: string,
  ][] = [
    ['without a session', undefined, {}, 401, 'session-unknown'],
    ['with an unknown one', 'x', {}, 401, 'session-unknown'],
    ...(
      [
        ['a page of another site', { 'sec-fetch-site': 'cross-site' }],
        ['a page of another origin of the site', { 'sec-fetch-site': 'same-site' }],
        ['a page that says what nobody knows', { 'sec-fetch-site': 'x' }],
        ['an origin elsewhere', { origin: 'https://evil.example' }],
        ['an origin with another port', { origin: 'https://app.example.com:8443' }],
        ['an opaque origin', { origin: 'null' }],
        ['an empty origin', { origin: '' }],
        // What a page cannot set, and a proxy may have left as it was.
        ['a host that is not its own', { origin: 'https://app.example.com', host: 'other' }],
      ] as const
    ).map(([title, headers]): [string, string, Asked, number, string] => [
      `for ${title}`,
      'dana',
      { headers },
      403,
      'origin-foreign',
    ]),
    ['by GET', 'dana', { method: 'GET' }, 405, 'method-unknown'],
    ['by PUT', 'dana', { method: 'PUT' }, 405, 'method-unknown'],
    ['elsewhere', 'dana', { path: '/other' }, 404, 'route-unknown'],
    ['without a subject', 'slip', {}, 503, 'failed'],
    ['without rules', 'empty', {}, 503, 'failed'],
    ['for null', 'null', {}, 503, 'failed'],
    ['for true', 'true', {}, 503, 'failed'],
    ['with a wildcard for a value', 'wild', {}, 503, 'failed'],
    ['where the check fails', 'broken', {}, 503, 'failed'],
  ]
  for (const [title, session, asked, status, code] of rows) {
    test(title, async () => {
      const one = site()
      const response = await one.ask(session, asked)
      assert.equal(response.headers.get('content-type'), 'application/problem+json')
      const body = (await response.json()) as Record<string, unknown>
      assert.deepEqual([response.status, body.status, body.code], [status, status, code])
      const { title: heading, detail, type } = body
      assert.ok(heading && detail && type === 'about:blank')
      assert.ok(!JSON.stringify(body).includes('geheim'))
      assert.equal(response.headers.get('allow'), status === 405 ? 'POST' : null)
      // Who may not ask is told before the application's check has anything to do.
      assert.equal(one.checks(), [403, 404, 405].includes(status) ? 0 : 1)
      assert.equal(one.log.lines.length, status === 503 ? 1 : 0)
    })
  }

  test('while the keys fail', async () => {
    const get = () => Promise.reject(new Error('out of order'))
    const one = site(fleetWith({ keys: { ...memoryKeys(), get } }))
    assert.equal((await one.ask('dana')).status, 503)
    assert.match(one.log.lines[0]!, /A token could not be issued: .*out of order/)
  })
})

test('no token is in the log, whatever is asked', async () => {
  const one = site()
  const { password } = await one.details('dana')
  for (const session of ['dana', 'broken', 'slip']) await one.ask(session)
  for (const part of password.split('.')) assert.ok(!one.log.lines.join().includes(part))
})

describe('a token of the route that was stolen is refused by the routes of brokers', () => {
  const rows: [
    title: string,
    spoil: (token: ConnectionDetails) => { password?: string; fleet?: Fleet },
  ][] = [
    ['changed', ({ password }) => ({ password: altered(password) })],
    [
      'under alg none',
      ({ password }) => ({ password: `eyJhbGciOiJub25lIn0.${password.split('.')[1]}.` }),
    ],
    ['under an old key', () => ({ fleet: fleetWith({ pepper: 'the pepper of the year before' }) })],
    ['under another prefix', () => ({ fleet: fleetWith({ prefix: 'other' }) })],
  ]
  async function outcome(fleet: Fleet, token: { username: string; password: string }) {
    const options = { secret: SECRET, products: ASKING, logger: captureLog() }
    const app = new Hono().route('/iot/broker', brokerAuth(fleet, options))
    const { username, password } = token
    const login = await request(app, '/auth', { username, password, clientid: username })
    const topic = 'things/pump/P-1/data'
    const acl = await request(app, '/acl', { username, action: 'subscribe', topic })
    return { login, acl }
  }

  test('but its holder’s own is taken', async () => {
    const one = site()
    const { login, acl } = await outcome(one.fleet, await one.details('dana'))
    assert.equal(JSON.parse(login.text).result, 'allow')
    assert.deepEqual(acl, ALLOW)
  })

  for (const [title, spoil] of rows) {
    test(title, async () => {
      const one = site()
      const token = await one.details('dana')
      const { password = token.password, fleet = one.fleet } = spoil(token)
      const { login, acl } = await outcome(fleet, { ...token, password })
      assert.deepEqual([login, acl], [DENY, DENY])
    })
  }

  test('revoked, also after its login', async () => {
    const one = site()
    const token = await one.details('dana')
    assert.deepEqual((await outcome(one.fleet, token)).acl, ALLOW)
    await one.fleet.revokeTokens('dana')
    const { login, acl } = await outcome(one.fleet, token)
    assert.deepEqual([login, acl], [DENY, DENY])
  })

  test('expired, also after its login', async () => {
    const one = site()
    const token = await one.details('dana')
    assert.deepEqual((await outcome(one.fleet, token)).acl, ALLOW)
    const { now } = Date
    Date.now = () => token.expiresAt
    try {
      const { login, acl } = await outcome(one.fleet, token)
      assert.deepEqual([login, acl], [DENY, DENY])
    } finally {
      Date.now = now
    }
  })
})

describe('it is not made', () => {
  const authorize = () => undefined
  for (const [title, fleet, options, key] of [
    ['without a check', fleetWith(), { url: URL_OF_BROKER }, 'authorize'],
    [
      'with a check that is none',
      fleetWith(),
      { url: URL_OF_BROKER, authorize: true },
      'authorize',
    ],
    ['without an address', fleetWith(), { authorize }, 'url'],
    ['with an address over TCP', fleetWith(), { authorize, url: 'mqtts://broker' }, 'url'],
    ['with a path alone', fleetWith(), { authorize, url: '/mqtt' }, 'url'],
    ['with a login in the address', fleetWith(), { authorize, url: 'wss://a:b@broker/' }, 'url'],
    ['with an option misspelt', fleetWith(), { authorize, uri: URL_OF_BROKER }, 'uri'],
    [
      'without a pepper',
      createFleet({ types: [pump], store: memoryStore() }),
      { authorize, url: URL_OF_BROKER },
      'pepper',
    ],
  ] as const) {
    test(title, () => {
      assert.throws(() => tokenRoute(fleet, options as never), { name: 'ConfigError', key })
    })
  }
})
