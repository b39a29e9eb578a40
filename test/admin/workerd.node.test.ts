/**
 * The operators' routes in workerd, the runtime of Cloudflare Workers, with their devices and the audit
 * trail in D1.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Miniflare } from 'miniflare'
import type { TrailEntry } from '../../src/index.ts'
import { browserBundle } from '../support/browser-bundle.ts'

const WORKER = fileURLToPath(new URL('./worker.ts', import.meta.url))

describe('in workerd', () => {
  let workerd: Miniflare
  before(async () => {
    const script = await browserBundle(WORKER, {}, (folder) =>
      readFileSync(join(folder, 'program.js'), 'utf8'),
    )
    workerd = new Miniflare({ modules: true, script, d1Databases: { DB: 'operators' } })
    await workerd.ready
    await workerd.dispatchFetch('http://worker/migrate')
  })
  after(() => workerd.dispose())

  async function ask(
    operator: string,
    method: string,
    path: string,
    body?: object | string,
    more: Readonly<Record<string, string>> = {},
  ) {
    const response = await workerd.dispatchFetch(`http://worker${path}`, {
      method,
      headers: { 'x-operator': operator, 'content-type': 'application/json', ...more },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    return { status: response.status, body: (await response.json()) as Record<string, unknown> }
  }

  const at = '/devices/pump/P-1'
  const own = { id: 'P-1', attributes: { tenant: 'north' } }
  let passwords: unknown[] = []

  test('a device goes through its life', async () => {
    const may = async (password: unknown) => {
      const login = { username: 'pump/P-1', password, clientId: 'pump/P-1' }
      return (await ask('admin', 'POST', '/login', login)).body.effect
    }
    const made = await ask('north', 'POST', '/devices/pump', own)
    assert.equal(made.status, 200, JSON.stringify(made.body))
    const rotated = await ask('north', 'POST', `${at}/rotate`, { overlap: 60 })
    passwords = [made.body.password, rotated.body.password]
    for (const password of passwords) assert.equal(await may(password), 'allow')
    const { body } = await ask('north', 'GET', at)
    const [old] = body.credentials as [{ id: string; pepper: string; hash?: string }]
    assert.deepEqual([old.pepper, old.hash], ['first', undefined])
    await ask('north', 'POST', `${at}/retire`, { credentialId: old.id })
    assert.deepEqual([await may(passwords[0]), await may(passwords[1])], ['deny', 'allow'])
    assert.equal((await ask('north', 'POST', `${at}/revoke`)).body.kind, 'revoked')
    assert.equal(await may(passwords[1]), 'deny')
    assert.equal((await ask('north', 'POST', `${at}/restore`)).status, 200)
    const devices = Array.from({ length: 50 }, (_, i) => ({ id: `M-${i}` }))
    const many = await ask('admin', 'POST', '/devices/pump/many', { devices })
    assert.equal((many.body.outcomes as object[]).length, 50)
    assert.equal((await ask('admin', 'DELETE', '/devices/pump/M-0')).body.kind, 'removed')
    const listed = (await ask('north', 'GET', '/devices?limit=1000')).body.devices as object[]
    assert.equal(listed.length, 1)
  })

  test('what is refused is refused as elsewhere, and repeats nothing', async () => {
    const form = { 'content-type': 'text/plain' }
    const rows: readonly (readonly [number, string, ...Parameters<typeof ask>])[] = [
      [401, 'operator-unknown', 'nobody', 'GET', '/devices'],
      [404, 'ERR_DEVICE_UNKNOWN', 'north', 'GET', '/devices/pump/M-1'],
      [404, 'ERR_DEVICE_UNKNOWN', 'admin', 'GET', '/devices/pump/a%00b'],
      [403, 'operator-limited', 'north', 'POST', '/devices/pump', { id: 'P-2' }],
      [409, 'ERR_DEVICE_EXISTS', 'north', 'POST', '/devices/pump', own],
      [400, 'request-invalid', 'admin', 'POST', '/devices/pump', { id: 'x', password: 'geheim' }],
      [400, 'body-malformed', 'admin', 'POST', '/devices/pump', '{"id":"geheim'],
      [415, 'body-type', 'admin', 'POST', '/devices/pump', '{}', form],
      [413, 'body-too-long', 'admin', 'POST', '/devices/pump', `"${'x'.repeat(1_048_576)}"`],
      [403, 'origin-foreign', 'admin', 'DELETE', at, undefined, { 'sec-fetch-site': 'cross-site' }],
      [403, 'origin-foreign', 'admin', 'DELETE', at, undefined, { origin: 'https://evil.example' }],
      [404, 'route-unknown', 'admin', 'GET', '/nothing'],
    ]
    for (const [status, code, ...asked] of rows) {
      const answer = await ask(...asked)
      assert.deepEqual([answer.status, answer.body.code], [status, code], asked.join(' '))
      assert.ok(!JSON.stringify(answer.body).includes('geheim'))
    }
  })

  test('all of it is on the trail, as far as an operator sees it', async () => {
    const trailOf = async (operator: string) => {
      const { body } = await ask(operator, 'GET', '/audit?limit=1000')
      return body.entries as readonly TrailEntry[]
    }
    const [all, north] = [await trailOf('admin'), await trailOf('north')]
    const done = all.filter(({ result }) => result === 'done')
    const deeds = done.filter(({ device }) => device?.id === 'P-1').map(({ action }) => action)
    assert.deepEqual(deeds.reverse(), ['provision', 'rotate', 'retire', 'revoke', 'restore'])
    const many = done.filter(({ device }) => device?.id.startsWith('M-'))
    assert.equal(many.filter(({ action }) => action === 'provision').length, 50)
    assert.ok(north.length >= 6 && north.every(({ attributes }) => attributes?.tenant === 'north'))
    for (const password of passwords) assert.ok(!JSON.stringify(all).includes(`${password}`))
  })

  test('they are described', async () => {
    const { body } = await ask('north', 'GET', '/openapi.json')
    assert.equal(body.openapi, '3.1.1')
  })
})
