/**
 * Tokens at the embedded broker: what they let their holder do, and that all of it ends in time.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { IClientOptions } from 'mqtt'
import { type Denial, type EmbeddedBroker, embeddedBroker } from '../../adapters/embedded/index.ts'
import {
  type AccessRule,
  createFleet,
  type Fleet,
  type FleetOptions,
  type IssuedToken,
  memoryKeys,
  memoryStore,
} from '../../src/index.ts'
import { altered } from '../support/altered.ts'
import { Collector, deferred, within } from '../support/wait.ts'
import { CapturedLog, OFFICE, openClient, pump, reasonOf, type TestClient } from './fixture.ts'

const DATA = 'things/pump/P-1/data'
const STATUS = 'panels/P-1/status'
const MAXIMUM_CONNECT_TIME = 0xa0
const durable: IClientOptions = { clean: false, properties: { sessionExpiryInterval: 86_400 } }

interface Site extends AsyncDisposable {
  readonly fleet: Fleet
  readonly broker: EmbeddedBroker
  readonly log: CapturedLog
  readonly denials: Collector<Denial>
  /** A token for a panel that watches the pump P-1. */
  issue(expiresIn?: number, subject?: string): IssuedToken
  connect(login: IClientOptions, options?: IClientOptions): Promise<TestClient>
}

const PEPPER = 'a pepper of more than 16 bytes'

async function openSite(
  wrap: (fleet: Fleet) => Fleet = (fleet) => fleet,
  more: Partial<FleetOptions> = {},
): Promise<Site> {
  const log = new CapturedLog()
  const denials = new Collector<Denial>()
  const everything: AccessRule = { effect: 'allow', actions: ['publish', 'subscribe'], filter: '#' }
  const fleet = createFleet({
    types: [pump],
    store: memoryStore(),
    pepper: PEPPER,
    services: [{ ...OFFICE, rules: [everything] }],
    ...more,
  })
  const options = { port: 0, logger: log, onDenied: denials.push, websocket: { port: 0 } }
  const broker = await embeddedBroker(wrap(fleet), options)
  const clients: TestClient[] = []
  return {
    fleet,
    broker,
    log,
    denials,

    issue: (expiresIn = 60, subject) =>
      fleet.issueToken({
        ...(subject !== undefined && { subject }),
        rules: [
          { effect: 'allow', actions: ['subscribe'], filter: '{prefix}/pump/{deviceId}/data' },
          { effect: 'allow', actions: ['publish'], filter: 'panels/{deviceId}/status' },
        ],
        attributes: { deviceId: 'P-1' },
        expiresIn,
      }),

    async connect({ username, password }, connectOptions) {
      const login = { username: username!, password: password! }
      const client = await openClient(broker.url, { ...login, ...connectOptions })
      clients.push(client)
      return client
    },

    async [Symbol.asyncDispose]() {
      for (const client of clients) client.mqtt.end(true)
      await within(broker.close(), 'close of the broker')
    },
  }
}

/** Settles when a token has expired and its holder had a moment to notice. */
function expiry({ expiresAt }: IssuedToken): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, expiresAt - Date.now() + 50))
}

describe('a token', () => {
  test('lets its holder do what its rules grant, and nothing else', async () => {
    await using site = await openSite()
    const panel = await site.connect(site.issue())
    const office = await site.connect(OFFICE)
    await office.mqtt.subscribeAsync('panels/#')
    await panel.mqtt.subscribeAsync(DATA, { qos: 1 })
    await panel.mqtt.publishAsync(STATUS, 'watching', { qos: 1 })
    await office.mqtt.publishAsync(DATA, '{"rpm":1}', { qos: 1 })
    assert.equal((await panel.messages.reach(1, 'messages'))[0]?.text, '{"rpm":1}')
    assert.equal((await office.messages.reach(1, 'messages'))[0]?.text, 'watching')

    for (const filter of ['things/pump/+/data', 'things/pump/P-2/data', '#']) {
      assert.deepEqual(await reasonOf(panel.mqtt.subscribeAsync(filter)), [0x87])
    }
    for (const topic of [DATA, 'things/pump/P-1/cmd', 'panels/P-2/status']) {
      assert.equal(await reasonOf(panel.mqtt.publishAsync(topic, '', { qos: 1 })), 0x87)
    }
  })

  test('is refused when it is altered, or under another name', async () => {
    await using site = await openSite()
    const [token, other] = [site.issue(), site.issue()]
    for (const login of [
      { ...token, password: altered(token.password) },
      { ...token, username: other.username },
      { ...token, username: 'office' },
    ]) {
      await assert.rejects(site.connect(login), { code: 0x86 })
      assert.equal(site.denials.items.at(-1)?.code, 'password-wrong')
    }
    const told = JSON.stringify([site.log.lines, site.denials.items])
    for (const { password } of [token, other]) {
      for (const part of password.split('.')) assert.ok(!told.includes(part))
    }
  })
})

