/**
 * Tokens that are renewed in time: a page whose login ends again and again stays at its broker, under one
 * user name, and no message is lost or comes twice.
 *
 * `RENEWAL_LIVES=10 RENEWAL_LIFE=4 node --import tsx test/mqtt/renewal.test.ts` goes on for ten lives of a
 * token of 4 seconds. By default one is longer, so that a slow machine is in time.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Hono } from 'hono'
import { browserBroker, credentials } from '../../adapters/browser/index.ts'
import { embeddedBroker } from '../../adapters/embedded/index.ts'
import { tokenRoute } from '../../adapters/hono/index.ts'
import { mqtt } from '../../adapters/mqtt/index.ts'
import { renewalDelay } from '../../src/credential/renewal.ts'
import {
  type AccessRule,
  createFleet,
  type Message,
  memoryStore,
  type TokenLogin,
  tokenLogin,
} from '../../src/index.ts'
import { CapturedLog, OFFICE, pump } from '../embedded/fixture.ts'
import { serveHttp } from '../support/http.ts'
import { Collector, within } from '../support/wait.ts'
import { type Client, clientOf, connectClient, typesOf } from './client.ts'
import { scriptedBroker } from './scripted-broker.ts'
import { issueToken } from './tokens.ts'

if (!globalThis.WebSocket) {
  // As on Node 20.
  const { WebSocket } = await import('ws')
  Object.assign(globalThis, { WebSocket })
}

const LIVES = Number(process.env.RENEWAL_LIVES ?? 1)
/** Seconds of a token. */
const LIFE = Number(process.env.RENEWAL_LIFE ?? 10)
const everything: AccessRule = { effect: 'allow', actions: ['publish', 'subscribe'], filter: '#' }

const CLIENTS = [
  {
    name: 'devicehub/mqtt',
    make: (url: string, give: TokenLogin['credentials']) =>
      mqtt({ url, credentials: give, sessionExpiry: 3_600 }),
  },
  {
    name: 'devicehub/browser',
    make: (url: string, give: TokenLogin['credentials']) =>
      browserBroker({ url, credentials: credentials(give), sessionExpiry: 3_600 }),
  },
] as const

interface Site extends AsyncDisposable {
  readonly page: Client
  readonly office: Client
  /** The tokens that were issued, in their order. */
  readonly issued: Collector<string>
  readonly log: CapturedLog
  revoke(): Promise<unknown>
}

