/**
 * A fleet on a real RabbitMQ that asks the routes about everybody.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import type { IClientOptions } from 'mqtt'
import * as v from 'valibot'
import { brokerAuth } from '../../adapters/hono/index.ts'
import { mqtt } from '../../adapters/mqtt/index.ts'
import {
  command,
  createFleet,
  createHub,
  type DataEvent,
  defineDeviceType,
  memoryStore,
} from '../../src/index.ts'
import { rabbitmq as rabbitmqProduct } from '../../src/product/products.ts'
import { type Rabbitmq, rabbitmqMissing, startRabbitmq } from '../support/rabbitmq.ts'
import { Collector, within } from '../support/wait.ts'
import { connect, cut, outcome, refusal } from './client.ts'
import { type Act, publish, subscribe } from './events.ts'

const SECRET = 'broker-secret-0123456789'
const HUB = { username: 'hub', password: 'hub-password-0123456789' }

const station = defineDeviceType('weatherstation', {
  data: v.object({ temperature: v.number() }),
  commands: {
    setInterval: command({
      payload: v.object({ interval: v.number() }),
      reply: v.object({ interval: v.number() }),
    }),
  },
})
const fleet = createFleet({
  types: [station],
  store: memoryStore(),
  services: [{ ...HUB, rules: 'hub' }],
})
const own = await fleet.provision(station, 'STATION-001')
const other = await fleet.provision(station, 'STATION-002')
const withColons = await fleet.provision(station, '00:1A:2B')
const revoked = await fleet.provision(station, 'STATION-003')
await fleet.revoke(station, 'STATION-003')

type Login = Pick<typeof own, 'username' | 'password'>
/** With the user name as client id: a session has to belong to it. */
const login = ({ username, password }: Login): IClientOptions => ({
  username,
  password,
  clientId: username,
})

const LOGINS: readonly [string, Login, number | 'accepted'][] = [
  ['a device', own, 'accepted'],
  ['a device with colons in its id', withColons, 'accepted'],
  ['a service', HUB, 'accepted'],
  ['the password of another device', { ...own, password: other.password }, 4],
  ['an empty password', { ...own, password: '' }, 4],
  ['an unknown device', { ...own, username: 'weatherstation/STATION-009' }, 4],
  ['a revoked device', revoked, 4],
  ['a service with the password of a device', { ...HUB, password: own.password }, 4],
]

const ALL_COMMANDS = 'things/weatherstation/+/cmd'
const ACTS: readonly [string, Login, Act, 'acknowledged' | 'closed'][] = [
  ['a device publishes its data', own, publish(own.topics.data, 1), 'acknowledged'],
  [
    'a device publishes its status, retained',
    own,
    publish(own.topics.status, 1, true),
    'acknowledged',
  ],
  ['a device publishes its reply', own, publish(own.topics.reply, 1), 'acknowledged'],
  ['a device subscribes to its commands', own, subscribe(own.topics.cmd, 0), 'acknowledged'],
  ['a device subscribes with QoS 1', own, subscribe(own.topics.cmd, 1), 'acknowledged'],
  [
    'the hub subscribes to the data of all',
    HUB,
    subscribe('things/weatherstation/+/data', 1),
    'acknowledged',
  ],
  ['the hub publishes a command', HUB, publish(own.topics.cmd, 1), 'acknowledged'],
  ['a device publishes as another', own, publish(other.topics.data, 1), 'closed'],
  ['a device publishes a command', own, publish(own.topics.cmd, 1), 'closed'],
  ['a device publishes beside its topics', own, publish('things', 1), 'closed'],
  ['a device subscribes to the commands of another', own, subscribe(other.topics.cmd), 'closed'],
  ['a device subscribes to the commands of all', own, subscribe(ALL_COMMANDS), 'closed'],
  ['a device subscribes with a star', own, subscribe('things/weatherstation/*/cmd'), 'closed'],
  ['a device subscribes to everything', own, subscribe('#'), 'closed'],
  ['a device subscribes to its own data', own, subscribe(own.topics.data), 'closed'],
  [
    'a device adds a filter that is not its own',
    own,
    subscribe([own.topics.cmd, ALL_COMMANDS]),
    'closed',
  ],
  ['the hub publishes data', HUB, publish(own.topics.data, 1), 'closed'],
]