describe('a stolen token is refused', () => {
  const rules: AccessRule[] = [{ effect: 'allow', actions: ['subscribe'], filter: DATA }]
  const issuedBy = (options: Partial<FleetOptions>) =>
    createFleet({ types: [pump], store: memoryStore(), pepper: PEPPER, ...options }).issueToken({
      rules,
    })
  const changed = (token: IssuedToken, change: (payload: string) => string) => {
    const [header, payload, signature] = token.password.split('.') as [string, string, string]
    const text = change(Buffer.from(payload, 'base64url').toString())
    const password = [header, Buffer.from(text).toString('base64url'), signature].join('.')
    return { ...token, password }
  }
  const headed = (token: IssuedToken, header: string, signature = token.password.split('.')[2]) => {
    const [, payload] = token.password.split('.')
    const password = [Buffer.from(header).toString('base64url'), payload, signature].join('.')
    return { ...token, password }
  }

  test('whatever was done to it, and no part of it is told', async () => {
    await using site = await openSite()
    const token = site.issue(60, 'account 7')
    const expired = { ...site.issue(1) }
    const revoked = site.issue(60, 'account 8')
    const rows: [title: string, login: IssuedToken, code: Denial['code']][] = [
      [
        'changed in its rules',
        changed(token, (text) => text.replace(/"filter":"[^"]*"/, '"filter":"#"')),
        'password-wrong',
      ],
      [
        'changed in its end',
        changed(token, (text) => text.replace(/"exp":\d+/, '"exp":9999999999')),
        'password-wrong',
      ],
      ['under alg none', headed(token, '{"alg":"none","typ":"JWT"}', ''), 'password-wrong'],
      ['under alg none, with its signature', headed(token, '{"alg":"none"}'), 'password-wrong'],
      ['under another algorithm', headed(token, '{"alg":"HS512","typ":"JWT"}'), 'password-wrong'],
      ['under an old key', issuedBy({ pepper: 'the pepper of the year before' }), 'password-wrong'],
      ['under another prefix', issuedBy({ prefix: 'other' }), 'password-wrong'],
      ['revoked', revoked, 'revoked'],
      ['expired', expired, 'token-expired'],
    ]
    await site.fleet.revokeTokens('account 8')
    await expiry(expired)
    for (const [title, login, code] of rows) {
      await assert.rejects(site.connect(login), { code: 0x86 }, title)
      assert.equal(site.denials.items.at(-1)?.code, code, title)
    }
    assert.equal(site.broker.connections, 0)
    const told = JSON.stringify([site.log.lines, site.denials.items])
    for (const [, { password }] of rows)
      assert.ok(!told.includes(password.slice(-43)) || password.endsWith('.'))
    await site.connect(token)
  })
})

describe('when the tokens of a subject are revoked', () => {
  const ADMINISTRATIVE_ACTION = 0x98

  test('its sessions end at once, over TCP and WebSocket, and nobody else’s', async () => {
    await using site = await openSite()
    const token = site.issue(60, 'account 7')
    const { username, password } = token
    const panels = [
      await site.connect(token),
      await site.connect(token, { ...durable, clientId: `${username}//a` }),
      await openClient(site.broker.websocketUrl!, { username, password }),
    ]
    const other = await site.connect(site.issue(60, 'account 8'))
    const { done } = await site.fleet.revokeTokens('account 7')
    assert.deepEqual(done, ['embedded broker'])
    for (const panel of panels) {
      assert.equal(await within(panel.ended, 'end of the connection'), ADMINISTRATIVE_ACTION)
    }
    await assert.rejects(site.connect(token), { code: 0x86 })
    assert.equal(site.denials.items.at(-1)?.text, `"${username}" may not connect: it is revoked.`)
    assert.equal(other.mqtt.connected, true)
    assert.equal(site.broker.connections, 1)
    await site.connect(site.issue(60, 'account 7'))
  })

  test('a login that is under way does not get in', async () => {
    const asked = deferred()
    const answered = deferred()
    await using site = await openSite((fleet) => ({
      ...fleet,
      async authenticate(request) {
        const login = await fleet.authenticate(request)
        asked.resolve()
        await answered.promise
        return login
      },
    }))
    const login = assert.rejects(site.connect(site.issue(60, 'account 7')), { code: 0x86 })
    await within(asked.promise, 'login')
    await site.fleet.revokeTokens('account 7')
    answered.resolve()
    await login
    assert.equal(site.broker.connections, 0)
  })

  test('by a process that shares the keys and tells nobody, they end after rulesLifetime', async () => {
    const keys = memoryKeys()
    await using site = await openSite(undefined, { keys, rulesLifetime: 1 })
    const elsewhere = createFleet({ types: [pump], store: memoryStore(), pepper: PEPPER, keys })
    const panel = await site.connect(site.issue(60, 'account 7'))
    const other = await site.connect(site.issue(60, 'account 8'))
    await elsewhere.revokeTokens('account 7')
    assert.equal(await within(panel.ended, 'end of the connection'), ADMINISTRATIVE_ACTION)
    assert.equal(other.mqtt.connected, true)
  })

  test('a note of a login that is lost ends nobody’s session', async () => {
    const keys = memoryKeys()
    const asked = new Collector<string>()
    const get = (key: string) => {
      if (key.startsWith('token-revoked/')) asked.push(key)
      return undefined
    }
    await using site = await openSite(undefined, { keys: { ...keys, get }, rulesLifetime: 0 })
    const panel = await site.connect(site.issue(60, 'account 7'))
    // That of the login, and those after it.
    await asked.reach(3, 'questions')
    assert.equal(panel.mqtt.connected, true)
  })
})

// All of these wait for a second to pass.
describe('when a token expires', { concurrency: true }, () => {
  for (const [protocolVersion, code] of [
    [5, MAXIMUM_CONNECT_TIME],
    [4, undefined],
  ] as const) {
    test(`its holder is disconnected, and stays out (MQTT ${protocolVersion === 5 ? '5' : '3.1.1'})`, async () => {
      await using site = await openSite()
      const token = site.issue(1)
      const panels = [
        await site.connect(token, { protocolVersion }),
        await site.connect(token, { ...durable, protocolVersion, clientId: 'a' }),
      ]
      const longer = await site.connect(site.issue(60))
      for (const panel of panels) {
        assert.equal(await within(panel.ended, 'end of the connection'), code)
      }
      const late = Date.now() - token.expiresAt
      assert.ok(late >= -20 && late < 2_000, `it was disconnected ${late} ms after its time`)
      await expiry(token)
      await assert.rejects(site.connect(token, { protocolVersion }), { code: code ? 0x86 : 4 })
      const { code: reason, text } = site.denials.items.at(-1)!
      assert.equal(reason, 'token-expired')
      assert.equal(text, `"${token.username}" may not connect: the token has expired.`)
      assert.equal(longer.mqtt.connected, true)
      assert.equal(site.broker.connections, 1)
    })
  }

  test('its holder is disconnected over WebSocket too', async () => {
    await using site = await openSite()
    const { username, password } = site.issue(1)
    const panel = await openClient(site.broker.websocketUrl!, { username, password })
    assert.equal(await within(panel.ended, 'end of the connection'), MAXIMUM_CONNECT_TIME)
  })

  test('it leaves no will behind', async () => {
    await using site = await openSite()
    const office = await site.connect(OFFICE)
    await office.mqtt.subscribeAsync('panels/#')
    const will = { topic: STATUS, payload: Buffer.from('gone'), qos: 1 as const }
    const panel = await site.connect(site.issue(1), { will })
    await within(panel.ended, 'end of the connection')
    await office.mqtt.publishAsync('panels/fence', '')
    const [message] = await office.messages.reach(1, 'messages')
    assert.equal(message?.topic, 'panels/fence')
  })

  for (const [title, expiresIn, kept] of [
    ['is kept while the token is good', 60, true],
    ['ends with it', 1, false],
  ] as const) {
    test(`the session of a holder who has left ${title}`, async () => {
      await using site = await openSite()
      const token = site.issue(expiresIn)
      const panel = await site.connect(token, { ...durable, clientId: 'a' })
      await panel.mqtt.subscribeAsync(DATA, { qos: 1 })
      await panel.mqtt.endAsync()
      if (!kept) await expiry(token)
      const office = await site.connect(OFFICE)
      // More than the 16 MiB that are kept for a session.
      const payload = Buffer.alloc(1_000_000)
      const codes: unknown[] = []
      for (let i = 0; i < 17; i++) {
        codes.push(await reasonOf(office.mqtt.publishAsync(DATA, payload, { qos: 1 })))
      }
      // Quota exceeded.
      assert.deepEqual([codes[0], codes.at(-1)], [0, kept ? 0x97 : 0])
      assert.equal(
        site.log.lines.some((line) => line.includes('is full')),
        kept,
      )
    })
  }

  test('a login that began before does not get in', async () => {
    const asked = deferred()
    const answered = deferred()
    await using site = await openSite((fleet) => ({
      ...fleet,
      async authenticate(request) {
        const login = await fleet.authenticate(request)
        asked.resolve()
        await answered.promise
        return login
      },
    }))
    const token = site.issue(1)
    const login = assert.rejects(site.connect(token), { code: 0x86 })
    await within(asked.promise, 'login')
    await expiry(token)
    answered.resolve()
    await login
    assert.equal(site.denials.items[0]?.code, 'token-expired')
    assert.equal(site.broker.connections, 0)
  })
})

test('the holder of an expired token can ask for nothing more, even if nobody disconnects it', async () => {
  await using site = await openSite()
  const token = site.issue(60)
  const panel = await site.connect(token)
  await panel.mqtt.subscribeAsync(DATA, { qos: 1 })
  const { now } = Date
  Date.now = () => token.expiresAt
  try {
    assert.equal(await reasonOf(panel.mqtt.publishAsync(STATUS, '', { qos: 1 })), 0x87)
    assert.deepEqual(await reasonOf(panel.mqtt.subscribeAsync(DATA)), [0x87])
  } finally {
    Date.now = now
  }
})
