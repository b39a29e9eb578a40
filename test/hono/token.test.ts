/**
 * Tokens asked about over HTTP: the broker is told when a login ends.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Hono } from 'hono'
import { brokerAuth } from '../../adapters/hono/index.ts'
import { type AccessRule, createFleet, type Fleet, memoryStore } from '../../src/index.ts'
import { altered } from '../support/altered.ts'
import { ASKING } from '../support/products.ts'
import { ALLOW, captureLog, DENY, pump, request, SECRET } from './fixture.ts'

const DATA = 'things/pump/P-1/data'
const watch: AccessRule = { effect: 'allow', actions: ['subscribe'], filter: DATA }
// The broker cannot be told of a deny that cuts into a subscription.
const inexpressible: AccessRule[] = [
  { effect: 'allow', actions: ['subscribe'], filter: 'news/#' },
  { effect: 'deny', actions: ['subscribe'], filter: 'news/internal/#' },
]

const log = captureLog()
const store = memoryStore()
const pepper = 'a pepper of more than 16 bytes'
const fleet = createFleet({ types: [pump], store, pepper })
const { username, password } = await fleet.provision(pump, 'P-1')

function routes(on: Fleet): Hono {
  const options = { secret: SECRET, products: ASKING, logger: log }
  return new Hono().route('/iot/broker', brokerAuth(on, options))
}
const app = routes(fleet)

async function answer(path: string, body: unknown, to: Hono = app): Promise<unknown> {
  const { status, text } = await request(to, path, body)
  assert.equal(status, 200)
  return JSON.parse(text)
}

/** What EMQX makes of a login, with its user name for a client id. */
function login({ username, password }: { username: string; password: string }) {
  return { username, password, clientid: username }
}

describe('/auth', () => {
  test('allows a token with its rules, and says when it ends in whole seconds', async () => {
    const token = fleet.issueToken({ rules: [watch], expiresIn: 60 })
    const { acl, ...rest } = (await answer('/auth', login(token))) as { acl: unknown[] }
    assert.deepEqual(rest, { result: 'allow', expire_at: token.expiresAt / 1_000 })
    assert.deepEqual(acl[0], { permission: 'allow', action: 'subscribe', topic: DATA })
  })

  test('says when a token ends whose rules it cannot hand over', async () => {
    const token = fleet.issueToken({ rules: inexpressible })
    const expected = { result: 'allow', expire_at: token.expiresAt / 1_000 }
    assert.deepEqual(await answer('/auth', login(token)), expected)
  })

  test('allows the longest token there is', async () => {
    const rule: AccessRule = { ...watch, filter: 'x'.repeat(5_900) }
    const token = fleet.issueToken({ rules: [rule] })
    assert.ok(token.password.length > 8_000)
    assert.equal(((await answer('/auth', login(token))) as { result: string }).result, 'allow')
  })

  test('says nothing of an end to a device', async () => {
    const expected = { result: 'allow', client_attrs: { type: 'pump', id: 'P-1' } }
    const clientid = `${username}///a/b`
    assert.deepEqual(await answer('/auth', { username, password, clientid }), expected)
  })

  const token = fleet.issueToken({ rules: [watch] })
  const other = fleet.issueToken({ rules: [watch] })
  for (const [title, body] of [
    ['altered', { ...token, password: altered(token.password) }],
    ['cut', { ...token, password: token.password.slice(0, -1) }],
    ['under another name', { ...token, username: other.username }],
    ['under the name of a device', { ...token, username }],
  ] as const) {
    test(`denies a token ${title}, and logs no part of it`, async () => {
      log.lines.length = 0
      assert.deepEqual(await request(app, '/auth', body), DENY)
      assert.deepEqual(log.lines, [
        `warn: broker emqx/auth: denied: password-wrong, user name ${JSON.stringify(body.username)}`,
      ])
    })
  }

  test('denies a token from the moment it ends', async () => {
    log.lines.length = 0
    const { now } = Date
    Date.now = () => token.expiresAt
    try {
      assert.deepEqual(await request(app, '/auth', token), DENY)
    } finally {
      Date.now = now
    }
    assert.match(
      log.lines[0]!,
      /^warn: broker emqx\/auth: denied: token-expired, user name "token:/,
    )
  })
})

describe('/acl', () => {
  const token = fleet.issueToken({ rules: inexpressible })
  const asked = (topic: string) => ({
    username: token.username,
    action: 'subscribe',
    topic,
  })

  test('answers for a token after its login, until it ends', async () => {
    assert.deepEqual(await request(app, '/acl', asked('news/sport')), DENY)
    await answer('/auth', login(token))
    assert.deepEqual(await request(app, '/acl', asked('news/sport')), ALLOW)
    for (const topic of ['news/internal/a', 'news/#', DATA, '#']) {
      assert.deepEqual(await request(app, '/acl', asked(topic)), DENY)
    }
    const { now } = Date
    Date.now = () => token.expiresAt
    try {
      assert.deepEqual(await request(app, '/acl', asked('news/sport')), DENY)
    } finally {
      Date.now = now
    }
  })

  test('denies where another process has seen the login', async () => {
    const elsewhere = routes(createFleet({ types: [pump], store, pepper }))
    await answer('/auth', login(token))
    assert.deepEqual(await request(elsewhere, '/acl', asked('news/sport')), DENY)
    await answer('/auth', login(token), elsewhere)
    assert.deepEqual(await request(elsewhere, '/acl', asked('news/sport')), ALLOW)
  })
})
