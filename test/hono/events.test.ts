/**
 * What brokers tell of clients that come and go, byte for byte, and what becomes of it.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Hono } from 'hono'
import {
  type BrokerEventsOptions,
  brokerEvents,
  type OutcomeCounters,
  outcomeCounters,
} from '../../adapters/hono/index.ts'
import {
  ConfigError,
  type DeviceStore,
  memoryStore,
  type PresenceTracker,
  presenceTracker,
} from '../../src/index.ts'
import { vernemq as vernemqProduct } from '../../src/product/products.ts'
import {
  AUTHORIZATION,
  emqx,
  type Post,
  refused,
  T,
  taken,
  toEmqx,
  toVernemq,
  VERNEMQ,
  vernemq,
} from '../product/events/recorded.ts'
import { fastClock } from '../support/fast-clock.ts'
import { TELLING } from '../support/products.ts'
import { deferred } from '../support/wait.ts'
import { captureLog, fixture, pump, SECRET, weatherStation } from './fixture.ts'

const JSON_TYPE = { 'content-type': 'application/json' }

interface Site {
  readonly presence: PresenceTracker
  readonly counters: OutcomeCounters
  readonly log: ReturnType<typeof captureLog>
  readonly post: (path: string, headers: Record<string, string>, body: string) => Promise<Response>
  /** Whether `STATION-001` is connected, as far as is known. */
  readonly connected: () => boolean | 'unknown'
}

const { fleet } = await fixture()
await fleet.provision(pump, 'P-2')
await fleet.revoke(pump, 'P-2')

function site(
  options: Partial<Omit<BrokerEventsOptions, 'presence'>> & { presence?: PresenceTracker } = {},
  of = fleet,
): Site {
  const presence = options.presence ?? presenceTracker({ types: of.types })
  const counters = outcomeCounters()
  const log = captureLog()
  const own = { secret: SECRET, products: TELLING, logger: log, counters }
  const all = { ...own, ...options, presence } as BrokerEventsOptions
  const app = new Hono().route('/iot/events', brokerEvents(of, all))
  return {
    presence,
    counters,
    log,
    post: async (path, headers, body) =>
      app.request(`/iot/events${path}`, { method: 'POST', headers, body }),
    connected: () => presence.of(weatherStation, 'STATION-001').connected,
  }
}

async function send({ post }: Site, { path, headers, body }: Post): Promise<Response> {
  return post(path, { ...JSON_TYPE, ...headers }, body)
}

describe('what is taken', () => {
  for (const [title, posts, connected] of taken) {
    test(`${title}: ${connected}`, async () => {
      const parts = site()
      for (const post of posts) {
        const response = await send(parts, post)
        const isVernemq = post.path.startsWith('/vernemq')
        assert.equal(response.status, isVernemq ? 200 : 204)
        assert.equal(response.body === null, !isVernemq)
        assert.equal(await response.text(), isVernemq ? '{}' : '')
      }
      assert.equal(parts.connected(), connected)
      assert.deepEqual(parts.log.lines, [])
    })
  }
})

describe('what is refused', () => {
  for (const [title, post, status, reason] of refused) {
    test(`${title}: ${status} ${reason}`, async () => {
      const parts = site()
      const response = await send(parts, post)
      assert.equal(response.status, status)
      assert.equal(response.body, null)
      assert.equal(parts.connected(), 'unknown')
      assert.equal(parts.log.lines.length, 1)
      assert.match(parts.log.lines[0]!, /^warn: event of \w+: refused: /)
      assert.doesNotMatch(parts.log.lines[0]!, /secret-0123456789/)
      const counts = parts.counters.list().map(({ effect, code, count, route }) => {
        return `${route} ${effect} ${code} ${count}`
      })
      assert.deepEqual(counts, [`events deny ${reason} 1`])
    })
  }

  test('a GET: 400', async () => {
    const app = brokerEvents(fleet, {
      secret: SECRET,
      products: TELLING,
      presence: presenceTracker({ types: fleet.types }),
      logger: captureLog(),
    })
    for (const path of ['/emqx', '/emqx4', VERNEMQ]) {
      assert.equal((await app.request(path, { headers: AUTHORIZATION })).status, 400)
    }
  })

  test('a log line keeps to one line', async () => {
    const parts = site()
    await send(parts, toEmqx(emqx.connected(T, 1, 'x\\n\\u0007error: forged')))
    assert.equal(parts.log.lines.length, 1)
    assert.ok(['\n', '\u0007'].every((text) => !parts.log.lines[0]!.includes(text)))
  })
})

