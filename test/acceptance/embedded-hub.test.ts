/**
 * A hub on the embedded broker, with devices on real connections: the whole path.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as v from 'valibot'
import { embeddedBroker } from '../../adapters/embedded/index.ts'
import { mqtt } from '../../adapters/mqtt/index.ts'
import {
  type Broker,
  command,
  createFleet,
  createHub,
  type DataEvent,
  type DeadLetter,
  defineDeviceType,
  type HubOptions,
  memoryStore,
} from '../../src/index.ts'
import { bytes, captureLog, parse } from '../hub/fixture.ts'
import { Collector, deferred, within } from '../support/wait.ts'

const HUB_PASSWORD = 'a password for the hub'

const station = defineDeviceType('weatherstation', {
  data: v.object({ temperature: v.number() }),
  commands: {
    setInterval: command({
      payload: v.object({ interval: v.number() }),
      reply: v.object({ interval: v.number() }),
    }),
  },
})

/** A guarded broker, a hub and the connection of STATION-001; the hub is not started. */
async function site(transport: 'url' | 'websocketUrl', options: Partial<HubOptions> = {}) {
  const log = captureLog()
  const fleet = createFleet({
    types: [station],
    store: memoryStore(),
    services: [{ username: 'hub', password: HUB_PASSWORD, rules: 'hub' }],
  })
  const login = await fleet.provision(station, 'STATION-001')
  const broker = await embeddedBroker(fleet, { port: 0, websocket: { port: 0 }, logger: log })
  const url = broker[transport]!
  const connect = (username: string, password: string): Broker => mqtt({ url, username, password })
  const newHub = () =>
    createHub(fleet, {
      brokers: { default: connect('hub', HUB_PASSWORD) },
      logger: log,
      retry: { delay: 0.001 },
      ...options,
    })
  const device = connect(login.username, login.password)
  const hub = newHub()
  return {
    fleet,
    broker,
    hub,
    newHub,
    device,
    login,
    log,
    async [Symbol.asyncDispose]() {
      await Promise.all([hub.close(), device.close()])
      await broker.close()
    },
  }
}

for (const transport of ['url', 'websocketUrl'] as const) {
  describe(`on the embedded broker, over ${transport === 'url' ? 'TCP' : 'WebSocket'}`, () => {
    test('data arrives typed, and a command is answered', async () => {
      await using s = await site(transport)
      const events = new Collector<DataEvent<typeof station>>()
      s.hub.onData(station, events.push)
      await s.hub.start()
      await s.device.connect({
        onMessage: async (message) => {
          const { payload } = parse(message)
          const { correlationData } = message
          const reply = { topic: s.login.topics.reply, payload: bytes({ payload }) }
          await s.device.publish({ ...reply, ...(correlationData && { correlationData }) })
        },
      })
      await s.device.subscribe([{ filter: s.login.topics.cmd }])
      await s.device.publish({ topic: s.login.topics.data, payload: bytes({ temperature: 21.5 }) })
      const [event] = await events.reach(1, 'data events')
      assert.deepEqual(event!.data, { temperature: 21.5 })
      const sending = s.hub.device(station, 'STATION-001').send('setInterval', { interval: 60 })
      assert.deepEqual(await within(sending, 'reply'), { interval: 60 })
    })

    test('two hubs share the work, and have nothing to warn of', async () => {
      await using s = await site(transport)
      await using second = s.newHub()
      const heard = [new Collector<number>(), new Collector<number>()]
      s.hub.onData(station, ({ data }) => heard[0]!.push(data.temperature))
      second.onData(station, ({ data }) => heard[1]!.push(data.temperature))
      await Promise.all([s.hub.start(), second.start()])
      await s.device.connect({ onMessage: async () => {} })
      const sent = Array.from({ length: 50 }, (_, i) => i)
      for (const temperature of sent) {
        await s.device.publish({ topic: s.login.topics.data, payload: bytes({ temperature }) })
      }
      await Promise.all(heard.map((one) => one.reach(25, 'messages')))
      assert.deepEqual(
        heard.flatMap(({ items }) => items).sort((a, b) => a - b),
        sent,
      )
      assert.deepEqual(s.log.lines, [])
    })
  })
}

test('a handler that always fails ends in the dead-letter hook, and the next message is handled', async () => {
  const letters = new Collector<DeadLetter>()
  await using s = await site('url', {
    retry: { attempts: 3, delay: 0.001 },
    deadLetter: letters.push,
  })
  const handled = deferred()
  let tries = 0
  s.hub.onData(station, ({ data }) => {
    if (data.temperature > 0) return handled.resolve()
    tries++
    throw new Error('always')
  })
  s.hub.onRejected(() => {})
  await s.hub.start()
  await s.device.connect({ onMessage: async () => {} })
  await s.device.publish({ topic: s.login.topics.data, payload: bytes('{"temperature":-1}') })
  await s.device.publish({ topic: s.login.topics.data, payload: bytes('{"temperature":1}') })
  const [letter] = await letters.reach(1, 'dead letters')
  assert.deepEqual(new Uint8Array(letter!.message.payload), bytes('{"temperature":-1}'))
  assert.equal(tries, 3)
  await within(handled.promise, 'the next message')
})

test('a device may not join the share group of the hub, and hears why in the log', async () => {
  await using s = await site('url')
  await s.device.connect({ onMessage: async () => {} })
  await assert.rejects(
    s.device.subscribe([{ filter: 'things/weatherstation/+/data', shared: true }]),
    {
      code: 'ERR_BROKER_NOT_AUTHORIZED',
    },
  )
  assert.match(s.log.lines.join(), /may not subscribe/)
})
