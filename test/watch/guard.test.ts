/**
 * What a page's token does not grant: refused by the broker itself without the guard, and before anything
 * is sent with it. The broker is the embedded one, over WebSocket.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Denial, type EmbeddedBroker, embeddedBroker } from '../../adapters/embedded/index.ts'
import { mqtt } from '../../adapters/mqtt/index.ts'
import {
  AccessDeniedError,
  type AccessRule,
  type Broker,
  type CommandError,
  ConfigError,
  createFleet,
  createWatcher,
  type DeviceSnapshot,
  type Fleet,
  type Grants,
  guardedBroker,
  memoryBroker,
  memoryStore,
  type OutgoingMessage,
  type Subscription,
  sendCommands,
} from '../../src/index.ts'
import { Collector, within } from '../support/wait.ts'
import { bytesOf, CMD, DATA, REPLY, STATUS, station } from './fixture.ts'

const quiet = { info() {}, warn() {}, error() {} }

/** What docs/watch.md says that a page needs. */
const rules: readonly AccessRule[] = [
  ...['data', 'status', 'reply'].map((channel): AccessRule => {
    const filter = `{prefix}/weatherstation/{deviceId}/${channel}`
    return { effect: 'allow', actions: ['subscribe'], filter }
  }),
  { effect: 'allow', actions: ['publish'], filter: '{prefix}/weatherstation/{deviceId}/cmd' },
]
const attributes = { deviceId: 'S-1' }

let fleet: Fleet
let server: EmbeddedBroker
let url: string
const denials = new Collector<Denial>()
before(async () => {
  fleet = createFleet({
    types: [station],
    store: memoryStore(),
    pepper: 'a pepper of more than 16 bytes',
  })
  server = await embeddedBroker(fleet, {
    port: 0,
    websocket: { port: 0 },
    logger: quiet,
    onDenied: denials.push,
  })
  url = server.websocketUrl!
})
after(() => server.close())

/** A login with these rules, and what guards it. */
function login(granted: readonly AccessRule[] = rules) {
  const { username, password } = fleet.issueToken({ rules: granted, attributes })
  const grants: Grants = { username, rules: granted, attributes }
  return { broker: mqtt({ url, username, password }), grants }
}

type Ask = (broker: Broker) => Promise<unknown>
const subscribe =
  (filter: string, options: Partial<Subscription> = {}): Ask =>
  (broker) =>
    broker.subscribe([{ filter, ...options }])
const publish =
  (topic: string, options: Partial<OutgoingMessage> = {}): Ask =>
  (broker) =>
    broker.publish({ topic, payload: bytesOf({}), ...options })

const denied: [title: string, ask: Ask, text: RegExp][] = [
  [
    'a subscription to another device',
    subscribe('things/weatherstation/S-2/data'),
    /belongs to the device "S-2"/,
  ],
  [
    'a wildcard above the grant',
    subscribe('things/weatherstation/+/data'),
    /"\+" asks for every name in place of "S-1"/,
  ],
  ['everything', subscribe('#'), /"#" asks for every topic/],
  ['a subscription to commands', subscribe(CMD), /only to publish, not to subscribe/],
  [
    'a shared subscription',
    subscribe(DATA, { shared: true }),
    /only without a share name|without a share name/,
  ],
  [
    'a publish of data in the name of the device',
    publish(DATA),
    /only to subscribe, not to publish/,
  ],
  [
    'a command to another device',
    publish('things/weatherstation/S-2/cmd'),
    /belongs to the device "S-2"/,
  ],
]

const granted: [title: string, ask: Ask][] = [
  ['a subscription to data', subscribe(DATA)],
  ['a subscription to status with QoS 2', subscribe(STATUS, { qos: 2 })],
  ['a subscription to replies', subscribe(REPLY)],
  ['a command', publish(CMD)],
  ['a command with QoS 2', publish(CMD, { qos: 2 })],
]

for (const isGuarded of [false, true]) {
  describe(isGuarded ? 'with the guard' : 'without the guard', () => {
    let broker: Broker
    before(async () => {
      const { broker: bare, grants } = login()
      broker = isGuarded ? guardedBroker(bare, grants) : bare
      await broker.connect({ onMessage() {} })
    })
    after(() => broker.close())

    for (const [title, ask, text] of denied) {
      // The embedded broker has no shared subscriptions: it is asked for a plain one, which is granted.
      const skip = !isGuarded && title === 'a shared subscription'
      test(`${title} is refused ${isGuarded ? 'here' : 'by the broker'}`, { skip }, async () => {
        const before = denials.items.length
        await assert.rejects(ask(broker), (error: Error & { code?: string }) => {
          assert.equal(error.code, 'ERR_BROKER_NOT_AUTHORIZED')
          assert.equal(error instanceof AccessDeniedError, isGuarded)
          if (isGuarded) assert.match(error.message, text)
          return true
        })
        if (!isGuarded) await denials.reach(before + 1, 'denials')
        else assert.equal(denials.items.length, before, 'nothing was sent')
      })
    }

    for (const [title, ask] of granted) {
      test(`${title} is granted`, async () => {
        await ask(broker)
      })
    }
  })
}