describe('clients that are no devices', () => {
  for (const [title, post] of [
    ['the hub connects', toEmqx(emqx.connected(T, 1, 'hub'))],
    ['the hub disconnects', toEmqx(emqx.disconnected(T, 1, 'normal', 'hub'))],
    ['the hub, VerneMQ', toVernemq('on_register', vernemq.register('hub'))],
  ] as const) {
    test(`${title}: taken, counted and dropped`, async () => {
      const parts = site()
      assert.ok((await send(parts, post)).ok)
      assert.deepEqual(parts.log.lines, [])
      const [outcome] = parts.counters.list()
      assert.deepEqual(
        { effect: outcome!.effect, code: outcome!.code },
        { effect: 'allow', code: 'not-a-device' },
      )
    })
  }
})

test('a device that is revoked is still disconnected', async () => {
  const own = await fixture()
  const parts = site({}, own.fleet)
  await send(parts, toEmqx(emqx.connected(T, 1001)))
  await own.fleet.revoke(weatherStation, 'STATION-001')
  const [station] = own.fleet.types
  assert.equal(parts.presence.of(station!, 'STATION-001').connected, true)
  const response = await send(parts, toEmqx(emqx.disconnected(T, 1001, 'kicked')))
  assert.equal(response.status, 204)
  assert.equal(parts.presence.of(station!, 'STATION-001').connected, false)
})

test('brokers with names of their own share no client ids', async () => {
  const presence = presenceTracker({ types: fleet.types })
  const north = site({ presence, broker: 'north' })
  const south = site({ presence, broker: 'south' })
  await send(north, toEmqx(emqx.connected(T, 1)))
  await send(south, toEmqx(emqx.connected(T + 1, 2)))
  await send(south, toEmqx(emqx.disconnected(T + 1, 2, 'normal')))
  assert.equal(north.connected(), true)
  await send(north, toEmqx(emqx.disconnected(T, 1, 'normal')))
  assert.equal(north.connected(), false)
})

test('without a secret, VerneMQ needs none in its path', async () => {
  const presence = presenceTracker({ types: fleet.types })
  const options = { products: [vernemqProduct], presence, logger: captureLog() }
  const app = brokerEvents(fleet, { withoutSecret: true, ...options })
  for (const path of ['/vernemq', '/vernemq/node-a', '/vernemq/node-a/']) {
    const headers = { ...JSON_TYPE, 'vernemq-hook': 'on_register' }
    const response = await app.request(path, { method: 'POST', headers, body: vernemq.register() })
    assert.equal(response.status, 200)
  }
  assert.equal(presence.of(weatherStation, 'STATION-001').connected, true)
})

describe('a store that fails', () => {
  test('is answered with 503, logged as an error, and the event is taken later', async () => {
    const good = memoryStore()
    let broken = false
    const store: DeviceStore = {
      ...good,
      findByUsername: async (name) => {
        if (broken) throw new Error('store down')
        return good.findByUsername(name)
      },
    }
    const own = await fixture({ store })
    const parts = site({}, own.fleet)
    broken = true
    assert.equal((await send(parts, toEmqx(emqx.connected(T, 1001)))).status, 503)
    assert.match(parts.log.lines.join(), /^error: event of emqx: refused: .*store down/)
    broken = false
    assert.equal((await send(parts, toEmqx(emqx.connected(T, 1001)))).status, 204)
    assert.equal(parts.connected(), true)
    broken = true
    assert.equal((await send(parts, toEmqx(emqx.disconnected(T, 1001, 'normal')))).status, 204)
    assert.equal(parts.connected(), false)
  })

  test('and answers too late: the event does not count any more', async () => {
    const good = memoryStore()
    const gate = deferred()
    const asked = deferred()
    const store: DeviceStore = {
      ...good,
      findByUsername: async (name) => {
        await gate.promise
        asked.resolve()
        return good.findByUsername(name)
      },
    }
    const own = await fixture({ store })
    const parts = site({}, own.fleet)
    const post = toVernemq('on_register', vernemq.register())
    {
      using _ = fastClock()
      assert.equal((await send(parts, post)).status, 503)
    }
    gate.resolve()
    await asked.promise
    // A second event takes the same way behind the first.
    assert.equal((await send(parts, toEmqx(emqx.connected(T, 1, 'nobody')))).status, 404)
    assert.equal(parts.connected(), 'unknown')
    assert.equal(parts.counters.list().length, 2)
  })
})

describe('settings', () => {
  const presence = presenceTracker({ types: [] })
  const rows: [string, unknown, string][] = [
    ['no secret', { presence }, 'secret'],
    ['a short secret', { presence, secret: 'x'.repeat(15) }, 'secret'],
    ['both', { presence, secret: SECRET, withoutSecret: true }, 'secret'],
    ['an empty broker', { presence, secret: SECRET, broker: '' }, 'broker'],
    ['no bytes', { presence, secret: SECRET, maxBodyBytes: 0 }, 'maxBodyBytes'],
  ]
  for (const [title, options, key] of rows) {
    test(title, () => {
      assert.throws(
        () => brokerEvents(fleet, options as BrokerEventsOptions),
        (error) => error instanceof ConfigError && error.key === key,
      )
    })
  }
})
