/**
 * What an observer is told of a hub: messages, rejections, commands.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as v from 'valibot'
import {
  command,
  createFleet,
  createHub,
  defineDeviceType,
  memoryBroker,
  memoryServer,
  memoryStore,
  type ObservedEvent,
} from '../../src/index.ts'
import { deferred, within } from '../support/wait.ts'

const pump = defineDeviceType('pump', {
  data: v.object({ rpm: v.number() }),
  commands: {
    stop: command(),
    setRpm: command({ payload: v.object({ rpm: v.number() }), reply: v.object({}) }),
    fail: command({ reply: v.object({}) }),
    wait: command({ reply: v.object({}) }),
  },
})

const encode = (value: unknown) => new TextEncoder().encode(JSON.stringify(value))

async function openSite() {
  const events: ObservedEvent[] = []
  const fleet = createFleet({
    types: [pump],
    store: memoryStore(),
    observer: (event) => void events.push(event),
  })
  const { topics } = await fleet.provision(pump, 'P-1')
  const server = memoryServer()
  const logger = { info() {}, warn() {}, error() {} }
  const hub = createHub(fleet, { brokers: { default: memoryBroker(server) }, logger })
  const device = memoryBroker(server)
  await device.connect({
    async onMessage({ payload }) {
      const { command: name, id } = JSON.parse(new TextDecoder().decode(payload))
      if (name === 'setRpm')
        await device.publish({ topic: topics.reply, payload: encode({ id, payload: {} }) })
      if (name === 'fail')
        await device.publish({ topic: topics.reply, payload: encode({ id, error: {} }) })
    },
  })
  await device.subscribe([{ filter: topics.cmd }])
  return {
    fleet,
    topics,
    hub,
    device,
    /** Without how long it took. */
    told(kind: ObservedEvent['kind']) {
      return events
        .filter((event) => event.kind === kind)
        .map((event) => {
          const { seconds = 0, ...rest } = event as ObservedEvent & { seconds?: number }
          assert.ok(seconds >= 0 && seconds < 60)
          return rest
        })
    },
    async [Symbol.asyncDispose]() {
      await hub.close()
      await device.close()
    },
  }
}

test('each message of a device and each rejection is told, by names that were declared', async () => {
  await using site = await openSite()
  const handled = deferred()
  site.hub.onData(pump, ({ data }) => {
    if (data.rpm === 3) handled.resolve()
  })
  await site.hub.start()
  const send = (topic: string, value: unknown) =>
    site.device.publish({ topic, payload: encode(value), qos: 1 })
  await send(site.topics.data, { rpm: 1 })
  await send(site.topics.data, { rpm: 'fast' })
  await send('things/pump/P-9/data', { rpm: 1 })
  await send(site.topics.status, { online: true })
  await send(site.topics.data, { rpm: 3 })
  await within(handled.promise, 'message')
  await site.hub.close()
  const message = (channel: string) => ({
    kind: 'message',
    type: 'pump',
    channel,
    broker: 'default',
  })
  const channels = site.told('message').map((event) => (event as { channel: string }).channel)
  assert.deepEqual(channels.sort(), ['data', 'data', 'data', 'data', 'status'])
  assert.deepEqual(site.told('message')[0], message('data'))
  const rejected = (code: string) => ({ kind: 'rejection', code, broker: 'default' })
  assert.deepEqual(site.told('rejection'), ['payload-invalid', 'device-unknown'].map(rejected))
})

test('each command is told by how it ended', async () => {
  await using site = await openSite()
  await site.hub.start()
  const one = site.hub.device(pump, 'P-1')
  await one.send('stop')
  await one.send('setRpm', { rpm: 1 })
  await assert.rejects(one.send('setRpm', { rpm: 'x' as never }))
  await assert.rejects(one.send('fail'))
  await assert.rejects(one.send('wait', { timeout: 0.05 }))
  await assert.rejects(one.send('wait', { signal: AbortSignal.abort() }))
  await assert.rejects(one.send('explode/../' as 'stop'))
  const ended = (name: string, code: string) => {
    return { kind: 'command', type: 'pump', command: name, code }
  }
  assert.deepEqual(site.told('command'), [
    ended('stop', 'done'),
    ended('setRpm', 'done'),
    ended('setRpm', 'ERR_PAYLOAD_INVALID'),
    ended('fail', 'ERR_COMMAND_FAILED'),
    ended('wait', 'ERR_COMMAND_TIMED_OUT'),
    ended('wait', 'aborted'),
    ended('unknown', 'aborted'),
  ])
})

test('the status counts what is not dealt with', async () => {
  await using site = await openSite()
  const going = deferred()
  const begun = deferred()
  site.hub.onData(pump, async () => {
    begun.resolve()
    await going.promise
  })
  await site.hub.start()
  const counts = () => {
    const { messages, commands } = site.hub.status()
    return { messages, commands }
  }
  assert.deepEqual(counts(), { messages: 0, commands: 0 })
  const publishing = [1, 2, 3].map((rpm) =>
    site.device.publish({ topic: site.topics.data, payload: encode({ rpm }), qos: 1 }),
  )
  await within(begun.promise, 'message')
  await Promise.all(publishing)
  const waiting = site.hub.device(pump, 'P-1').send('wait', { timeout: 30 })
  const refused = assert.rejects(waiting)
  while (site.hub.status().commands === 0) await new Promise((resolve) => setTimeout(resolve, 1))
  assert.deepEqual(counts(), { messages: 3, commands: 1 })
  going.resolve()
  await site.hub.close()
  await refused
  assert.deepEqual(counts(), { messages: 0, commands: 0 })
})
