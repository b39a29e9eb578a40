/**
 * Two secrets that are good at once, so that a broker can be given another one without a gap.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Hono } from 'hono'
import { brokerAuth, brokerEvents } from '../../adapters/hono/index.ts'
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
