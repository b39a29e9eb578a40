/**
 * What a broker is told of a login that may be right and is not let in now: where it has a word for
 * that, never the one for a wrong password.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Hono } from 'hono'
import { brokerAuth, outcomeCounters } from '../../adapters/hono/index.ts'
import { createFleet, type DeviceStore, memoryStore } from '../../src/index.ts'
import { ASKING } from '../support/products.ts'
import { captureLog, HUB_PASSWORD, pump, SECRET } from './fixture.ts'

interface Told {
  readonly status: number
  readonly body: string
}

interface Row {
  readonly broker: string
  readonly path: string
  /** The body of a login. */
  login(username: string, password: string): object
  readonly headers?: Readonly<Record<string, string>>
  readonly wrong: Told
  readonly later: Told
}

const emqxStyle = (username: string, password: string) => ({
  username,
  password,
  clientid: username,
  ipaddr: '10.0.0.9',
})
const vernemq = (username: string, password: string) => ({
  username,
  password,
  client_id: username,
  mountpoint: '',
  peer_addr: '10.0.0.9',
})

const rows: readonly Row[] = [
  {
    broker: 'EMQX 5 and 6, which have one word',
    path: '/emqx/auth',
    login: (username, password) => ({ username, password, clientid: username }),
    wrong: { status: 200, body: '{"result":"deny"}' },
    later: { status: 200, body: '{"result":"deny"}' },
  },
  {
    broker: 'EMQX 4: "server unavailable"',
    path: '/emqx4/auth',
    login: emqxStyle,
    wrong: { status: 403, body: 'deny' },
    later: { status: 503, body: 'try again' },
  },
  {
    broker: 'Mosquitto with mosquitto-go-auth: an error',
    path: `/go-auth/${SECRET}/user`,
    login: emqxStyle,
    wrong: { status: 403, body: '{"ok":false}' },
    later: { status: 503, body: '{"ok":false}' },
  },
  {
    broker: 'the same in text mode',
    path: `/go-auth/${SECRET}/text/user`,
    login: emqxStyle,
    wrong: { status: 403, body: 'denied' },
    later: { status: 503, body: 'denied' },
  },
  {
    broker: 'Mosquitto with mosquitto-auth-plug, which would ask again while all wait',
    path: `/auth-plug/${SECRET}/user`,
    login: emqxStyle,
    wrong: { status: 403, body: 'denied' },
    later: { status: 403, body: 'denied' },
  },
  {
    broker: 'VerneMQ, which has one word',
    path: `/vernemq/${SECRET}`,
    login: vernemq,
    headers: { 'vernemq-hook': 'auth_on_register' },
    wrong: { status: 200, body: '{"result":{"error":"not allowed"}}' },
    later: { status: 200, body: '{"result":{"error":"not allowed"}}' },
  },
  {
    broker: 'NanoMQ, which has one word',
    path: '/nanomq/auth',
    login: emqxStyle,
    wrong: { status: 403, body: 'deny' },
    later: { status: 403, body: 'deny' },
  },
  {
    broker: 'RabbitMQ, which has one word',
    path: `/rabbitmq/${SECRET}/user`,
    login: (username, password) => ({ username, password, client_id: username }),
    wrong: { status: 200, body: 'deny' },
    later: { status: 200, body: 'deny' },
  },
]

/** A chosen password, whose hash takes a moment. */
const SLOW = {
  id: 'P-slow',
  password: 'tr0ub4dor and 3',
  hash: '$scrypt$ln=10,r=8,p=1$gpaEeEbeKWSjTAvYQcrYjQ$2s+TIrxNOiMaiIlT1ZCd1SA7vwm8uVnuTdmmoA4RxhY',
}

async function site(row: Row, store: DeviceStore = memoryStore()) {
  const services = [{ username: 'hub', password: HUB_PASSWORD, rules: 'hub' }] as const
  const fleet = createFleet({ types: [pump], store, services })
  const counters = outcomeCounters()
  const options = { secret: SECRET, products: ASKING, logger: captureLog(), counters }
  const app = new Hono().route('/', brokerAuth(fleet, options))
  const login = async (username: string, password: string): Promise<Told> => {
    const answer = await app.request(row.path, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${SECRET}`,
        ...row.headers,
      },
      body: JSON.stringify(row.login(username, password)),
    })
    return { status: answer.status, body: await answer.text() }
  }
  const count = (reason: string) =>
    counters.list().reduce((sum, one) => sum + (one.code === reason ? one.count : 0), 0)
  return { fleet, login, count }
}

for (const row of rows) {
  describe(row.broker, () => {
    test('is told of a wrong password', async () => {
      const { login, count } = await site(row)
      assert.deepEqual(await login('hub', 'wrong'), row.wrong)
      assert.equal(count('password-wrong'), 1)
    })

    test('is told of a right one that is slowed down', async () => {
      const { fleet, login, count } = await site(row)
      await fleet.importDevice(pump, SLOW.id, SLOW.hash)
      for (let i = 0; i < 10; i++) await login(`pump/${SLOW.id}`, `wrong-${i}`)
      assert.deepEqual(await login(`pump/${SLOW.id}`, SLOW.password), row.later)
      assert.equal(count('throttled'), 1)
    })

    test('is told of a right one while the store fails', async () => {
      const failing: DeviceStore = {
        ...memoryStore(),
        findByUsername: () => Promise.reject(new Error('the database is down')),
      }
      const { login, count } = await site(row, failing)
      assert.deepEqual(await login('pump/P-1', 'any'), row.later)
      assert.equal(count('failed'), 1)
    })

    test('is told of one for which too many wait', async () => {
      const { fleet, login, count } = await site(row)
      const ids = Array.from({ length: 60 }, (_, i) => `${SLOW.id}-${i}`)
      for (const id of ids) await fleet.importDevice(pump, id, SLOW.hash)
      const guesses = ids.map((id) => login(`pump/${id}`, 'wrong'))
      const told = await Promise.all(guesses)
      const busy = count('busy')
      assert.ok(busy > 0, 'nobody had to wait')
      const said = told.filter(({ status, body }) => {
        return status === row.later.status && body === row.later.body
      })
      if (row.later.status === row.wrong.status) assert.equal(said.length, told.length)
      else assert.equal(said.length, busy + count('throttled'))
    })
  })
}
