/**
 * The route that monitoring reads: who may, and what it says.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Hono } from 'hono'
import {
  brokerAuth,
  fleetMetrics,
  type MetricsRouteOptions,
  metricsRoute,
  outcomeCounters,
} from '../../adapters/hono/index.ts'
import { presenceTracker } from '../../src/index.ts'
import { emqx } from '../../src/product/index.ts'
import { pump } from '../fleet/fixture.ts'
import { measuredSite, SECRET } from './measured.ts'

const READ = { headers: { authorization: `Bearer ${SECRET}` } }

describe('the metrics are read', () => {
  const cases: readonly (readonly [string, MetricsRouteOptions, RequestInit, number])[] = [
    ['with the secret', { secret: SECRET }, READ, 200],
    ['without it', { secret: SECRET }, {}, 401],
    ['with another', { secret: SECRET }, { headers: { authorization: `Bearer ${SECRET}x` } }, 401],
    [
      'with the beginning of it',
      { secret: SECRET },
      { headers: { authorization: `Bearer ${SECRET.slice(0, 40)}` } },
      401,
    ],
    [
      'with it in another scheme',
      { secret: SECRET },
      { headers: { authorization: `Basic ${SECRET}` } },
      401,
    ],
    ['by an own check that lets in', { authorize: () => true }, {}, 200],
    ['by one that does so later', { authorize: async () => true }, {}, 200],
    ['by one that does not', { authorize: () => false }, {}, 401],
    ['by one that returns something else', { authorize: () => 'yes' as never }, {}, 401],
    ['by one that fails', { authorize: () => Promise.reject(new Error('away')) }, {}, 401],
  ]
  for (const [title, options, request, status] of cases) {
    test(`${title}: ${status}`, async () => {
      const app = new Hono().route('/metrics', metricsRoute(fleetMetrics(), options))
      const response = await app.request('/metrics', request)
      assert.equal(response.status, status)
      assert.equal(response.headers.get('cache-control'), 'no-store')
      const text = await response.text()
      assert.equal(text, status === 200 ? '# EOF\n' : '')
      const type = 'application/openmetrics-text; version=1.0.0; charset=utf-8'
      if (status === 200) assert.equal(response.headers.get('content-type'), type)
    })
  }

  test('by nothing but a GET', async () => {
    const app = new Hono().route('/metrics', metricsRoute(fleetMetrics(), { secret: SECRET }))
    assert.equal((await app.request('/metrics', { ...READ, method: 'POST' })).status, 404)
  })
})

for (const [key, options] of [
  ['authorize', {}],
  ['authorize', { authorize: true }],
  ['secret', { secret: 'too short' }],
  ['secret', { secret: `${SECRET} ` }],
  ['secret', { secret: SECRET, authorize: () => true }],
  ['path', { secret: SECRET, path: '/x' }],
  ['hub', { secret: SECRET, hub: 1 }],
  ['counters.list', { secret: SECRET, counters: {} }],
] as const) {
  test(`options are refused: ${JSON.stringify(options)}`, () => {
    const make = () => metricsRoute(fleetMetrics(), options as unknown as MetricsRouteOptions)
    assert.throws(make, { code: 'ERR_CONFIG', key })
  })
}

test('the metrics say what was done, and name no device, user or topic', async () => {
  await using site = await measuredSite()
  const text = await site.read()
  for (const line of [
    'devicehub_logins_total{effect="allow",code="login"} 1',
    'devicehub_logins_total{effect="deny",code="password-wrong"} 2',
    'devicehub_decisions_total{action="publish",effect="allow",code="allowed-by-rule"} 1',
    'devicehub_decisions_total{action="subscribe",effect="deny",code="no-rule-grants"} 1',
    'devicehub_messages_total{type="pump",channel="data",broker="default"} 2',
    'devicehub_rejections_total{code="payload-invalid",broker="default"} 1',
    'devicehub_commands_total{type="pump",command="setRpm",code="ERR_COMMAND_TIMED_OUT"} 1',
    'devicehub_login_duration_seconds_count{effect="deny"} 2',
    'devicehub_login_duration_seconds_bucket{effect="deny",le="+Inf"} 2',
    'devicehub_broker_requests_total{product="emqx",route="auth",effect="allow",code="login"} 1',
    'devicehub_hub_ready 1',
    'devicehub_hub_messages 0',
    'devicehub_hub_broker_connected{broker="default"} 1',
    'devicehub_devices{type="pump",connected="unknown"} 1',
    'devicehub_devices_fresh{type="pump"} 1',
    'devicehub_embedded_dropped_total{code="session-full"} 0',
    'devicehub_embedded_refused_total{code="connections-full"} 6',
  ]) {
    assert.ok(text.includes(`${line}\n`), `${line}\n${text}`)
  }
  for (const secret of ['P-1', 'P-SECRET', 'things/', site.password]) {
    assert.ok(!text.includes(secret), secret)
  }
})

test('what is counted grows with what was declared, whatever is asked', async () => {
  const metrics = fleetMetrics()
  await using site = await measuredSite({ metrics })
  const before = (await site.read()).split('\n').length
  for (let i = 0; i < 200; i++) {
    await site.fleet.authenticate({ username: `pump/${i}\n"`, password: 'x' })
    await site.fleet.authorize({ username: `${i}`, action: 'publish', topic: `x/${i}` })
  }
  // One more code of logins, and one of decisions.
  assert.ok((await site.read()).split('\n').length <= before + 2)
})

test('a text in a label is written so that it ends nothing', async () => {
  const metrics = fleetMetrics()
  metrics.observer({ kind: 'rejection', code: 'a"b\\c\nd', broker: 'default' })
  const app = metricsRoute(metrics, { secret: SECRET })
  const text = await (await app.request('/', READ)).text()
  assert.ok(text.includes('{code="a\\"b\\\\c\\nd",broker="default"} 1\n'), text)
})

test('the devices of each type are counted by whether they are connected', async () => {
  const presence = presenceTracker({ types: [pump] })
  for (const id of ['a', 'b', 'c']) presence.heard({ type: 'pump', id })
  const device = { type: 'pump', id: 'a' }
  presence.connected({ device, broker: 'x', clientId: 'a' })
  const app = metricsRoute(fleetMetrics(), { secret: SECRET, presence })
  const text = await (await app.request('/', READ)).text()
  assert.ok(text.includes('devicehub_devices{type="pump",connected="true"} 1\n'), text)
  assert.ok(text.includes('devicehub_devices{type="pump",connected="unknown"} 2\n'), text)
  assert.ok(text.includes('devicehub_devices_fresh{type="pump"} 3\n'), text)
})

test('the counters of routes are told beside those of the fleet', async () => {
  const counters = outcomeCounters()
  const metrics = fleetMetrics()
  await using site = await measuredSite({ metrics })
  const app = new Hono()
    .route(
      '/broker',
      brokerAuth(site.fleet, {
        secret: 'x'.repeat(16),
        products: [emqx],
        counters,
        logger: site.logger,
      }),
    )
    .route('/metrics', metricsRoute(metrics, { secret: SECRET, counters }))
  await app.request('/broker/emqx/auth', { method: 'POST' })
  const text = await (await app.request('/metrics', READ)).text()
  const line =
    'devicehub_broker_requests_total{product="emqx",route="auth",effect="deny",code="broker-secret-wrong"} 1'
  assert.ok(text.includes(line), text)
})
