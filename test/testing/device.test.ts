/**
 * Virtual devices: they send what their type takes, and answer as their handlers say.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as v from 'valibot'
import { embeddedBroker } from '../../adapters/embedded/index.ts'
import { mqtt } from '../../adapters/mqtt/index.ts'
import {
  command,
  createFleet,
  createHub,
  defineDeviceType,
  memoryBroker,
  memoryServer,
  memoryStore,
  type ProvisionedDevice,
} from '../../src/index.ts'
import { type CommandHandlers, virtualDevice, virtualFleet } from '../../src/testing/index.ts'
import { Collector, within } from '../support/wait.ts'

const seconds = v.object({ seconds: v.pipe(v.number(), v.minValue(1)) })
const station = defineDeviceType('weatherstation', {
  data: v.object({ temperature: v.number() }),
  status: v.object({ status: v.string() }),
  commands: {
    reboot: command(),
    identify: command({ payload: v.object({ colour: v.optional(v.string(), 'red') }) }),
    setInterval: command({ payload: seconds, reply: seconds }),
    read: command({ reply: v.object({ temperature: v.number() }) }),
  },
})
type Station = typeof station

/** A hub, and devices on a broker in memory. */
async function site(commands?: CommandHandlers<Station>, ids: readonly string[] = ['S-1']) {
  const fleet = createFleet({ types: [station], store: memoryStore() })
  const server = memoryServer()
  const logger = { info() {}, warn() {}, error() {} }
  const hub = createHub(fleet, { brokers: { default: memoryBroker(server) }, logger })
  const [heard, rejected] = [new Collector<unknown>(), new Collector<string>()]
  hub.onData(station, ({ device, data }) => heard.push([device.id, data]))
  hub.onStatus(station, ({ device, status }) => heard.push([device.id, status]))
  hub.onRejected(({ code }) => rejected.push(code))
  await hub.start()
  const stations = await virtualFleet(fleet, station, {
    ids,
    connection: () => memoryBroker(server),
    ...(commands && { commands }),
  })
  const close = () => Promise.all([stations.close(), hub.close()])
  return { fleet, server, hub, heard, rejected, stations, close }
}

describe('what a device sends', () => {
  test('reaches the hub, each as its own', async () => {
    const { heard, stations, close } = await site({}, ['S-1', 'S-2', 'S-3'])
    await stations.sendData(({ login }, index) => ({ temperature: login.id.length + index }))
    await stations.device('S-2').sendStatus({ status: 'well' })
    await heard.reach(4, 'messages')
    assert.deepEqual(
      heard.items.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)),
      [
        ['S-1', { temperature: 3 }],
        ['S-2', { status: 'well' }],
        ['S-2', { temperature: 4 }],
        ['S-3', { temperature: 5 }],
      ],
    )
    await close()
  })

  test('is refused before it is sent, where the type does not take it', async () => {
    const { heard, stations, close } = await site()
    const device = stations.device('S-1')
    const wrong = { temperature: 'warm' } as unknown as { temperature: number }
    await assert.rejects(device.sendData(wrong), { name: 'PayloadError' })
    await assert.rejects(device.sendStatus({} as { status: string }), { name: 'PayloadError' })
    await device.sendData({ temperature: 1 })
    assert.deepEqual(await heard.reach(1, 'message'), [['S-1', { temperature: 1 }]])
    await close()
  })

  test('may be wrong on purpose', async () => {
    const { rejected, stations, close } = await site()
    const device = stations.device('S-1')
    await device.send('data', { temperature: 'warm' })
    await device.send('data', new TextEncoder().encode('{'))
    await rejected.reach(2, 'rejections')
    assert.deepEqual(rejected.items, ['payload-invalid', 'payload-malformed'])
    await close()
  })
})

