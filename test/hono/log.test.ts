/**
 * The log of the routes cannot be filled by who is denied; the counters count each.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Hono } from 'hono'
import { brokerAuth, brokerEvents, outcomeCounters } from '../../adapters/hono/index.ts'
import { MAX_FULL_LINES } from '../../src/base/quiet-log.ts'
import { presenceTracker } from '../../src/index.ts'
import { emqx } from '../../src/product/index.ts'
import { captureLog, fixture, request, SECRET } from './fixture.ts'

const COUNT = 1_000

async function mounted() {
  const { fleet } = await fixture()
  const log = captureLog()
  const counters = outcomeCounters()
  const shared = { secret: SECRET, products: [emqx], logger: log, counters }
  const presence = presenceTracker({ types: fleet.types })
  const app = new Hono()
    .route('/iot/broker', brokerAuth(fleet, shared))
    .route('/iot/broker/events', brokerEvents(fleet, { ...shared, presence }))
  const counted = (route: string, code: string) => {
    return counters.list().find((one) => one.route === route && one.code === code)?.count
  }
  return { app, log, counted }
}

const event = { event: 'client.connected', clientid: 'x', connected_at: 1_700_000_000_000 }
const rows: [
  title: string,
  path: string,
  body: (i: number) => object,
  route: string,
  code: string,
][] = [
  [
    'logins under names that nobody has',
    '/emqx/auth',
    (i) => ({ username: `nobody-${i}`, password: 'x', clientid: 'x' }),
    'auth',
    'principal-unknown',
  ],
  [
    'accesses of a device that is unknown',
    '/emqx/acl',
    (i) => ({ username: 'pump/X', clientid: 'x', action: 'publish', topic: `a/${i}`, qos: 0 }),
    'acl',
    'principal-unknown',
  ],
  [
    'requests that cannot be read',
    '/emqx/auth',
    () => ({ username: 7 }),
    'auth',
    'request-malformed',
  ],
  [
    'events of nobody',
    '/events/emqx',
    (i) => ({ ...event, username: `nobody-${i}` }),
    'events',
    'principal-unknown',
  ],
]
for (const [title, path, body, route, code] of rows) {
  test(`of ${COUNT} ${title} a few are logged, and all are counted`, async () => {
    const { app, log, counted } = await mounted()
    for (let i = 0; i < COUNT; i++) await request(app, path, body(i))
    assert.equal(counted(route, code), COUNT)
    assert.equal(log.lines.length, MAX_FULL_LINES)
  })
}

test('what is denied for another reason is logged beside it', async () => {
  const { app, log } = await mounted()
  const [, path, body] = rows[0]!
  for (let i = 0; i < COUNT; i++) await request(app, path, body(i))
  await request(app, path, { username: 'hub', password: 'wrong', clientid: 'x' })
  assert.match(
    log.lines.at(-1)!,
    /^warn: broker emqx\/auth: denied: password-wrong, user name "hub"/,
  )
})
