/**
 * A page's watcher as pages have it: over the small client, at the embedded broker, with a token. Everything
 * is imported as a page imports it, by one path.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import * as v from 'valibot'
import {
  AccessDeniedError,
  browserBroker,
  command,
  createWatcher,
  type DeviceSnapshot,
  defineDeviceType,
  guardedBroker,
  sendCommands,
  type WatcherConnection,
} from '../../adapters/browser/index.ts'
import { type EmbeddedBroker, embeddedBroker } from '../../adapters/embedded/index.ts'
import { mqtt } from '../../adapters/mqtt/index.ts'
import { type AccessRule, type Broker, createFleet, memoryStore } from '../../src/index.ts'
import { tcpRelay } from '../mqtt/relay.ts'
import { Collector, within } from '../support/wait.ts'

if (!globalThis.WebSocket) {
  // As on Node 20.
  const { WebSocket } = await import('ws')
  Object.assign(globalThis, { WebSocket })
}

const encoder = new TextEncoder()
const interval = v.object({ interval: v.number() })
const station = defineDeviceType('weatherstation', {
  data: v.object({ temperature: v.number() }),
  commands: { setInterval: command({ payload: interval, reply: interval }) },
})
const topic = (channel: string) => `things/weatherstation/S-1/${channel}`
const rules: readonly AccessRule[] = [
  ...['data', 'status', 'reply'].map((channel): AccessRule => {
    return { effect: 'allow', actions: ['subscribe'], filter: topic(channel) }
  }),
  { effect: 'allow', actions: ['publish'], filter: topic('cmd') },
]

let server: EmbeddedBroker
let device: Broker
let login: { readonly username: string; readonly password: string }
before(async () => {
  const fleet = createFleet({
    types: [station],
    store: memoryStore(),
    pepper: 'a pepper of more than 16 bytes',
  })
  server = await embeddedBroker(fleet, { port: 0, websocket: { port: 0 } })
  const { username, password } = await fleet.provision(station, 'S-1')
  device = mqtt({ url: server.websocketUrl!, username, password })
  await device.connect({
    async onMessage({ payload }) {
      const { id, payload: asked } = JSON.parse(new TextDecoder().decode(payload))
      await say('reply', { id, payload: asked })
    },
  })
  await device.subscribe([{ filter: topic('cmd') }])
  login = fleet.issueToken({ rules })
})
after(async () => {
  await device.close()
  await server.close()
})

function say(channel: string, body: unknown, retain = false): Promise<void> {
  const payload = encoder.encode(JSON.stringify(body))
  return device.publish({ topic: topic(channel), payload, retain })
}

describe('a page', () => {
  test('shows what a device says, sends it a command, and goes on after a lost connection', async () => {
    const url = new URL(server.websocketUrl!)
    await using relay = await tcpRelay(Number(url.port))
    url.port = new URL(relay.url).port
    const { username, password } = login
    await using watcher = createWatcher(browserBroker({ url: url.href, username, password }), {
      commands: sendCommands(),
    })
    const connections = new Collector<WatcherConnection['state']>()
    watcher.connection.subscribe(({ state }) => connections.push(state))
    await watcher.start()
    const watch = watcher.watch(station, { id: 'S-1' })
    const snapshots = new Collector<DeviceSnapshot<typeof station>>()
    watch.subscribe(snapshots.push)
    await say('data', { temperature: 21.5 }, true)
    const [, first] = await snapshots.reach(2, 'snapshots')
    assert.equal(first!.data?.temperature, 21.5)

    const reply = await within(watch.send('setInterval', { interval: 5 }), 'reply')
    assert.deepEqual(reply, { interval: 5 })

    relay.cut()
    const states = await connections.reach(5, 'connections', 30_000)
    assert.deepEqual(states, ['idle', 'connecting', 'connected', 'disconnected', 'connected'])
    const stream = watch.data()[Symbol.asyncIterator]()
    // It begins with the newest that is known.
    assert.equal((await stream.next()).value?.data.temperature, 21.5)
    const next = (async () => {
      for (;;) {
        const { value } = await stream.next()
        if (value && value.data.temperature !== 21.5) return value.data
      }
    })()
    await say('data', { temperature: 22 }, true)
    assert.deepEqual(await within(next, 'data'), { temperature: 22 })
    await stream.return?.()
  })

  test('is told by its guard what it may not watch', async () => {
    const { username, password } = login
    const broker = browserBroker({ url: server.websocketUrl!, username, password })
    await using watcher = createWatcher(guardedBroker(broker, { username, rules }))
    await watcher.start()
    const snapshots = new Collector<DeviceSnapshot>()
    watcher.watch(station, { id: 'S-2' }).subscribe(snapshots.push)
    const snapshot = (await snapshots.reach(3, 'snapshots'))[2]!
    assert.deepEqual(Object.keys(snapshot.refused).sort(), ['data', 'status'])
    assert.ok(snapshot.refused.data instanceof AccessDeniedError)
    assert.match(snapshot.refused.data.message, /may not subscribe to ".*S-2\/data"/)
  })
})
