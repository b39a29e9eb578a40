/**
 * Who is not let in, what is not taken, and what an operator does not see.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { type DeviceAdminOptions, deviceAdmin, type Operator } from '../../adapters/admin/index.ts'
import { createFleet, memoryStore, type TrailEntry } from '../../src/index.ts'
import { FUZZ_RUNS, FUZZ_SEED, SEEDED } from '../support/fuzz-seed.ts'
import { openSite, pump, valve } from './fixture.ts'

describe('routes are not made', () => {
  const secret = 's'.repeat(32)
  const authorize = () => undefined
  const rows: readonly (readonly [options: unknown, key: string])[] = [
    [{}, 'authorize'],
    [{ authorize: 'yes' }, 'authorize'],
    [{ secret: 's'.repeat(31) }, 'secret'],
    [{ secret: `${'s'.repeat(40)} ` }, 'secret'],
    [{ secret: `${'s'.repeat(40)}é` }, 'secret'],
    [{ secret: 7 }, 'secret'],
    [{ secret, authorize }, 'secret'],
    [{ authorize, hub: {} }, 'hub.device'],
    [{ authorize, typo: 1 }, 'typo'],
  ]
  for (const [options, key] of rows) {
    test(`with ${JSON.stringify(options)}`, () => {
      const fleet = createFleet({ types: [pump], store: memoryStore() })
      assert.throws(() => deviceAdmin(fleet, options as DeviceAdminOptions), {
        name: 'ConfigError',
        key,
      })
    })
  }
})

describe('with a secret', () => {
  const secret = 'correct-horse-battery-staple-0123456789'
  const fleet = createFleet({ types: [pump], store: memoryStore() })
  const routes = deviceAdmin(fleet, { secret })
  const rows: readonly (readonly [authorization: string | undefined, status: number])[] = [
    [`Bearer ${secret}`, 200],
    [`bearer  ${secret}`, 200],
    [undefined, 401],
    ['', 401],
    ['Bearer', 401],
    ['Bearer ', 401],
    [`Bearer ${secret}x`, 401],
    [`Bearer ${secret.slice(1)}`, 401],
    [`Basic ${secret}`, 401],
    [secret, 401],
  ]
  for (const [authorization, status] of rows) {
    test(`${authorization} is answered ${status}`, async () => {
      const headers: Record<string, string> = authorization === undefined ? {} : { authorization }
      const response = await routes.request('/devices', { headers })
      assert.equal(response.status, status)
      if (status === 401) assert.ok(!(await response.text()).includes(secret))
    })
  }
})

describe('what a browser sends for another page', () => {
  const rows: readonly (readonly [headers: Record<string, string>, status: number])[] = [
    [{ 'sec-fetch-site': 'same-origin' }, 200],
    [{ 'sec-fetch-site': 'none' }, 200],
    [{ 'sec-fetch-site': 'same-site' }, 403],
    [{ 'sec-fetch-site': 'cross-site' }, 403],
    [{ 'sec-fetch-site': 'same-origin', origin: 'https://proxy.example' }, 200],
    [{ origin: 'http://localhost' }, 200],
    [{ origin: 'https://evil.example' }, 403],
    [{ origin: 'null' }, 403],
    [{ origin: 'http://localhost.evil.example' }, 403],
    [{}, 200],
  ]
  for (const [headers, status] of rows) {
    test(`${JSON.stringify(headers)} is answered ${status}`, async () => {
      await using site = await openSite()
      await site.fleet.provision(pump, 'P-1')
      const answer = await site.ask('admin', 'POST', '/devices/pump/P-1/revoke', undefined, headers)
      assert.equal(answer.status, status)
      const { revoked } = (await site.fleet.store.get('pump', 'P-1'))!
      assert.equal(revoked, status === 200)
    })
  }
})

describe('a request is refused, and repeats nothing', () => {
  const SENT = 'geheim-4711'
  const rows: readonly (readonly [
    method: string,
    path: string,
    body: unknown,
    status: number,
    code: string,
  ])[] = [
    ['POST', '/devices/pump', `{"id":"${SENT}"`, 400, 'body-malformed'],
    ['POST', '/devices/pump', '[]', 400, 'request-invalid'],
    ['POST', '/devices/pump', 'null', 400, 'request-invalid'],
    ['POST', '/devices/pump', {}, 400, 'request-invalid'],
    ['POST', '/devices/pump', { id: 7 }, 400, 'request-invalid'],
    ['POST', '/devices/pump', { id: 'P-2', password: SENT }, 400, 'request-invalid'],
    ['POST', '/devices/pump', { id: 'P-2', passwordHash: SENT }, 400, 'ERR_CONFIG'],
    ['POST', '/devices/pump', { id: 'P-2', rules: SENT }, 400, 'request-invalid'],
    ['POST', '/devices/pump', { id: 'P-2', rules: [{ effect: SENT }] }, 400, 'ERR_CONFIG'],
    ['POST', '/devices/pump', { id: 'P-2', attributes: { a: 7 } }, 400, 'request-invalid'],
    ['POST', '/devices/pump', { id: 'a/b' }, 400, 'ERR_NAME_INVALID'],
    ['POST', '/devices/pump', { id: 'P-1' }, 409, 'ERR_DEVICE_EXISTS'],
    ['POST', '/devices/engine', { id: 'P-1' }, 404, 'ERR_DEVICE_TYPE_UNKNOWN'],
    ['POST', '/devices/pump/many', { devices: SENT }, 400, 'request-invalid'],
    ['POST', '/devices/pump/many', { devices: Array(1_001).fill({}) }, 400, 'request-invalid'],
    ['POST', '/devices/pump', `{"id":"${'x'.repeat(1_048_576)}"}`, 413, 'body-too-long'],
    ['GET', '/devices/pump/P-9', undefined, 404, 'ERR_DEVICE_UNKNOWN'],
    ['GET', '/devices/__proto__/P-1', undefined, 404, 'ERR_DEVICE_TYPE_UNKNOWN'],
    ['GET', '/devices?limit=0', undefined, 400, 'ERR_CONFIG'],
    ['GET', '/devices?limit=many', undefined, 400, 'request-invalid'],
    ['GET', '/devices?typo=1', undefined, 400, 'request-invalid'],
    ['GET', '/devices?type=pump&type=valve', undefined, 400, 'request-invalid'],
    ['GET', '/devices?revoked=yes', undefined, 400, 'request-invalid'],
    ['GET', `/devices?cursor=${SENT}`, undefined, 400, 'ERR_CONFIG'],
    ['POST', '/devices/pump/P-1/rotate', { overlap: -1 }, 400, 'ERR_CONFIG'],
    ['POST', '/devices/pump/P-1/rotate', { overlap: SENT }, 400, 'request-invalid'],
    ['POST', '/devices/pump/P-1/retire', { credentialId: 'c' }, 404, 'ERR_CREDENTIAL_UNKNOWN'],
    ['PATCH', '/devices/pump/P-1', {}, 400, 'ERR_CONFIG'],
    ['POST', '/explain', { username: SENT }, 400, 'request-invalid'],
    ['PUT', '/devices/pump/P-1', {}, 404, 'route-unknown'],
    ['GET', '/nothing', undefined, 404, 'route-unknown'],
  ]
  for (const [method, path, body, status, code] of rows) {
    const title = typeof body === 'string' ? body.slice(0, 40) : JSON.stringify(body)?.slice(0, 60)
    test(`${method} ${path} ${title}: ${status} ${code}`, async () => {
      await using site = await openSite()
      await site.fleet.provision(pump, 'P-1')
      const before = await site.fleet.list()
      const answer = await site.ask('admin', method, path, body)
      assert.deepEqual([answer.status, answer.body.code], [status, code])
      assert.equal(answer.type, 'application/problem+json')
      assert.equal(answer.body.status, status)
      assert.ok(!JSON.stringify(answer.body).includes(SENT), JSON.stringify(answer.body))
      assert.deepEqual(await site.fleet.list(), before)
      assert.deepEqual(site.lines, [])
    })
  }

  test('for a body of another type, as a form of another page would have it', async () => {
    await using site = await openSite()
    const body = '{"id":"P-1"}'
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', '']) {
      const headers = { 'content-type': type }
      const answer = await site.ask('admin', 'POST', '/devices/pump', body, headers)
      assert.deepEqual([answer.status, answer.body.code], [415, 'body-type'], type)
    }
  })
})

describe('whoever is not an operator', () => {
  for (const operator of [undefined, '', 'nobody', '__proto__']) {
    test(`such as ${operator} is told nothing, and is in the trail`, async () => {
      await using site = await openSite()
      await site.fleet.provision(pump, 'P-1')
      const { status, body } = await site.ask(operator, 'POST', '/devices/pump/P-1/revoke')
      assert.deepEqual([status, body.code], [401, 'operator-unknown'])
      assert.equal((await site.fleet.store.get('pump', 'P-1'))?.revoked, false)
      const { at: _, ...entry } = site.trail[0]!
      assert.deepEqual(entry, { action: 'revoke', result: 'operator-unknown' })
    })
  }

  const wrong: readonly unknown[] = [
    null,
    'admin',
    {},
    { name: '' },
    { name: 'a\nb' },
    { name: 'a\0' },
    { name: 'x'.repeat(257) },
    { name: 'a', may: 'write' },
    { name: 'a', types: 'pump' },
    { name: 'a', attributes: { tenant: 7 } },
    { name: 'a', atributes: { tenant: 'north' } },
  ]
  for (const operator of wrong) {
    test(`and a check that returns ${JSON.stringify(operator)} lets nobody in`, async () => {
      const fleet = createFleet({ types: [pump], store: memoryStore() })
      const lines: string[] = []
      const write = (line: string) => void lines.push(line)
      const routes = deviceAdmin(fleet, {
        authorize: () => operator as Operator,
        logger: { info: write, warn: write, error: write },
      })
      const response = await routes.request('/devices')
      assert.equal(response.status, 503)
      assert.match(lines.join(), /^admin list failed: TypeError: authorize /)
    })
  }
})

test('an operator who may only look changes nothing', async () => {
  await using site = await openSite()
  await site.fleet.provision(pump, 'P-1')
  const before = await site.fleet.list()
  const deeds: readonly (readonly [string, string, unknown?])[] = [
    ['POST', '/devices/pump', { id: 'P-2' }],
    ['POST', '/devices/pump/many', { devices: [{ id: 'P-2' }] }],
    ['PATCH', '/devices/pump/P-1', { rules: [] }],
    ['DELETE', '/devices/pump/P-1'],
    ['POST', '/devices/pump/P-1/rotate'],
    ['POST', '/devices/pump/P-1/retire', { credentialId: 'c' }],
    ['POST', '/devices/pump/P-1/revoke'],
    ['POST', '/devices/pump/P-1/restore'],
  ]
  for (const [method, path, body] of deeds) {
    const answer = await site.ask('reader', method, path, body)
    assert.deepEqual([answer.status, answer.body.code], [403, 'operator-limited'], path)
  }
  assert.deepEqual(await site.fleet.list(), before)
  assert.equal(site.trail.length, deeds.length)
})

test('a store that fails is no news for whoever asks, and a line in the log', async () => {
  const store = memoryStore()
  const failing = {
    ...store,
    get: () => Promise.reject(new Error('password=geheim at 10.0.0.1')),
  }
  const fleet = createFleet({ types: [pump, valve], store: failing })
  await using site = await openSite({ fleet })
  const { status, body } = await site.ask('admin', 'GET', '/devices/pump/P-1')
  assert.deepEqual([status, body.code], [503, 'failed'])
  assert.ok(!JSON.stringify(body).includes('geheim'))
  assert.equal(site.lines.length, 1)
})

test('an audit trail that fails is logged, and the deed stands', async () => {
  const fleet = createFleet({ types: [pump], store: memoryStore() })
  await fleet.provision(pump, 'P-1')
  const lines: string[] = []
  const write = (line: string) => void lines.push(line)
  const routes = deviceAdmin(fleet, {
    authorize: () => ({ name: 'a' }),
    audit: async () => {
      throw new Error('disk is full')
    },
    logger: { info: write, warn: write, error: write },
  })
  const response = await routes.request('/devices/pump/P-1/revoke', { method: 'POST' })
  assert.equal(response.status, 200)
  assert.deepEqual(lines, ['The audit trail failed: Error: disk is full'])
})

test(`an operator of one tenant sees and touches no other, whatever it asks ${SEEDED}`, async () => {
  await using site = await openSite()
  const own = { attributes: { tenant: 'north' } }
  const foreign = { attributes: { tenant: 'south' } }
  const ids = ['a', 'b', 'c']
  for (const type of [pump, valve]) {
    for (const id of ids) {
      await site.fleet.provision(type, `n-${id}`, own)
      await site.fleet.provision(type, `s-${id}`, foreign)
      await site.fleet.provision(type, `o-${id}`)
    }
  }
  const isForeign = (id: string) => !id.startsWith('n-')
  const foreignRecords = async () => {
    const { records } = await site.fleet.list({ limit: 1_000 })
    return records.filter(({ attributes }) => attributes.tenant !== 'north')
  }
  const before = await foreignRecords()
  const attributes = fc.option(
    fc.oneof(
      fc.record({ tenant: fc.constantFrom('north', 'south', 'North') }),
      fc.dictionary(fc.constantFrom('site', '__proto__'), fc.constantFrom('north', 'x')),
      fc.record({ tenant: fc.constant('north'), site: fc.constantFrom('east', 'west') }),
    ),
    { nil: undefined },
  )
  const anyId = fc.tuple(fc.constantFrom('n', 's', 'o'), fc.constantFrom(...ids, 'x'))
  const request = fc.record({
    operation: fc.constantFrom(
      ...['show', 'rotate', 'revoke', 'restore', 'delete', 'update', 'provision', 'many'],
      ...['list', 'explain', 'retire', 'audit'],
    ),
    type: fc.constantFrom('pump', 'valve'),
    id: anyId.map(([tenant, id]) => `${tenant}-${id}`),
    attributes,
  })
  const runs = FUZZ_RUNS * 2_000
  await fc.assert(
    fc.asyncProperty(request, async ({ operation, type, id, attributes }) => {
      const at = `/devices/${type}/${id}`
      const body = attributes && { attributes }
      const calls: Readonly<Record<string, readonly [string, string, unknown?]>> = {
        show: ['GET', at],
        list: ['GET', `/devices?idPrefix=${id.slice(0, 2)}&limit=1000`],
        audit: ['GET', `/audit?id=${id}`],
        delete: ['DELETE', at],
        update: ['PATCH', at, body ?? { rules: [] }],
        provision: ['POST', `/devices/${type}`, { id: `new-${id}`, ...body }],
        many: ['POST', `/devices/${type}/many`, { devices: [{ id: `many-${id}`, ...body }] }],
        explain: ['POST', '/explain', { username: `${type}/${id}`, action: 'publish', topic: 'x' }],
        retire: ['POST', `${at}/retire`, { credentialId: 'c' }],
      }
      const [method, path, sent] = calls[operation] ?? ['POST', `${at}/${operation}`]
      const answer = await site.ask('north', method, path, sent)
      const isAboutOne = !['list', 'provision', 'many', 'audit'].includes(operation)
      if (isAboutOne && isForeign(id)) assert.equal(answer.status, 404, `${operation} ${id}`)
      const text = JSON.stringify(answer.body)
      assert.ok(!/"tenant":"(?!north")/.test(text), text)
      if (operation === 'list') {
        const found = answer.body.devices as { attributes: { tenant?: string } }[]
        assert.ok(found.every((device) => device.attributes.tenant === 'north'))
      }
      if (operation === 'audit') {
        const found = answer.body.entries as TrailEntry[]
        assert.ok(
          found.every(({ attributes }) => attributes?.tenant === 'north'),
          text,
        )
      }
    }),
    { numRuns: runs, seed: FUZZ_SEED },
  )
  assert.deepEqual(await foreignRecords(), before)
})
