/**
 * Ending sessions at a real RabbitMQ over its management API, by the operator's routes too.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import type { IClientOptions, MqttClient } from 'mqtt'
import * as v from 'valibot'
import { deviceAdmin } from '../../adapters/admin/index.ts'
import { brokerAuth } from '../../adapters/hono/index.ts'
import { rabbitmqKick } from '../../adapters/rabbitmq/index.ts'
import {
  type BrokerError,
  type ConfigError,
  createFleet,
  defineDeviceType,
  memoryStore,
} from '../../src/index.ts'
import { rabbitmq as rabbitmqProduct } from '../../src/product/products.ts'
import { openService, SERVICE_SECRET } from '../cli/service.ts'
import { type Rabbitmq, rabbitmqMissing, startRabbitmq } from '../support/rabbitmq.ts'
import { within } from '../support/wait.ts'
import { connect, refusal } from './client.ts'

const BROKER_SECRET = 'broker-secret-0123456789'
const SECRET = 'the-secret-of-operators-0123456789'
const OPERATOR = { username: 'devicehub', password: 'only-for-this-test-é', tag: 'administrator' }

const pump = defineDeviceType('pump', { data: v.object({ rpm: v.number() }) })
const logger = { info() {}, warn() {}, error() {} }

describe('a kick at RabbitMQ', { skip: rabbitmqMissing, timeout: 300_000 }, () => {
  const fleet = createFleet({ types: [pump], store: memoryStore() })
  let routes: ReturnType<typeof serve>
  let rabbitmq: Rabbitmq
  let app: Hono

  before(async () => {
    const auth = brokerAuth(fleet, { secret: BROKER_SECRET, products: [rabbitmqProduct], logger })
    const { fetch } = new Hono().route('/iot/broker', auth)
    const { port } = await new Promise<AddressInfo>((resolve) => {
      routes = serve({ fetch, port: 0, hostname: '127.0.0.1' }, resolve)
    })
    const authUrl = `http://127.0.0.1:${port}/iot/broker/rabbitmq/${BROKER_SECRET}`
    rabbitmq = await startRabbitmq({ authUrl, operator: OPERATOR })
    const kick = kickAs(OPERATOR)
    fleet.onChange('rabbitmq', kick)
    app = new Hono().route('/', deviceAdmin(fleet, { secret: SECRET, kicks: { rabbitmq: kick } }))
  })
  after(async () => {
    await rabbitmq?.stop()
    const closed = once(routes, 'close')
    routes.close()
    if ('closeAllConnections' in routes) routes.closeAllConnections()
    await closed
  })

  function kickAs({ username, password }: { username: string; password: string }) {
    return rabbitmqKick({ url: rabbitmq.managementUrl, username, password })
  }

  async function ask(deed: string, id: string) {
    const headers = { authorization: `Bearer ${SECRET}` }
    const path = `/devices/pump/${encodeURIComponent(id)}/${deed}`
    const response = await app.request(path, { method: 'POST', headers })
    return { status: response.status, body: (await response.json()) as Record<string, unknown> }
  }

  /** The queues of sessions there are, without what their names begin with. */
  async function queues(): Promise<string[]> {
    const { username, password } = OPERATOR
    const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`
    const url = `${rabbitmq.managementUrl}/api/queues?columns=name`
    const rows = (await (await fetch(url, { headers: { authorization } })).json()) as {
      name: string
    }[]
    return rows.map(({ name }) => name.replace('mqtt-subscription-', '')).sort()
  }

  /** Connects with a session that is kept, and a subscription in it. */
  async function open(
    { username, password, topics }: Awaited<ReturnType<typeof fleet.provision>>,
    clientId = username,
    options: IClientOptions = { clean: false },
  ): Promise<MqttClient> {
    const client = await connect(rabbitmq.url, { username, password, clientId, ...options })
    // It is ended by the broker, which MQTT.js may take for an error.
    client.on('error', () => {})
    await client.subscribeAsync(topics.cmd, { qos: 1 })
    return client
  }

  const closing = (client: MqttClient) =>
    within(
      new Promise<void>((resolve) => client.once('close', () => resolve())),
      'end of the connection',
    )

  for (const [deed, mayReturn] of [
    ['kick', 'accepted'],
    ['revoke', 4],
  ] as const) {
    test(`${deed} by route ends connections and kept sessions; a login after it: ${mayReturn}`, async () => {
      const one = await fleet.provision(pump, `one-${deed}`)
      // Whose names begin alike, or differ in case alone.
      const others = [
        await fleet.provision(pump, `one-${deed}0`),
        await fleet.provision(pump, `ONE-${deed}`),
      ]
      const away = await open(one, `${one.username}//away`)
      await away.endAsync()
      const clients = [await open(one), await open(one, `${one.username}//b`)]
      const staying = await Promise.all(others.map((other) => open(other)))
      const ended = clients.map(closing)
      const { status, body } = await ask(deed, `one-${deed}`)
      assert.equal(status, 200, JSON.stringify(body))
      const { done } = (deed === 'kick' ? body.report : body) as { done: string[] }
      assert.deepEqual(done, ['rabbitmq'])
      await Promise.all(ended)
      for (const client of staying) assert.equal(client.connected, true)
      assert.deepEqual(await queues(), others.map(({ username }) => `${username}qos1`).sort())
      const { username, password } = one
      const again = { username, password, clientId: username }
      assert.equal(await refusal(rabbitmq.url, again), mayReturn)
      for (const [i, client] of staying.entries()) {
        await client.endAsync()
        await fleet.revoke(pump, `${i === 0 ? '' : 'ONE-'}${i === 0 ? `one-${deed}0` : deed}`)
      }
      assert.deepEqual(await queues(), [])
    })
  }

  for (const [deed, again] of [
    ['kick', 'accepted'],
    ['revoke', 4],
  ] as const) {
    test(`${deed} by the command ends a connection; a login after it: ${again}`, async () => {
      const device = await fleet.provision(pump, `command-${deed}`)
      const ended = closing(await open(device))
      const kicks = { rabbitmq: kickAs(OPERATOR) }
      const admin = deviceAdmin(fleet, { secret: SERVICE_SECRET, kicks })
      await using service = await openService(new Hono().route('/admin', admin).fetch)
      const { stderr, code } = await service.devices([deed, `pump/command-${deed}`])
      assert.deepEqual([stderr, code], ['', 0])
      await ended
      assert.deepEqual(await queues(), [])
      const { username, password } = device
      const login = { username, password, clientId: username }
      assert.equal(await refusal(rabbitmq.url, login), again)
    })
  }

  for (const id of [
    'a b',
    'Überwachung',
    '水泵',
    '(x|y)',
    'x{2}',
    '^$',
    '%2F',
    'a?b=c&d',
    "'",
    '\\d',
  ]) {
    test(`knows a device by ${JSON.stringify(id)}`, async () => {
      const client = await open(await fleet.provision(pump, id))
      const ended = closing(client)
      await fleet.revoke(pump, id)
      await ended
      assert.deepEqual(await queues(), [])
    })
  }

  test('of somebody without a connection and a session settles at once', async () => {
    await kickAs(OPERATOR)({ username: 'pump/nobody' })
  })

  test('tells how long it takes', async (t) => {
    const times: number[] = []
    for (let i = 0; i < 20; i++) {
      const one = await fleet.provision(pump, `T-${i}`)
      const ended = closing(await open(one))
      const begun = performance.now()
      const revoked = fleet.revoke(pump, `T-${i}`)
      await ended
      times.push(performance.now() - begun)
      await revoked
    }
    times.sort((a, b) => a - b)
    t.diagnostic(
      `closed after ${times[10]!.toFixed(0)} ms (median), ${times[19]!.toFixed(0)} ms (most)`,
    )
  })

  for (const [title, who, code] of [
    ['another password', { ...OPERATOR, password: 'wrong' }, 'ERR_BROKER_LOGIN_REFUSED'],
    ['another user', { ...OPERATOR, username: 'nobody' }, 'ERR_BROKER_LOGIN_REFUSED'],
  ] as const) {
    test(`fails with ${title}, and holds no secret`, async () => {
      await assert.rejects(kickAs(who)({ username: 'pump/P-1' }), (error: BrokerError) => {
        assert.equal(error.code, code)
        assert.match(
          error.message,
          /^RabbitMQ, GET \/\S+: answered 401: check the user, its password/,
        )
        return !`${error.message}${error.stack}`.includes(who.password)
      })
    })
  }

  test('the user of the kick may not subscribe, nor publish, over MQTT', async () => {
    const { username, password } = OPERATOR
    const login = { username, password, clientId: username }
    const client = await connect(rabbitmq.url, login)
    client.on('error', () => {})
    const ended = closing(client)
    client.subscribe('#', { qos: 1 }, () => {})
    await ended
  })

  test('a step that fails is reported: RabbitMQ is away', async () => {
    await fleet.provision(pump, 'last')
    await rabbitmq.kill()
    const kicked = await ask('kick', 'last')
    const { failed } = kicked.body.report as { failed: { name: string; code: string }[] }
    assert.deepEqual(
      [kicked.status, failed.map(({ name, code }) => [name, code])],
      [502, [['rabbitmq', 'ERR_BROKER_UNREACHABLE']]],
    )
    const revoked = await ask('revoke', 'last')
    assert.deepEqual([revoked.status, revoked.body.code], [502, 'ERR_CHANGE_INCOMPLETE'])
  })
})

for (const [key, options] of [
  ['url', { url: 'rabbitmq.internal' }],
  ['username', { username: '' }],
  ['username', { username: 'a:b' }],
  ['password', { password: '' }],
  ['key', { key: 'x' } as object],
] as const) {
  test(`refuses ${JSON.stringify(options)}`, () => {
    const right = { url: 'http://127.0.0.1:15672', username: 'a', password: 'geheim' }
    assert.throws(
      () => rabbitmqKick({ ...right, ...options }),
      (error: ConfigError) => error.key === key && !error.message.includes('geheim'),
    )
  })
}
