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
  type IssuedToken,
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
  issue(expiresIn?: number): IssuedToken
  connect(login: IClientOptions, options?: IClientOptions): Promise<TestClient>
}

async function openSite(wrap: (fleet: Fleet) => Fleet = (fleet) => fleet): Promise<Site> {
  const log = new CapturedLog()
  const denials = new Collector<Denial>()
  const everything: AccessRule = { effect: 'allow', actions: ['publish', 'subscribe'], filter: '#' }
  const fleet = createFleet({
    types: [pump],
    store: memoryStore(),
    pepper: 'a pepper of more than 16 bytes',
    services: [{ ...OFFICE, rules: [everything] }],
  })
  const options = { port: 0, logger: log, onDenied: denials.push, websocket: { port: 0 } }
  const broker = await embeddedBroker(wrap(fleet), options)
  const clients: TestClient[] = []
  return {
    fleet,
    broker,
    log,
    denials,

    issue: (expiresIn = 60) =>
      fleet.issueToken({
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
