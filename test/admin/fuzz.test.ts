/**
 * Whatever is sent to a route of operators, it is answered as what it is, repeats no secret, breaks nothing
 * and lets nobody do more than they may.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { checkNothingPolluted } from '../hono/fuzz/check.ts'
import type { Call } from '../hono/fuzz/language.ts'
import { garbage, mutateBody } from '../hono/fuzz/mutate.ts'
import { draw, FUZZ_RUNS, SEEDED } from '../support/fuzz-seed.ts'
import { openSite, pump, type Site, valve } from './fixture.ts'

/** Requests to each route. */
const REQUESTS = Math.ceil(200 * FUZZ_RUNS)
/** Stands where a secret would, and has to be in no answer, no line and not on the trail. */
const SECRET = 'geheim-4711-0815'

const PROBLEMS = [400, 401, 403, 404, 409, 413, 415, 502]

interface Route {
  readonly method: string
  readonly path: string
  readonly body: Readonly<Record<string, unknown>>
}

const at = '/devices/pump/n-1'
const attributes = { tenant: 'north', site: 'east' }
const rules = [{ effect: 'allow', actions: ['publish'], filter: 'x/{site}/#', maxQos: 1 }]
const routes: readonly Route[] = [
  { method: 'POST', path: '/devices/pump', body: { id: 'n-new', attributes, rules } },
  { method: 'POST', path: '/devices/pump', body: { id: 'n-hash', passwordHash: SECRET } },
  {
    method: 'POST',
    path: '/devices/pump/many',
    body: { devices: [{ id: 'n-a', attributes }, { id: 's-1', passwordHash: SECRET }, null] },
  },
  { method: 'PATCH', path: at, body: { attributes, rules, clientIds: ['a'] } },
  { method: 'POST', path: `${at}/rotate`, body: { overlap: 60, notBefore: 1 } },
  { method: 'POST', path: `${at}/retire`, body: { credentialId: SECRET } },
  { method: 'POST', path: `${at}/revoke`, body: {} },
  { method: 'POST', path: `${at}/restore`, body: {} },
  { method: 'POST', path: `${at}/commands/setRpm`, body: { payload: { rpm: SECRET }, timeout: 1 } },
  { method: 'DELETE', path: at, body: {} },
  {
    method: 'POST',
    path: '/explain',
    body: { username: 'pump/n-1', action: 'publish', topic: 'things/pump/n-1/data', qos: 1 },
  },
]

async function openFilled(): Promise<Site & AsyncDisposable> {
  const site = await openSite({ hub: true })
  for (const type of [pump, valve]) {
    for (const id of ['n-1', 'n-2']) await site.fleet.provision(type, id, { attributes })
    for (const id of ['s-1', 's-2']) {
      await site.fleet.provision(type, id, { attributes: { tenant: 'south' } })
    }
  }
  return site
}

const recordsOf = async (site: Site, isWanted: (tenant: string | undefined) => boolean) => {
  const { records } = await site.fleet.list({ limit: 1_000 })
  // What a device told, or when it logged in, no operator changes.
  return records
    .filter((record) => isWanted(record.attributes.tenant))
    .map(({ state: _, ...record }) => record)
}

/** What has to hold of each answer. */
function check({ status, body, type }: Awaited<ReturnType<Site['ask']>>, what: string): void {
  const text = JSON.stringify(body)
  // What came in the place of an id is an id.
  const isNamed = /"id":\s*"[^"]*geheim/i.test(what)
  assert.ok(isNamed || !text.includes(SECRET), `${what}: ${text}`)
  if (status === 200) {
    assert.equal(type, 'application/json', what)
    return
  }
  assert.ok(PROBLEMS.includes(status), `${what}: ${status} ${text}`)
  assert.equal(type, 'application/problem+json', what)
  assert.equal(body.status, status, what)
  assert.match(`${body.code}`, /^(?:[a-z-]+|ERR_[A-Z_]+)$/, what)
  assert.ok(`${body.detail}`.length > 0, what)
}

describe('whatever is sent as a body', () => {
  for (const { method, path, body } of routes) {
    const title = `${method} ${path} ${Object.keys(body).join()}`
    test(`to ${title}: ${REQUESTS} requests ${SEEDED}`, async () => {
      await using site = await openFilled()
      const random = draw(title)
      const foreign = await recordsOf(site, (tenant) => tenant === 'south')
      const call = { body: JSON.stringify({ ...body }), encoding: 'json' } as Call
      const isEmpty = Object.keys(body).length === 0
      for (let i = 0; i < REQUESTS; i++) {
        const kind = random.below(10)
        const sent = kind < 3 || isEmpty ? garbage(random) : mutateBody(call, random)
        const type = random.below(9) === 0 ? 'text/plain' : 'application/json'
        const operator = random.one(['north', 'north', 'valves', 'reader', 'nobody', ''])
        const answer = await site.ask(operator, method, path, sent, { 'content-type': type })
        check(answer, `${operator} ${title} ${new TextDecoder().decode(sent).slice(0, 300)}`)
        if (operator === 'nobody' || operator === '') assert.equal(answer.status, 401)
        if (operator === 'reader' && path !== '/explain') assert.equal(answer.status, 403)
      }
      assert.deepEqual(await recordsOf(site, (tenant) => tenant === 'south'), foreign)
      // Of nobody's device an operator of a tenant makes one of its own at most.
      assert.deepEqual(await recordsOf(site, (tenant) => tenant === undefined), [])
      assert.deepEqual(site.lines, [])
      const { entries } = await site.fleet.store.trail!.list({ limit: 1_000 })
      // What came in the place of an id is an id.
      const told = [...entries, ...site.trail].filter(({ device }) => !device?.id.includes(SECRET))
      assert.ok(!JSON.stringify(told).includes(SECRET))
      checkNothingPolluted()
    })
  }
})