/** A page at an embedded broker, with logins of a route that is asked over HTTP. */
async function openSite(
  handler: (message: Message) => Promise<void>,
  make: (typeof CLIENTS)[number]['make'],
): Promise<Site> {
  const log = new CapturedLog()
  const fleet = createFleet({
    types: [pump],
    store: memoryStore(),
    pepper: 'a pepper of more than 16 bytes',
    services: [{ ...OFFICE, rules: [everything] }],
  })
  const broker = await embeddedBroker(fleet, { port: 0, websocket: { port: 0 }, logger: log })
  const issued = new Collector<string>()
  const route = tokenRoute(fleet, {
    url: broker.websocketUrl!,
    authorize: () => ({ subject: 'dana', rules: [everything], expiresIn: LIFE }),
  })
  const app = new Hono().route('/broker-token', route)
  const server = await serveHttp(async (request) => {
    const response = await app.fetch(request)
    issued.push(((await response.clone().json()) as { username: string }).username)
    return response
  })
  const login = tokenLogin(`${server.url}/broker-token`)
  const { url } = await login.details()
  const page = clientOf(make(url, login.credentials))
  await page.connect(handler)
  const office = await connectClient({ url: broker.url, ...OFFICE })
  return {
    ...{ page, office, issued, log },
    revoke: () => fleet.revokeTokens('dana'),
    async [Symbol.asyncDispose]() {
      await page[Symbol.asyncDispose]()
      await office[Symbol.asyncDispose]()
      await server[Symbol.asyncDispose]()
      await within(broker.close(), 'close of the broker')
    },
  }
}

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** Publishes numbers one after another until it is told to end. Settles with how many. */
async function stream(from: Client, topic: string, qos: 1 | 2, until: Promise<unknown>) {
  let isOver = false
  void until.then(() => {
    isOver = true
  })
  let sent = 0
  while (!isOver) {
    await from.broker.publish({ topic, qos, payload: encoder.encode(`${sent++}`) })
    // Others have their turn: it is not about how many there are.
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  return sent
}

function numbersOf({ received }: Client, topic: string): readonly number[] {
  return received.items
    .filter((message) => message.topic === topic)
    .map(({ payload }) => Number(decoder.decode(payload)))
}

describe('a page whose login ends again and again', { concurrency: true }, () => {
  for (const { name, make } of CLIENTS) {
    test(`loses no message and gets none twice over ${LIVES} lives of a token, by ${name}`, async (context) => {
      // Some handlers take a while, so that a renewal finds them at it.
      let handled = 0
      await using site = await openSite(async () => {
        if (++handled % 10 === 0) await new Promise((resolve) => setTimeout(resolve, handled % 50))
      }, make)
      const { page, office, issued } = site
      await page.broker.subscribe([{ filter: 'down/#', qos: 2 }])
      await office.broker.subscribe([{ filter: 'up/#', qos: 2 }])
      const over = new Promise((resolve) => setTimeout(resolve, LIVES * (LIFE + 1) * 1_000))
      const streams = [
        { from: office, to: page, topic: 'down/1', qos: 1 },
        { from: office, to: page, topic: 'down/2', qos: 2 },
        { from: page, to: office, topic: 'up/1', qos: 1 },
        { from: page, to: office, topic: 'up/2', qos: 2 },
      ] as const
      const sent = await Promise.all(
        streams.map(({ from, topic, qos }) => stream(from, topic, qos, over)),
      )
      const [down1, down2, up1, up2] = sent as [number, number, number, number]
      await page.received.reach(down1 + down2, 'messages', 60_000)
      await office.received.reach(up1 + up2, 'messages', 60_000)
      for (const [i, { to, topic }] of streams.entries()) {
        const numbers = numbersOf(to, topic)
        assert.deepEqual(
          numbers,
          Array.from({ length: sent[i]! }, (_, n) => n),
          topic,
        )
      }
      // One for each connection, all under one user name.
      const connections = typesOf(page).filter((kind) => kind === 'connected').length
      assert.ok(connections > LIVES, `${connections} connections`)
      assert.equal(issued.items.length, connections)
      assert.equal(new Set(issued.items).size, 1)
      assert.deepEqual(page.failedReconnects.items, [])
      for (const status of page.statuses.items) {
        assert.ok(!('error' in status), `${status.kind} with an error`)
      }
      assert.deepEqual(site.log.lines, [])
      context.diagnostic(
        `${connections} connections; ${streams.map(({ topic }, i) => `${topic}: ${sent[i]}`).join(', ')}`,
      )
    })

    test(`is out where its tokens are revoked, and in again if the application lets it, by ${name}`, async () => {
      await using site = await openSite(async () => {}, make)
      const { page, office, issued } = site
      await page.broker.subscribe([{ filter: 'down/#', qos: 1 }])
      await site.revoke()
      // That it is out is told by the broker; the route lets it in again, so it comes back.
      await page.statuses.reach(3, 'statuses', 30_000)
      assert.deepEqual(typesOf(page).slice(0, 3), ['connected', 'disconnected', 'connected'])
      assert.equal(new Set(issued.items).size, 1)
      await office.broker.publish({ topic: 'down/1', payload: encoder.encode('after') })
      await page.received.reach(1, 'messages')
    })
  }
})

describe('a connection is made anew before its login ends', { concurrency: true }, () => {
  /** With so many seconds left, of so many. */
  function tokenOf(seconds: number) {
    const { username, password, expiresAt, issuedAt } = issueToken(seconds)
    return { username, password, expiresAt, issuedAt }
  }

  test('at 70 to 80 percent of the time that is left', () => {
    const { username, password, expiresAt } = tokenOf(1_000)
    for (let i = 0; i < 100; i++) {
      const delay = renewalDelay(username, password, expiresAt - 1_000_000)!
      assert.ok(delay >= 700_000 && delay <= 800_000, `${delay}`)
    }
  })

  test('by its whole time where the clock is wrong', () => {
    const { username, password, expiresAt, issuedAt } = tokenOf(3_600)
    const whole = expiresAt - issuedAt - 1_000
    for (const now of [expiresAt + 1, expiresAt + 86_400_000, issuedAt - 86_400_000, 0]) {
      const delay = renewalDelay(username, password, now)!
      assert.ok(delay >= 0.7 * whole && delay <= 0.8 * whole, `${delay}`)
    }
  })

  test('and not where it has no end', () => {
    assert.equal(renewalDelay('hub', 'password', Date.now()), undefined)
    assert.equal(renewalDelay('token:x', 'no token', Date.now()), undefined)
    const payload = btoa(JSON.stringify({ exp: Math.ceil(Date.now() / 1000) + 60 }))
    assert.equal(renewalDelay('token:x', `e30.${payload}.x`, Date.now()), undefined)
  })

  test('and asks for a session no longer than its login lasts, in a page too', async () => {
    const nextLogin = (seconds: number) =>
      credentials(() => ({ ...tokenOf(seconds), renewAfter: 0.75 * seconds })).nextLogin({
        sessionExpiry: 3_600,
      })
    const { signal } = new AbortController()
    const { sessionExpiry, renewAfter } = await nextLogin(60)(signal)
    assert.ok(sessionExpiry > 30 && sessionExpiry <= 60, `${sessionExpiry}`)
    assert.equal(renewAfter, 45_000)
    assert.equal((await nextLogin(7_200)(signal)).sessionExpiry, 3_600)
  })

  test('and not where the function gives the same one again', async () => {
    await using server = await scriptedBroker()
    // The first ends in a moment, as far as the clock goes.
    const token = issueToken(2)
    await using client = await connectClient({ url: server.url, credentials: () => token })
    await client.statuses.reach(3, 'statuses', 30_000)
    assert.deepEqual(typesOf(client), ['connected', 'disconnected', 'connected'])
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    assert.equal(server.logins.items.length, 2)
  })

  for (const { name, make } of CLIENTS) {
    test(`and close() of ${name} in the middle of it leaves nothing behind`, async () => {
      await using site = await openSite(async () => {}, make)
      const { page } = site
      await page.broker.subscribe([{ filter: 'down/#' }])
      await page.statuses.reach(2, 'statuses', 30_000)
      await within(page.broker.close(), 'close', 20_000)
      assert.equal(typesOf(page).at(-1), 'closed')
      await assert.rejects(page.broker.publish({ topic: 'up', payload: new Uint8Array() }), {
        code: 'ERR_BROKER_CLOSED',
      })
    })
  }
})
