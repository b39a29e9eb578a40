/**
 * The description of the routes: it is OpenAPI 3.1, has each route that there is, and what is answered is
 * what it says.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { registerSchema, unregisterSchema, validate } from '@hyperjump/json-schema/openapi-3-1'
import { toJsonSchema } from '@valibot/to-json-schema'
import { Hono } from 'hono'
import { deviceAdmin } from '../../adapters/admin/index.ts'
import { createFleet, memoryStore } from '../../src/index.ts'
import { MORE } from '../credential/fixture.ts'
import { type Answer, openSite, pump, type Site } from './fixture.ts'

const AT = 'https://devices.example/openapi'
const OPENAPI = 'https://spec.openapis.org/oas/3.1/schema-base'

interface Description {
  readonly openapi: string
  readonly servers?: readonly { readonly url: string }[]
  readonly security?: unknown
  readonly paths: Readonly<
    Record<
      string,
      Record<
        string,
        {
          operationId: string
          requestBody?: { content: { 'application/json': { schema: { properties: object } } } }
          parameters: { name: string; in: string; schema: object }[]
        }
      >
    >
  >
}

const describeRoutes = async (site: Site) =>
  (await site.ask('reader', 'GET', '/openapi.json')).body as unknown as Description

test('it is OpenAPI 3.1', async () => {
  await using site = await openSite({ hub: true })
  const description = await describeRoutes(site)
  const output = await validate(OPENAPI, description as never, 'BASIC')
  assert.ok(output.valid, JSON.stringify(output))
  // The validator is one.
  const wrong = { ...description, paths: { '/x': { get: { responses: 7 } } } }
  assert.equal((await validate(OPENAPI, wrong as never)).valid, false)
})

test('it has each route that there is, and no other', async () => {
  for (const hub of [true, false]) {
    await using site = await openSite({ hub })
    const { paths } = await describeRoutes(site)
    const described = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    )
    const there = site.routes
      .filter(({ method }) => method !== 'ALL')
      .map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, '{$1}')}`)
    assert.deepEqual(described.sort(), [...there].sort())
    assert.equal(described.includes('POST /devices/{type}/{id}/commands/{name}'), hub)
    const ids = Object.values(paths).flatMap((methods) =>
      Object.values(methods).map(({ operationId }) => operationId),
    )
    assert.equal(new Set(ids).size, ids.length)
  }
})

test('it says what can be sent', async () => {
  await using site = await openSite({ hub: true })
  const { paths, servers } = await describeRoutes(site)
  assert.deepEqual(servers, [{ url: '/admin' }])
  const listed = paths['/devices']!.get!.parameters
  const kinds = Object.fromEntries(listed.map(({ name, schema }) => [name, schema]))
  assert.deepEqual(
    [kinds.limit, kinds.revoked, kinds.idPrefix],
    [
      { type: 'string', pattern: '^[+-]?(?:\\d*\\.)?\\d+$' },
      { type: 'string', enum: ['true', 'false'] },
      { type: 'string' },
    ],
  )
  const { requestBody } = paths['/devices/{type}']!.post!
  assert.deepEqual(Object.keys(requestBody!.content['application/json'].schema.properties), [
    ...['id', 'username', 'passwordHash', 'rules', 'attributes', 'clientIds'],
  ])
})

test('it says how to log in, where there is a secret, and is nobody else’s to read', async () => {
  const secret = 'correct-horse-battery-staple-0123456789'
  const fleet = createFleet({ types: [pump], store: memoryStore() })
  const app = deviceAdmin(fleet, { secret, toJsonSchema })
  assert.equal((await app.request('/openapi.json')).status, 401)
  const headers = { authorization: `Bearer ${secret}` }
  const response = await app.request('/openapi.json', { headers })
  const description = (await response.json()) as Description
  assert.ok(!JSON.stringify(description).includes(secret))
  assert.deepEqual(description.security, [{ secret: [] }])
  assert.equal(description.servers, undefined)
  assert.equal((await validate(OPENAPI, description as never)).valid, true)
  const without = new Hono().route('/', deviceAdmin(fleet, { secret }))
  assert.equal((await without.request('/openapi.json', { headers })).status, 404)
})

describe('what is answered is what it says', () => {
  type Call = readonly [
    method: string,
    path: string,
    route: string,
    body?: unknown,
    operator?: string,
  ]
  const one = '/devices/{type}/{id}'
  const at = '/devices/pump/P-1'
  const calls: readonly Call[] = [
    ['GET', '/me', '/me'],
    ['GET', '/me', '/me', undefined, 'north'],
    ['GET', '/types', '/types'],
    ['POST', '/devices/pump', '/devices/{type}', { id: 'P-1', attributes: { tenant: 'north' } }],
    ['POST', '/devices/pump', '/devices/{type}', { id: 'P-2', passwordHash: MORE[3]![1] }],
    ['POST', '/devices/pump', '/devices/{type}', { id: 'P-1' }],
    ['POST', '/devices/pump', '/devices/{type}', { id: 7 }],
    [
      'POST',
      '/devices/pump/many',
      '/devices/{type}/many',
      { devices: [{ id: 'P-3' }, { id: 'P-1' }, null, { id: 'P-4', passwordHash: MORE[3]![1] }] },
    ],
    ['PATCH', at, one, { rules: [{ effect: 'deny', actions: ['publish'], filter: 'x' }] }],
    ['PATCH', at, one, { clientIds: ['a'] }],
    ['PATCH', at, one, {}],
    ['POST', `${at}/rotate`, `${one}/rotate`, { overlap: 60 }],
    ['POST', `${at}/rotate`, `${one}/rotate`, { overlap: -1 }],
    ['GET', at, one],
    ['GET', '/devices', '/devices'],
    ['GET', '/devices?limit=1', '/devices'],
    ['GET', '/devices?limit=0', '/devices'],
    ['POST', `${at}/retire`, `${one}/retire`, { credentialId: 'c' }],
    ['POST', `${at}/commands/setRpm`, `${one}/commands/{name}`, { payload: { rpm: 1 } }],
    ['POST', `${at}/commands/stop`, `${one}/commands/{name}`],
    ['POST', `${at}/commands/stop`, `${one}/commands/{name}`, { payload: 1, timeout: 0 }],
    ['POST', `${at}/revoke`, `${one}/revoke`],
    ['POST', `${at}/rotate`, `${one}/rotate`],
    ['POST', `${at}/restore`, `${one}/restore`],
    ['POST', `${at}/restore`, `${one}/restore`, undefined, 'reader'],
    ['POST', `${at}/restore`, `${one}/restore`, undefined, 'nobody'],
    ['POST', '/tokens/revoke', '/tokens/revoke', { subject: 'dana' }],
    ['POST', '/tokens/revoke', '/tokens/revoke', { subject: '' }],
    ['POST', '/explain', '/explain', { username: 'pump/P-1', action: 'publish', topic: 'x' }],
    [
      'POST',
      '/explain',
      '/explain',
      { username: 'pump/P-1', action: 'subscribe', topic: 'things/pump/+/cmd', qos: 1 },
    ],
    ['GET', '/audit', '/audit'],
    ['GET', '/audit?limit=2', '/audit'],
    ['GET', '/audit?from=x', '/audit'],
    ['DELETE', at, one],
    ['DELETE', at, one],
    ['GET', '/openapi.json', '/openapi.json'],
  ]

  test('of each route, done and refused', async () => {
    await using site = await openSite({ hub: true })
    const description = await describeRoutes(site)
    registerSchema({ $schema: OPENAPI, ...description } as never, AT)
    const done = new Set<string>()
    try {
      for (const [method, path, route, body, operator = 'admin'] of calls) {
        const answer = await site.ask(operator, method, path, body)
        if (answer.status === 200) done.add(`${method} ${route}`)
        await assertDescribed(answer, method, route)
      }
      // A listed device has told something, and logged in.
      const state = { lastHeard: 1, fields: { a: 1 }, connectedAt: 1, status: 'x', battery: 1 }
      const login = { at: 1, credentialId: 'c' }
      const ref = { type: 'pump', id: 'P-2' }
      await site.fleet.store.states!.write([{ ...ref, ...state }], 1)
      await site.fleet.store.states!.writeLogins([{ ...ref, ...login }], 1)
      await assertDescribed(await site.ask('admin', 'GET', '/devices/pump/P-2'), 'GET', one)
      site.fleet.onChange('gateway', () => Promise.reject(new Error('away')))
      const revoke = ['POST', '/devices/pump/P-2/revoke'] as const
      const answer = await site.ask('admin', ...revoke)
      assert.equal(answer.status, 502)
      await assertDescribed(answer, 'POST', `${one}/revoke`)
    } finally {
      unregisterSchema(AT)
    }
    const all = Object.entries(description.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    )
    // Retiring what is not there is all that is tried of that.
    const left = all.filter((route) => !done.has(route))
    assert.deepEqual(left, [`POST ${one}/retire`])
  })

  async function assertDescribed({ status, body, type }: Answer, method: string, route: string) {
    const isProblem = status !== 200
    assert.equal(type, isProblem ? 'application/problem+json' : 'application/json')
    const escaped = route.replaceAll('/', '~1').replaceAll('{', '%7B').replaceAll('}', '%7D')
    const pointer = isProblem
      ? '/components/responses/problem/content/application~1problem+json/schema'
      : `/paths/${escaped}/${method.toLowerCase()}/responses/200/content/application~1json/schema`
    const output = await validate(`${AT}#${pointer}`, body as never, 'BASIC')
    assert.ok(output.valid, `${method} ${route} ${status}: ${JSON.stringify(output)}`)
    // One that lacks something is noticed.
    const [first] = Object.keys(body)
    const { [first!]: _, ...less } = body
    const isAnything = route.includes('commands') || route === '/openapi.json'
    if (isProblem || !isAnything) {
      assert.equal((await validate(`${AT}#${pointer}`, less as never)).valid, false, route)
    }
  }
})
