/**
 * Tokens of a subject, revoked by an operator: who may, what comes of it, and that it is on the trail.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createFleet, type Fleet, memoryStore, type TrailEntry } from '../../src/index.ts'
import { openSite, pump, type Site } from './fixture.ts'

const ROUTE = '/tokens/revoke'
const rules = [{ effect: 'allow', actions: ['subscribe'], filter: 'news' }] as const

async function effectOf(fleet: Fleet, token: { username: string; password: string }) {
  return (await fleet.authenticate(token)).effect
}

async function trailOf(site: Site): Promise<readonly TrailEntry[]> {
  const { body } = await site.ask('admin', 'GET', '/audit')
  return body.entries as readonly TrailEntry[]
}

describe('an operator that sees all', () => {
  test('revokes the tokens of a subject, and nobody else’s', async () => {
    await using site = await openSite()
    const { fleet } = site
    const [token, other] = ['dana', 'erik'].map((subject) => fleet.issueToken({ rules, subject }))
    const told: string[] = []
    fleet.onChange('broker', ({ username }) => void told.push(username))
    const { status, body } = await site.ask('admin', 'POST', ROUTE, { subject: 'dana' })
    const { username } = token!
    assert.equal(status, 200)
    const { issuedUntil, ...rest } = body
    assert.deepEqual(rest, { kind: 'tokens-revoked', username, done: ['broker'], failed: [] })
    assert.ok(Number.isInteger(issuedUntil))
    assert.deepEqual(told, [username])
    assert.deepEqual(
      [await effectOf(fleet, token!), await effectOf(fleet, other!)],
      ['deny', 'allow'],
    )
  })

  test('is told whose sessions may go on', async () => {
    await using site = await openSite()
    site.fleet.onChange('emqx', () => Promise.reject(new Error('is away')))
    const { status, body } = await site.ask('admin', 'POST', ROUTE, { subject: 'dana' })
    assert.deepEqual([status, body.code], [502, 'ERR_CHANGE_INCOMPLETE'])
    const { failed } = body.report as { failed: unknown }
    assert.deepEqual(failed, [{ name: 'emqx', problem: 'is away' }])
  })

  test('is on the trail, with the subject as far as an attribute can have it', async () => {
    await using site = await openSite()
    const rows = [
      ['dana', 'dana'],
      ['auth0|7/session 1', 'auth0%7C7%2Fsession%201'],
      ['水'.repeat(129), '%E6%B0%B4'.repeat(129).slice(0, 128)],
    ] as const
    for (const [subject] of rows) await site.ask('admin', 'POST', ROUTE, { subject })
    const entries = (await trailOf(site)).toReversed()
    assert.deepEqual(
      entries.map(({ operator, action, attributes, result }) => [
        operator,
        action,
        attributes,
        result,
      ]),
      rows.map(([, subject]) => ['admin', 'revoke-tokens', { subject }, 'done']),
    )
    assert.deepEqual(
      site.trail.map(({ action, subject, result }) => [action, subject, result]),
      rows.map(([subject]) => ['revoke-tokens', subject, 'done']),
    )
  })
})

describe('no token is revoked', () => {
  for (const [title, operator, body, status, code] of [
    ['by nobody', undefined, { subject: 'dana' }, 401, 'operator-unknown'],
    ['by who may look alone', 'reader', { subject: 'dana' }, 403, 'operator-limited'],
    ['by who sees some devices', 'north', { subject: 'dana' }, 403, 'operator-limited'],
    ['by who sees some types', 'valves', { subject: 'dana' }, 403, 'operator-limited'],
    ['of nobody', 'admin', undefined, 400, 'request-invalid'],
    ['of an empty subject', 'admin', { subject: '' }, 400, 'ERR_CONFIG'],
    ['of one that is too long', 'admin', { subject: 's'.repeat(1_025) }, 400, 'ERR_CONFIG'],
    ['of one that is no text', 'admin', { subject: 7 }, 400, 'request-invalid'],
    ['of a user name', 'admin', { username: 'token:x' }, 400, 'request-invalid'],
    ['with a lone surrogate', 'admin', '{"subject":"\\ud83d"}', 400, 'ERR_CONFIG'],
  ] as const) {
    test(title, async () => {
      await using site = await openSite()
      const token = site.fleet.issueToken({ rules, subject: 'dana' })
      const answer = await site.ask(operator, 'POST', ROUTE, body)
      assert.deepEqual([answer.status, answer.body.code], [status, code])
      assert.equal(await effectOf(site.fleet, token), 'allow')
      assert.equal(site.trail.at(-1)?.result, code)
    })
  }

  test('from a page of another origin', async () => {
    await using site = await openSite()
    const token = site.fleet.issueToken({ rules, subject: 'dana' })
    const headers = { 'sec-fetch-site': 'cross-site' }
    const answer = await site.ask('admin', 'POST', ROUTE, { subject: 'dana' }, headers)
    assert.deepEqual([answer.status, answer.body.code], [403, 'origin-foreign'])
    assert.equal(await effectOf(site.fleet, token), 'allow')
  })

  test('where the trail cannot be written', async () => {
    const store = memoryStore()
    const trail = { ...store.trail!, write: () => Promise.reject(new Error('is full')) }
    const pepper = 'a pepper of more than 16 bytes'
    const fleet = createFleet({ types: [pump], store: { ...store, trail }, pepper })
    await using site = await openSite({ fleet })
    const token = fleet.issueToken({ rules, subject: 'dana' })
    const { status, body } = await site.ask('admin', 'POST', ROUTE, { subject: 'dana' })
    assert.deepEqual([status, body.code], [503, 'trail-failed'])
    assert.equal(await effectOf(fleet, token), 'allow')
  })

  test('by a fleet without a pepper', async () => {
    const fleet = createFleet({ types: [pump], store: memoryStore() })
    await using site = await openSite({ fleet })
    const { status, body } = await site.ask('admin', 'POST', ROUTE, { subject: 'dana' })
    assert.deepEqual([status, body.code, body.key], [400, 'ERR_CONFIG', 'pepper'])
  })
})
