/**
 * The routes by which something outside asks whether the process lives and is ready.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type HealthRouteOptions, healthRoute } from '../../adapters/hono/index.ts'
import {
  type BrokerState,
  createHub,
  type DevicePage,
  type HubStatus,
  memoryBroker,
} from '../../src/index.ts'
import { makeFleet } from '../fleet/fixture.ts'

async function ask(options: HealthRouteOptions, path: string) {
  const response = await healthRoute(options).request(path)
  assert.equal(response.headers.get('cache-control'), 'no-store')
  return [response.status, await response.json()]
}

function hubOf(state: HubStatus['state'], ...brokers: BrokerState['state'][]) {
  const each = brokers.map((one, i): [string, BrokerState] => [
    `broker-${i}`,
    {
      state: one,
      since: 0,
      subscribed: one === 'connected',
      attempts: 3,
      lastError: { code: 'ERR_BROKER_LOGIN_REFUSED', message: 'at mqtt://secret.internal', at: 0 },
    },
  ])
  const ready = state === 'running' && brokers.every((one) => one === 'connected')
  const status: HubStatus = {
    state,
    since: 0,
    ready,
    messages: 0,
    commands: 0,
    brokers: Object.fromEntries(each),
  }
  return { status: () => status }
}

const page: DevicePage = { records: [] }
const well = { list: async () => page }
const away = { list: () => Promise.reject(new Error('at postgres://secret.internal')) }
const broken = {
  list: () => {
    throw new Error('secret')
  },
}

describe('a process is ready', () => {
  for (const [title, options, failed] of [
    ['with its hub at work', { hub: hubOf('running', 'connected') }, []],
    ['with a store that answers', { fleet: well }, []],
    ['with all of it', { hub: hubOf('running', 'connected', 'connected'), fleet: well }, []],
    ['not before the start', { hub: hubOf('idle', 'idle') }, ['hub', 'brokers']],
    ['not while it starts', { hub: hubOf('starting', 'connecting') }, ['hub', 'brokers']],
    [
      'not while a broker is away',
      { hub: hubOf('running', 'connected', 'disconnected') },
      ['brokers'],
    ],
    ['not with a broker that tells nothing', { hub: hubOf('running', 'unknown') }, ['brokers']],
    ['not after its end', { hub: hubOf('closed', 'closed') }, ['hub', 'brokers']],
    ['not with a store that fails', { fleet: away }, ['store']],
    ['not with one that throws', { fleet: broken }, ['store']],
    ['not with any of it', { hub: hubOf('closing', 'connected'), fleet: away }, ['hub', 'store']],
  ] satisfies [string, HealthRouteOptions, string[]][]) {
    test(`${title}`, async () => {
      const ready = failed.length === 0
      assert.deepEqual(await ask(options, '/ready'), [ready ? 200 : 503, { ready, failed }])
      // It lives all the same.
      assert.deepEqual(await ask(options, '/live'), [200, { live: true }])
    })
  }

  test('not with a store that does not answer, after two seconds', {
    timeout: 60_000,
  }, async () => {
    const fleet = { list: () => new Promise<DevicePage>(() => {}) }
    assert.deepEqual(await ask({ fleet }, '/ready'), [503, { ready: false, failed: ['store'] }])
  })

  test('with a real hub and its fleet, from its start to its end', async () => {
    const fleet = makeFleet()
    const logger = { info() {}, warn() {}, error() {} }
    const hub = createHub(fleet, { brokers: { default: memoryBroker() }, logger })
    const app = healthRoute({ hub, fleet })
    const status = async () => (await app.request('/ready')).status
    assert.equal(await status(), 503)
    await hub.start()
    assert.equal(await status(), 200)
    await hub.close()
    assert.equal(await status(), 503)
  })
})

test('the store is asked once a second at most, however often somebody asks', async () => {
  let asked = 0
  const fleet = {
    list: async () => {
      asked++
      return page
    },
  }
  const app = healthRoute({ fleet })
  const answers = await Promise.all(
    Array.from({ length: 50 }, async () => (await app.request('/ready')).status),
  )
  assert.ok(answers.every((status) => status === 200))
  assert.ok(asked <= 2, `${asked}`)
})

for (const [key, options] of [
  ['hub', {}],
  ['hub', { hub: 1 }],
  ['hub.status', { hub: {} }],
  ['fleet.list', { fleet: {} }],
  ['secret', { hub: hubOf('running'), secret: 'x' }],
] as const) {
  test(`options are refused: ${JSON.stringify(options)}`, () => {
    const make = () => healthRoute(options as unknown as HealthRouteOptions)
    assert.throws(make, { code: 'ERR_CONFIG', key })
  })
}
