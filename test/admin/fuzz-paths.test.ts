/**
 * Whatever path and query a route of operators is asked by, it is answered as what it is, and shows and
 * changes nothing of another tenant.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkNothingPolluted } from '../hono/fuzz/check.ts'
import { type Draw, draw, FUZZ_RUNS, SEEDED } from '../support/fuzz-seed.ts'
import { openSite, pump, type Site, valve } from './fixture.ts'

const REQUESTS = Math.ceil(3_000 * FUZZ_RUNS)
/** In the attributes of all that is another tenant's. */
const FOREIGN = 'geheim-4711'

const METHODS = ['GET', 'GET', 'GET', 'POST', 'PATCH', 'DELETE', 'PUT', 'OPTIONS'] as const
const SEGMENTS = [
  ...['devices', 'pump', 'valve', 'n-1', 's-1', 'many', 'rotate', 'retire', 'revoke', 'restore'],
  ...['kick', 'commands', 'setRpm', 'explain', 'audit', 'openapi.json', 'token', 'tokens', 'admin'],
  ...['', '.', '..', '%2e%2e', '%2f', 's-1%2frevoke', '%00', '%', '%zz', '%e0%a4', '%c3%bc', '%ff'],
  ...['__proto__', 'constructor', 'toString', '*', ':id', '+', '%23', 'N-1', 'n-1 ', ' s-1', '~'],
  ...['x'.repeat(2_000), '%f0%9f%98%80', 's-1;x=1', 's-1%3F', '-1', '0', 'null', 'undefined'],
]
const NAMES = [
  ...['type', 'id', 'idPrefix', 'revoked', 'connected', 'fresh', 'heardBefore', 'status', 'limit'],
  ...['batteryBelow', 'firmware', 'firmwareOtherThan', 'cursor', 'operator', 'action', 'from'],
  ...['until', 'attributes', 'tenant', '__proto__', 'constructor', '', 'x'],
]
const VALUES = [
  ...['pump', 'valve', 's-', 's-1', 'true', 'false', '0', '1', '1000', '1001', '-1', '1e3', '9e99'],
  ...['NaN', '', 'null', '%00', '%ff', 'north', 'south', FOREIGN, 'revoke', 'dora', '[]', '{}'],
  ...['x'.repeat(5_000), '%F0%9F%98%80', "'; DROP TABLE devices", '"', '\\', '*', '__proto__'],
]
const IDS = ['n-1', 'n-2', 's-1', 's-2'] as const

/** A request of a route that there is, about a device that there is, or of whatever comes. */
function requestOf(routes: Site['routes'], { below, one }: Draw): [method: string, path: string] {
  if (below(2) === 0) {
    const more = Array.from({ length: below(6) }, () => one(SEGMENTS))
    return [one(METHODS), `/${more.join('/')}`]
  }
  const { method, path } = one(routes)
  const known: Record<string, string> = { type: one(['pump', 'valve']), id: one(IDS) }
  const filled = path.replace(/:(\w+)/g, (_, name: string) =>
    below(8) === 0 ? one(SEGMENTS) : (known[name] ?? one(SEGMENTS)),
  )
  return [method, below(8) === 0 ? `${filled}/${one(SEGMENTS)}` : filled]
}

function queryOf({ below, one }: Draw): string {
  const pairs = Array.from({ length: below(2) * below(5) }, () => `${one(NAMES)}=${one(VALUES)}`)
  return pairs.length > 0 ? `?${pairs.join('&')}` : ''
}

test(`whatever path and query are asked for: ${REQUESTS} requests ${SEEDED}`, async () => {
  await using site = await openSite({ hub: true })
  const south = { tenant: 'south', site: FOREIGN }
  for (const type of [pump, valve]) {
    for (const id of ['n-1', 'n-2']) {
      await site.fleet.provision(type, id, { attributes: { tenant: 'north' } })
    }
    for (const id of ['s-1', 's-2']) await site.fleet.provision(type, id, { attributes: south })
  }
  const foreign = async () => {
    const { records } = await site.fleet.list({ limit: 1_000 })
    return records.filter(({ attributes }) => attributes.tenant === 'south')
  }
  const before = await foreign()
  const random = draw('paths')
  const statuses = new Map<number, number>()
  for (let i = 0; i < REQUESTS; i++) {
    const [method, asked] = requestOf(site.routes, random)
    const path = `${asked}${queryOf(random)}`
    // What leads out of the mount is a request of the application's.
    if (!new URL(`http://localhost/admin${path}`).pathname.startsWith('/admin/')) continue
    const body = method === 'POST' || method === 'PATCH' ? '{}' : undefined
    const operator = random.one(['north', 'north', 'north', 'reader', 'nobody'])
    const { status, body: answer, type } = await site.ask(operator, method, path, body)
    const what = `${operator} ${method} ${path.slice(0, 300)}: ${status} ${JSON.stringify(answer)}`
    statuses.set(status, (statuses.get(status) ?? 0) + 1)
    assert.ok(status === 200 || (status >= 400 && status < 500) || status === 502, what)
    assert.equal(type, status === 200 ? 'application/json' : 'application/problem+json', what)
    if (status !== 200) assert.equal(answer.status, status, what)
    if (operator === 'nobody') assert.ok(status === 401 || status === 404, what)
    // A reader sees all tenants.
    if (operator === 'north') assert.ok(!JSON.stringify(answer).includes(FOREIGN), what)
  }
  assert.deepEqual(await foreign(), before)
  assert.deepEqual(site.lines, [])
  // Enough of them meant something.
  for (const status of [200, 400, 401, 403, 404]) {
    assert.ok((statuses.get(status) ?? 0) >= REQUESTS / 100, `${status} of ${[...statuses]}`)
  }
  checkNothingPolluted()
})