describe('the guard', () => {
  test('makes the subscriptions that are granted, and tells of the others', async () => {
    const { broker: bare, grants } = login()
    await using broker = guardedBroker(bare, grants)
    const received = new Collector<string>()
    await broker.connect({ onMessage: ({ topic }) => received.push(topic) })
    await assert.rejects(
      broker.subscribe([{ filter: DATA }, { filter: 'things/#' }]),
      AccessDeniedError,
    )
    const device = await fleet.provision(station, `S-1`)
    await using sender = mqtt({ url, username: device.username, password: device.password })
    await sender.connect({ onMessage() {} })
    await sender.publish({ topic: DATA, payload: bytesOf({ temperature: 1 }) })
    assert.deepEqual(await received.reach(1, 'message'), [DATA])
  })

  test('refuses a will', async () => {
    const { broker: bare, grants } = login()
    await using broker = guardedBroker(bare, grants)
    const will = { topic: DATA, payload: bytesOf({}) }
    await assert.rejects(broker.connect({ onMessage() {}, will }), AccessDeniedError)
  })

  test('keeps to what a function gives: nothing yet, and other rules after a renewal', async () => {
    let grants: Grants | undefined
    await using broker = guardedBroker(memoryBroker(), () => grants)
    await broker.connect({ onMessage() {} })
    await broker.subscribe([{ filter: 'things/#' }])
    grants = { username: 'token:a', rules, attributes }
    await broker.subscribe([{ filter: DATA }])
    await assert.rejects(broker.subscribe([{ filter: 'other/data' }]), AccessDeniedError)
    grants = {
      username: 'token:a',
      rules: [{ effect: 'allow', actions: ['subscribe'], filter: 'other/data' }],
    }
    await broker.subscribe([{ filter: 'other/data' }])
    await assert.rejects(broker.subscribe([{ filter: DATA }]), AccessDeniedError)
  })

  test('has the client id that it is told, and the prefix', async () => {
    const own: AccessRule = {
      effect: 'allow',
      actions: ['publish'],
      filter: '{prefix}/{clientId}/x',
    }
    const grants = { username: 'token:a', rules: [own], attributes: { prefix: 'plant' } }
    const message = { topic: 'plant/token:a/x', payload: bytesOf({}) }
    await using told = guardedBroker(memoryBroker(), grants, { clientId: 'token:a' })
    await told.connect({ onMessage() {} })
    await told.publish(message)
    await assert.rejects(told.publish({ ...message, topic: 'things/token:a/x' }), AccessDeniedError)
    await using untold = guardedBroker(memoryBroker(), grants)
    await untold.connect({ onMessage() {} })
    await assert.rejects(untold.publish(message), AccessDeniedError)
  })

  const misspelt = { effect: 'allow', actions: ['publish'], filter: '#', maxQoS: 0 }
  for (const [title, grants] of [
    ['a misspelt condition', { username: 'a', rules: [misspelt] }],
    ['no list, of a function', () => ({ username: 'a', rules: undefined })],
  ] as const) {
    test(`tells of rules that are ${title}`, async () => {
      await using broker = guardedBroker(memoryBroker(), grants as never)
      await broker.connect({ onMessage() {} })
      await assert.rejects(broker.publish({ topic: 'a', payload: bytesOf({}) }), ConfigError)
    })
  }
})

describe('a watcher with a token', () => {
  const dataOnly = rules.slice(0, 1)
  for (const isGuarded of [false, true]) {
    const who = isGuarded ? 'the guard' : 'the broker'
    test(`shows what is granted, and why the rest is not: by ${who}`, async () => {
      const { broker: bare, grants } = login(dataOnly)
      const broker = isGuarded ? guardedBroker(bare, grants) : bare
      await using watcher = createWatcher(broker, { logger: quiet, commands: sendCommands() })
      await watcher.start()
      const watch = watcher.watch(station, { id: 'S-1' })
      const snapshots = new Collector<DeviceSnapshot>()
      watch.subscribe(snapshots.push)
      const snapshot = (await snapshots.reach(2, 'snapshots'))[1]!
      assert.deepEqual(Object.keys(snapshot.refused), ['status'])
      assert.equal(snapshot.refused.status instanceof AccessDeniedError, isGuarded)
      if (isGuarded) {
        assert.match(snapshot.refused.status!.message, /may not subscribe to ".*S-1\/status"/)
      }
      await assert.rejects(within(watch.send('reboot'), 'answer'), (error: CommandError) => {
        assert.equal(error.code, 'ERR_COMMAND_NOT_AUTHORIZED')
        if (isGuarded) assert.match(error.message, /no rule lets it publish at all/)
        return true
      })
    })
  }

  test('sends a command, and hears the reply', async () => {
    const { username, password } = await fleet.provision(station, 'S-9')
    const token = fleet.issueToken({ rules, attributes: { deviceId: 'S-9' } })
    await using page = createWatcher(
      mqtt({ url, username: token.username, password: token.password }),
      { commands: sendCommands() },
    )
    await page.start()
    await using device = mqtt({ url, username, password })
    await device.connect({
      async onMessage({ payload }) {
        const { id, payload: asked } = JSON.parse(new TextDecoder().decode(payload))
        const topic = 'things/weatherstation/S-9/reply'
        await device.publish({ topic, payload: bytesOf({ id, payload: asked }) })
      },
    })
    await device.subscribe([{ filter: 'things/weatherstation/S-9/cmd' }])
    const { interval } = await page
      .watch(station, { id: 'S-9' })
      .send('setInterval', { interval: 5 })
    assert.equal(interval, 5)
  })
})
