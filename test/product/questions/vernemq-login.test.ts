/**
 * VerneMQ is told when a login ends, as a time that it counts down itself.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Hono } from 'hono'
import { brokerAuth, outcomeCounters } from '../../../adapters/hono/index.ts'
import { type AccessRule, createFleet, memoryStore } from '../../../src/index.ts'
import { vernemq } from '../../../src/product/products.ts'
import { captureLog, pump, SECRET } from '../../hono/fixture.ts'

const DATA = 'things/pump/P-1/data'
const rules: AccessRule[] = [{ effect: 'allow', actions: ['subscribe'], filter: DATA }]

const log = captureLog()
const pepper = 'a pepper of more than 16 bytes'
const fleet = createFleet({ types: [pump], store: memoryStore(), pepper })
const counters = outcomeCounters()
const routes = brokerAuth(fleet, { secret: SECRET, logger: log, counters, products: [vernemq] })
const app = new Hono().route('/', routes)

/** Of a password that is checked slowly, if in one round: guesses at others are slowed down. */
const SLOW_HASH = `pbkdf2_sha256$1$saltsalt$${'A'.repeat(43)}=`

function countOf(code: string): number {
  return counters.list().find((outcome) => outcome.code === code)?.count ?? 0
}

async function answer(hook: string, body: unknown): Promise<unknown> {
  const response = await app.request(`/vernemq/${SECRET}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'vernemq-hook': hook },
    body: JSON.stringify(body),
  })
  assert.equal(response.status, 200)
  assert.equal(response.headers.get('cache-control'), null)
  return response.json()
}

/** Asks with the clock at another time. */
async function answerAt(now: number, body: unknown): Promise<unknown> {
  const real = Date.now
  Date.now = () => now
  try {
    return await answer('auth_on_register_m5', body)
  } finally {
    Date.now = real
  }
}

describe('a token', () => {
  const { username, password, expiresAt } = fleet.issueToken({ rules, expiresIn: 600 })
  const body = { peer_addr: '10.0.0.9', client_id: username, username, password, properties: {} }

  for (const [before, seconds] of [
    [600_000, 600],
    [90_500, 91],
    [1_000, 1],
    [1, 1],
  ] as const) {
    test(`${before} ms before its end: a connection of ${seconds} s`, async () => {
      const modifiers = { max_connection_lifetime: seconds }
      assert.deepEqual(await answerAt(expiresAt - before, body), { result: 'ok', modifiers })
    })
  }

  test('at its end: denied', async () => {
    assert.deepEqual(await answerAt(expiresAt, body), { result: { error: 'not allowed' } })
    assert.match(log.lines.at(-1)!, /^warn: broker vernemq: denied: token-expired, user name/)
  })

  test('its rules are asked about by its user name', async () => {
    const asked = (topic: string) => ({ username, client_id: 'c-1', topics: [{ topic, qos: 1 }] })
    assert.deepEqual(await answer('auth_on_subscribe', asked(DATA)), { result: 'ok' })
    assert.deepEqual(await answer('auth_on_subscribe', asked('things/pump/+/data')), {
      result: { error: 'not allowed' },
    })
  })
})

test('a device: a connection without an end', async () => {
  const { username, password } = await fleet.provision(pump, 'P-1')
  const body = { peer_addr: '10.0.0.9', client_id: username, username, password }
  assert.deepEqual(await answer('auth_on_register', body), { result: 'ok' })
})

test('guesses from one address are slowed down', async () => {
  await fleet.importDevice(pump, 'P-slow', SLOW_HASH)
  await answer('auth_on_register', { username: 'pump/P-slow', password: 'x', client_id: 'x' })
  const guess = (i: number) => ({
    peer_addr: '10.0.0.66',
    client_id: 'x',
    username: `pump/X-${i}`,
    password: 'x',
  })
  for (let i = 0; i < 100; i++) await answer('auth_on_register', guess(i))
  assert.equal(countOf('throttled'), 0)
  await answer('auth_on_register', guess(100))
  assert.equal(countOf('throttled'), 1)
  await answer('auth_on_register', { ...guess(100), peer_addr: '10.0.0.67' })
  assert.equal(countOf('throttled'), 1)
})
