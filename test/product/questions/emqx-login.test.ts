/**
 * What EMQX 5 and 6 are told of a device beside its rules, and what they tell of where it connects
 * from. An answer with a field EMQX does not take as it is would be a refused login.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Hono } from 'hono'
import { brokerAuth, outcomeCounters } from '../../../adapters/hono/index.ts'
import { createFleet, memoryStore } from '../../../src/index.ts'
import { emqx } from '../../../src/product/products.ts'
import { captureLog, HUB_PASSWORD, pump, SECRET } from '../../hono/fixture.ts'

const log = captureLog()
const pepper = 'a pepper of more than 16 bytes'
const store = memoryStore()
const fleet = createFleet({
  types: [pump],
  store,
  pepper,
  services: [{ username: 'hub', password: HUB_PASSWORD, rules: 'hub' }],
})
const counters = outcomeCounters()
const routes = brokerAuth(fleet, { secret: SECRET, logger: log, counters, products: [emqx] })
const app = new Hono().route('/', routes)

/** Of a password that is checked slowly, if in one round: guesses at others are slowed down. */
const SLOW_HASH = `pbkdf2_sha256$1$saltsalt$${'A'.repeat(43)}=`

function countOf(code: string): number {
  return counters.list().find((outcome) => outcome.code === code)?.count ?? 0
}

interface LoginAnswer {
  readonly result: string
  readonly client_attrs?: unknown
}

async function answer(body: unknown): Promise<LoginAnswer> {
  const response = await app.request('/emqx/auth', {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${SECRET}` },
    body: JSON.stringify(body),
  })
  assert.equal(response.status, 200)
  const login = (await response.json()) as LoginAnswer
  assert.ok(!Object.values(login).includes(null))
  assert.ok(!('is_superuser' in login))
  return login
}

describe('client_attrs', () => {
  const rows: [string, Record<string, string>, Record<string, string>][] = [
    ['none of its own', {}, {}],
    ['some of its own', { site: 'north', line_2: 'ü, "7"' }, { site: 'north', line_2: 'ü, "7"' }],
    ['one named like the device’s id', { id: 'another', site: 'north' }, { site: 'north' }],
    ['one named like the tenant of EMQX', { tns: 'another', site: 'north' }, { site: 'north' }],
    ['one named like a property of objects', { constructor: 'x' }, { constructor: 'x' }],
    ['one of digits', { a: '1', b: 'true', c: 'null' }, { a: '1', b: 'true', c: 'null' }],
  ]
  for (const [i, [title, attributes, own]] of rows.entries()) {
    test(`type and id, and ${title}`, async () => {
      const id = `P-${i}`
      const { username, password } = await fleet.provision(pump, id, { attributes })
      const login = await answer({ username, password, clientid: username, peerhost: '10.0.0.9' })
      assert.equal(login.result, 'allow')
      assert.deepEqual(login.client_attrs, { ...own, type: 'pump', id })
    })
  }

  test('of a record from elsewhere: the names EMQX takes', async () => {
    const { username, password } = await fleet.provision(pump, 'P-old')
    const record = (await store.get('pump', 'P-old'))!
    const attributes = {
      'a-b': '1',
      'a b': '2',
      _c: '3',
      'd\n': '4',
      ü: '5',
      '': '6',
      clientId: '7',
    }
    await store.update({ ...record, attributes, revision: record.revision + 1 })
    const { client_attrs } = await answer({ username, password, clientid: username })
    assert.deepEqual(client_attrs, { 'a-b': '1', type: 'pump', id: 'P-old' })
  })

  test('not for the hub, nor for a token', async () => {
    const rules = [{ effect: 'allow', actions: ['publish'], filter: 'a' }] as const
    const { username, password } = fleet.issueToken({ rules, attributes: { site: 'north' } })
    for (const body of [
      { username, password, clientid: username },
      { username: 'hub', password: HUB_PASSWORD, clientid: 'hub' },
    ]) {
      const login = await answer(body)
      assert.equal(login.result, 'allow')
      assert.ok(!('client_attrs' in login))
    }
  })

  test('not with a denial', async () => {
    const { username } = await fleet.provision(pump, 'P-9')
    assert.deepEqual(await answer({ username, password: 'wrong' }), { result: 'deny' })
  })
})

test('guesses from one address are slowed down', async () => {
  await fleet.importDevice(pump, 'P-slow', SLOW_HASH)
  await answer({ username: 'pump/P-slow', password: 'x' })
  const guess = (i: number) => ({ username: `pump/X-${i}`, password: 'x', peerhost: '10.0.0.66' })
  for (let i = 0; i < 100; i++) await answer(guess(i))
  assert.equal(countOf('throttled'), 0)
  await answer(guess(100))
  assert.equal(countOf('throttled'), 1)
  await answer({ ...guess(100), peerhost: '10.0.0.67' })
  await answer({ ...guess(101), peerhost: '' })
  assert.equal(countOf('throttled'), 1)
})