describe('a command', () => {
  test('reaches its handler as its schema reads it, with the device, and is answered', async () => {
    const asked: unknown[] = []
    const { hub, stations, close } = await site(
      {
        identify: ({ colour }, { login }) => void asked.push([login.id, colour]),
        setInterval: async ({ seconds }) => ({ seconds: seconds * 2 }),
        read: () => ({ temperature: 20 }),
        reboot: () => void asked.push('reboot'),
      },
      ['S-1', 'S-2'],
    )
    const two = hub.device(station, 'S-2')
    assert.deepEqual(await two.send('setInterval', { seconds: 30 }), { seconds: 60 })
    assert.deepEqual(await hub.device(station, 'S-1').send('read'), { temperature: 20 })
    await two.send('identify', {})
    await two.send('reboot')
    await two.send('read')
    assert.deepEqual(asked, [['S-2', 'red'], 'reboot'])
    assert.equal(stations.devices.length, 2)
    await close()
  })

  for (const [what, commands, payload, deviceCode, message] of [
    ['that no handler knows', {}, 5, 'unknown-command', /I know no command setInterval/],
    [
      'whose handler throws',
      {
        setInterval() {
          throw new Error('jammed')
        },
      },
      5,
      undefined,
      /jammed/,
    ],
    [
      'whose handler throws an error with a code',
      { setInterval: () => Promise.reject(Object.assign(new Error('x'), { code: 'E_JAM' })) },
      5,
      'E_JAM',
      /said: x/,
    ],
  ] as const) {
    test(`${what} is answered with that`, async () => {
      const { hub, close } = await site(commands)
      const sent = hub.device(station, 'S-1').send('setInterval', { seconds: payload })
      await assert.rejects(sent, { code: 'ERR_COMMAND_FAILED', deviceCode, message })
      await close()
    })
  }

  test('whose payload the device does not take is answered with that', async () => {
    const { server, stations, close } = await site({ setInterval: (payload) => payload })
    const { topics } = stations.device('S-1').login
    const [sender, replies] = [memoryBroker(server), new Collector<unknown>()]
    await sender.connect({
      onMessage: ({ payload }) => replies.push(JSON.parse(new TextDecoder().decode(payload))),
    })
    await sender.subscribe([{ filter: topics.reply }])
    const asked = { command: 'setInterval', payload: { seconds: 0 }, id: '7' }
    const payload = new TextEncoder().encode(JSON.stringify(asked))
    await sender.publish({ topic: topics.cmd, payload })
    const [reply] = (await replies.reach(1, 'reply')) as [{ id: string; error: { code: string } }]
    assert.deepEqual([reply.id, reply.error.code], ['7', 'ERR_PAYLOAD_INVALID'])
    await sender.close()
    await close()
  })
})

describe('a device', () => {
  test('goes and comes back, with the same login', async () => {
    const { hub, heard, stations, close } = await site({ read: () => ({ temperature: 1 }) })
    const device = stations.device('S-1')
    const before = device.broker
    await device.close()
    await assert.rejects(device.sendData({ temperature: 1 }), { code: 'ERR_BROKER_CLOSED' })
    await device.connect()
    await assert.rejects(device.connect(), {
      code: 'ERR_BROKER_CLOSED',
      message: /connected already/,
    })
    assert.notEqual(device.broker, before)
    await device.sendData({ temperature: 2 })
    assert.deepEqual(await heard.reach(1, 'message'), [['S-1', { temperature: 2 }]])
    assert.deepEqual(await hub.device(station, 'S-1').send('read'), { temperature: 1 })
    await close()
  })

  test('that there is not is named', async () => {
    const { stations, close } = await site()
    assert.throws(() => stations.device('S-9'), {
      name: 'RangeError',
      message: /"S-9".*weatherstation/,
    })
    await close()
  })

  test('may be without commands', async () => {
    const meter = defineDeviceType('meter', { data: v.object({ watts: v.number() }) })
    const fleet = createFleet({ types: [meter], store: memoryStore() })
    const login = await fleet.provision(meter, 'M-1')
    await using device = virtualDevice(meter, { login, connection: () => memoryBroker() })
    await device.connect()
    await device.sendData({ watts: 1 })
  })

  test('is not made with an option that means nothing', async () => {
    const { fleet, close } = await site()
    const login = await fleet.provision(station, 'S-2')
    const options = { login, ids: [], connection: () => memoryBroker(), command: {} }
    const { ids: _, ...one } = options
    const { login: __, ...many } = options
    const refused = { name: 'ConfigError', key: 'command' }
    assert.throws(() => virtualDevice(station, one), refused)
    await assert.rejects(virtualFleet(fleet, station, many), refused)
    await close()
  })
})

describe('over TCP', () => {
  test('devices log in with their own logins, and do what their rules grant', async () => {
    const fleet = createFleet({ types: [station], store: memoryStore() })
    const broker = await embeddedBroker(fleet, { port: 0 })
    const stations = await virtualFleet(fleet, station, {
      ids: ['S-1', 'S-2'],
      connection: ({ username, password }) => mqtt({ url: broker.url, username, password }),
    })
    const [one, two] = stations.devices
    await one!.sendData({ temperature: 20 })
    const foreign = { topic: two!.login.topics.data, payload: new Uint8Array(0) }
    await assert.rejects(one!.broker.publish(foreign), { code: 'ERR_BROKER_NOT_AUTHORIZED' })
    await within(stations.close(), 'close')
    await broker.close()
  })

  test('one that is refused closes all', async () => {
    const fleet = createFleet({ types: [station], store: memoryStore() })
    const broker = await embeddedBroker(fleet, { port: 0 })
    const opened: ReturnType<typeof mqtt>[] = []
    const connection = ({ id, username, password }: ProvisionedDevice) => {
      const wrong = id === 'S-2' ? 'wrong-password-0123456789' : password
      const one = mqtt({ url: broker.url, username, password: wrong })
      opened.push(one)
      return one
    }
    await assert.rejects(virtualFleet(fleet, station, { ids: ['S-1', 'S-2'], connection }), {
      code: 'ERR_BROKER_LOGIN_REFUSED',
    })
    for (const one of opened) {
      const message = { topic: 'x', payload: new Uint8Array(0) }
      await assert.rejects(one.publish(message), { code: 'ERR_BROKER_CLOSED' })
    }
    await broker.close()
  })
})
