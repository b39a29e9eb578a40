/**
 * Two secrets that are good at once, so that a broker can be given another one without a gap.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Hono } from 'hono'
import { brokerAuth, brokerEvents } from '../../adapters/hono/index.ts'
import { type SecretOptions, secretCheck } from '../../adapters/hono/secret.ts'
import { createFleet, memoryStore, presenceTracker } from '../../src/index.ts'
import { emqx, rabbitmq } from '../../src/product/products.ts'
import { captureLog, HUB_PASSWORD, pump } from './fixture.ts'

const OLD = 'the-old-secret-0123456789'
const NEW = 'the-new-secret-0123456789'
const LOGIN = { username: 'hub', password: HUB_PASSWORD, clientid: 'hub' }

const fleet = createFleet({
  types: [pump],
  store: memoryStore(),
  services: [{ username: 'hub', password: HUB_PASSWORD, rules: 'hub' }],
})
const logger = captureLog()
const products = [emqx, rabbitmq]

function mount(secret: string | readonly [string, string]) {
  const presence = presenceTracker({ types: fleet.types })
  return new Hono()
    .route('/auth', brokerAuth(fleet, { secret, products, logger }))
    .route('/events', brokerEvents(fleet, { secret, presence, products: [emqx], logger }))
}

async function inHeader(app: Hono, secret: string): Promise<string> {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${secret}` }
  const body = JSON.stringify(LOGIN)
  const response = await app.request('/auth/emqx/auth', { method: 'POST', headers, body })
  const { result } = (await response.json()) as { result: string }
  return result
}

async function inPath(app: Hono, secret: string): Promise<string> {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  const body = new URLSearchParams({ ...LOGIN, client_id: LOGIN.clientid }).toString()
  const path = `/auth/rabbitmq/${secret}/user`
  const response = await app.request(path, { method: 'POST', headers, body })
  return (await response.text()) === 'deny' ? 'deny' : 'allow'
}

async function ofEvents(app: Hono, secret: string): Promise<string> {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${secret}` }
  const event = { event: 'client.connected', clientid: 'hub', username: 'hub', connected_at: 1e12 }
  const body = JSON.stringify(event)
  const response = await app.request('/events/emqx', { method: 'POST', headers, body })
  return response.status === 401 ? 'deny' : 'allow'
}

describe('a broker is answered', () => {
  const rows: readonly [given: string | readonly [string, string], good: string[]][] = [
    [OLD, [OLD]],
    [
      [OLD, NEW],
      [OLD, NEW],
    ],
    [
      [NEW, OLD],
      [OLD, NEW],
    ],
    [NEW, [NEW]],
  ]
  for (const [given, good] of rows) {
    const app = mount(given)
    for (const sent of [OLD, NEW, `${OLD}${NEW}`, `${OLD},${NEW}`, `${NEW}0`]) {
      const expected = good.includes(sent) ? 'allow' : 'deny'
      test(`where ${JSON.stringify(given)} is good, with ${sent}: ${expected}`, async () => {
        assert.equal(await inHeader(app, sent), expected)
        assert.equal(await inPath(app, sent), expected)
        assert.equal(await ofEvents(app, sent), expected)
      })
    }
  }
})

describe('what a broker sends', () => {
  const check = secretCheck({ secret: OLD })!
  const OTHER = 'the broker sent another secret'
  const NO_BEARER = 'the Authorization header does not begin with "Bearer"'
  const rows: readonly [header: string | null, problem: string | undefined][] = [
    [`Bearer ${OLD}`, undefined],
    [`Bearer  ${OLD}`, undefined],
    [`bearer ${OLD}`, undefined],
    [`BEARER   ${OLD}`, undefined],
    [null, 'the broker sent no Authorization header'],
    ['', NO_BEARER],
    ['Bearer', NO_BEARER],
    [OLD, NO_BEARER],
    [`Bearer${OLD}`, NO_BEARER],
    [`Basic ${OLD}`, NO_BEARER],
    [`Secret ${OLD}`, NO_BEARER],
    [`my Bearer ${OLD}`, NO_BEARER],
    [`${OLD}Bearer `, NO_BEARER],
    ['Bearer ', OTHER],
    [`Bearer ${OLD} `, OTHER],
    [`Bearer ${OLD}0`, OTHER],
    [`Bearer x${OLD}`, OTHER],
    [`Bearer Bearer ${OLD}`, OTHER],
    [`bearer ${NEW}`, OTHER],
  ]
  for (const [header, problem] of rows) {
    test(`as a header, ${JSON.stringify(header)}: ${problem ?? 'is right'}`, () => {
      assert.equal(check.header(header), problem)
    })
  }
  for (const [segment, problem] of [
    [OLD, undefined],
    [NEW, OTHER],
    ['', OTHER],
    [undefined, OTHER],
  ] as const) {
    test(`as a segment, ${segment}: ${problem ?? 'is right'}`, () => {
      assert.equal(check.segment(segment), problem)
    })
  }
})

describe('a secret is asked for', () => {
  const rows: readonly [options: unknown, key: string | undefined][] = [
    [{ secret: 'x'.repeat(16) }, undefined],
    [{ secret: 'with spaces and ~!"' }, undefined],
    [{ secret: 'x'.repeat(15) }, 'secret'],
    [{ secret: undefined }, 'secret'],
    [{ secret: '' }, 'secret'],
    [{ secret: 1234567890123456 }, 'secret'],
    [{ secret: ` ${OLD}` }, 'secret'],
    [{ secret: `${OLD}\x7f` }, 'secret'],
    [{}, 'secret'],
    [{ withoutSecret: false }, 'secret'],
    [{ withoutSecret: 'true' }, 'secret'],
    [{ secret: OLD, withoutSecret: true }, 'secret'],
    [{ secret: undefined, withoutSecret: true }, 'secret'],
  ]
  for (const [options, key] of rows) {
    const make = () => secretCheck(options as SecretOptions)
    test(`given ${JSON.stringify(options)}: ${key ? 'refused' : 'taken'}`, () => {
      if (key) assert.throws(make, { code: 'ERR_CONFIG', key })
      else assert.equal(make()?.segment(NEW), 'the broker sent another secret')
    })
  }

  test('unless the word is given', () => {
    assert.equal(secretCheck({ withoutSecret: true }), undefined)
  })
})

describe('secrets that are none', () => {
  const rows: readonly [title: string, secret: unknown, key: string][] = [
    ['no list', [], 'secret'],
    ['one in a list', [OLD], 'secret'],
    ['three', [OLD, NEW, 'another-secret-0123456789'], 'secret'],
    ['twice the same', [OLD, OLD], 'secret'],
    ['a short one', [OLD, 'short'], 'secret.1'],
    ['one that is not there', [undefined, NEW], 'secret.0'],
    ['the placeholder', [OLD, 'YOUR-BROKER-SECRET'], 'secret.1'],
  ]
  for (const [title, secret, key] of rows) {
    test(`${title}: ${key}`, () => {
      assert.throws(() => mount(secret as string), { code: 'ERR_CONFIG', key })
    })
  }
})