describe('a fleet on RabbitMQ', { skip: rabbitmqMissing, timeout: 180_000 }, () => {
  let routes: ReturnType<typeof serve>
  let rabbitmq: Rabbitmq
  before(async () => {
    const logger = { info() {}, warn() {}, error() {} }
    const auth = brokerAuth(fleet, { secret: SECRET, products: [rabbitmqProduct], logger })
    const { fetch } = new Hono().route('/iot/broker', auth)
    const { port } = await new Promise<AddressInfo>((resolve) => {
      routes = serve({ fetch, port: 0, hostname: '127.0.0.1' }, resolve)
    })
    const authUrl = `http://127.0.0.1:${port}/iot/broker/rabbitmq/${SECRET}`
    rabbitmq = await startRabbitmq({ authUrl })
  })
  after(async () => {
    await rabbitmq.stop()
    await closeRoutes()
  })
  async function closeRoutes(): Promise<void> {
    if (!routes.listening) return
    const closed = once(routes, 'close')
    routes.close()
    if ('closeAllConnections' in routes) routes.closeAllConnections() // RabbitMQ keeps them alive.
    await closed
  }

  for (const [title, who, expected] of LOGINS) {
    test(`${title}: ${expected === 'accepted' ? expected : `refused with ${expected}`}`, async () => {
      assert.equal(await refusal(rabbitmq.url, login(who)), expected)
    })
  }

  for (const [title, who, act, expected] of ACTS) {
    test(`${title}: ${expected}`, async () => {
      const client = await connect(rabbitmq.url, login(who))
      assert.equal(await outcome(client, act), expected)
      await client.endAsync(true)
    })
  }

  test('a will arrives if the device may publish it, and not otherwise', async () => {
    const hub = await connect(rabbitmq.url, login(HUB))
    const received = new Collector<string>()
    hub.on('message', (topic, payload) => `${payload}` === 'off' && received.push(topic))
    await hub.subscribeAsync('things/weatherstation/+/status')
    const payload = Buffer.from('off')
    for (const topic of [other.topics.status, own.topics.status]) {
      const will = { topic, payload, qos: 1, retain: false } as const
      await cut(await connect(rabbitmq.url, { ...login(own), will }))
    }
    assert.deepEqual(await received.reach(1, 'will'), [own.topics.status])
    await hub.endAsync()
  })

  test('a command waits in the session of a device', async () => {
    const session = { ...login(own), clean: false }
    const first = await connect(rabbitmq.url, session)
    await first.subscribeAsync(own.topics.cmd, { qos: 1 })
    await first.endAsync()
    const hub = await connect(rabbitmq.url, login(HUB))
    await hub.publishAsync(own.topics.cmd, 'go', { qos: 1 })
    await hub.endAsync()
    const received = new Collector<string>()
    const second = await connect(rabbitmq.url, session, received.push)
    assert.deepEqual(await received.reach(1, 'command'), ['go'])
    await second.endAsync()
    // RabbitMQ deletes a session when its client connects without one.
    const clean = await connect(rabbitmq.url, { ...session, clean: true })
    await clean.endAsync()
  })

  describe('with a client id that does not belong to its user name', () => {
    const stranger = { ...login(other), clientId: own.username }

    for (const clientId of ['c-1', '', `${other.username}-1`, own.username, `${own.username}//b`]) {
      test(`${JSON.stringify(clientId)}: refused with 4`, async () => {
        assert.equal(await refusal(rabbitmq.url, { ...login(other), clientId }), 4)
      })
    }

    test('a second client of a user name has a session of its own', async () => {
      const first = await connect(rabbitmq.url, login(own))
      const second = await connect(rabbitmq.url, { ...login(own), clientId: `${own.username}//b` })
      for (const client of [first, second]) {
        assert.equal(await outcome(client, subscribe(own.topics.cmd, 1)), 'acknowledged')
      }
      await Promise.all([first.endAsync(), second.endAsync()])
    })

    test('a client gets nothing out of the session of another, and leaves it as it is', async () => {
      const session = { ...login(own), clean: false }
      const first = await connect(rabbitmq.url, session)
      await first.subscribeAsync(own.topics.cmd, { qos: 1 })
      await first.endAsync()
      const hub = await connect(rabbitmq.url, login(HUB))
      await hub.publishAsync(own.topics.cmd, 'go', { qos: 1 })
      await hub.endAsync()
      const stolen: string[] = []
      for (const clean of [false, true]) {
        const arrived = (payload: string) => stolen.push(payload)
        // It is refused, or its connection ends before anything arrives.
        await refusal(rabbitmq.url, { ...stranger, clean }, arrived)
      }
      assert.deepEqual(stolen, [])
      const received = new Collector<string>()
      const second = await connect(rabbitmq.url, session, received.push)
      assert.deepEqual(await received.reach(1, 'command'), ['go'])
      await second.endAsync()
      await (await connect(rabbitmq.url, { ...session, clean: true })).endAsync()
    })
  })

  test('a hub receives data and commands a device', async () => {
    await using hub = createHub(fleet, {
      brokers: {
        default: mqtt({ url: rabbitmq.url, ...HUB, protocolVersion: 4 }),
      },
      logger: { info() {}, warn() {}, error() {} },
    })
    const events = new Collector<DataEvent<typeof station>>()
    hub.onData(station, events.push)
    await hub.start()
    const device = await connect(rabbitmq.url, login(own))
    device.on('message', (_, payload) => {
      const { id, payload: asked } = JSON.parse(payload.toString())
      device.publish(own.topics.reply, JSON.stringify({ id, payload: asked }))
    })
    await device.subscribeAsync(own.topics.cmd)
    await device.publishAsync(own.topics.data, '{"temperature":21.5}', { qos: 1 })
    const [event] = await events.reach(1, 'data')
    assert.deepEqual(event!.data, { temperature: 21.5 })
    const sending = hub.device(station, 'STATION-001').send('setInterval', { interval: 60 })
    assert.deepEqual(await within(sending, 'reply'), { interval: 60 })
    await device.endAsync()
  })

  // The last one: there are no routes any more behind it.
  test('without the routes it lets nobody in, and grants nothing new', async () => {
    const client = await connect(rabbitmq.url, login(own))
    assert.equal(await outcome(client, publish(own.topics.data, 1)), 'acknowledged')
    await closeRoutes()
    assert.equal(await refusal(rabbitmq.url, login(other)), 4)
    assert.equal(await refusal(rabbitmq.url, login(HUB)), 4)
    assert.equal(await outcome(client, publish(own.topics.status, 1)), 'closed')
    assert.equal(await refusal(rabbitmq.url, login(own)), 4)
  })
})
