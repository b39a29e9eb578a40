/**
 * What one client costs the embedded broker and the others at most.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { describe, test } from 'node:test'
import { DEFAULT_LIMITS } from '../../src/server/settings.ts'
import { within } from '../support/wait.ts'
import { type Login, OFFICE, openSite, reasonOf, type Site } from './fixture.ts'
import { packet, text } from './raw.ts'

const DATA = 'things/pump/P-1/data'
const CMD = 'things/pump/P-1/cmd'
const SUBACK = packet(0x90, 0, 1, 0, 0)

/** A client that subscribes and then reads nothing more. */
async function deafClient(site: Site, login: Login, filter: string): Promise<Socket> {
  const socket = await site.dial()
  const names = [text('deaf'), text(login.username), text(login.password)]
  const connect = packet(0x10, text('MQTT'), 5, 0xc2, 0, 0, 0, ...names)
  socket.write(Buffer.concat([connect, packet(0x82, 0, 1, 0, text(filter), 0)]))
  const answered = new Promise<void>((resolve) => {
    socket.on('data', (bytes: Buffer) => bytes.includes(SUBACK) && resolve())
  })
  await within(answered, 'SUBACK')
  socket.pause()
  return socket
}

describe('a flood', () => {
  test('of a device to a hub that does not read stays within the bounds, and others are served', async () => {
    await using site = await openSite({ limits: { stallTimeout: 2 } })
    const hub = await deafClient(site, OFFICE, 'things/+/+/data')
    const device = await site.connect(site.p1)
    const [other, office] = [await site.connect(site.p2), await site.connect(OFFICE)]
    await other.mqtt.subscribeAsync('things/pump/P-2/cmd')
    const payload = Buffer.alloc(70_000)
    const count = 1_500
    for (let i = 0; i < count; i++) await device.mqtt.publishAsync(DATA, payload)
    await office.mqtt.publishAsync('things/pump/P-2/cmd', 'served', { qos: 1 })
    assert.equal((await other.messages.reach(1, 'messages'))[0]?.text, 'served')
    await reasonOf(device.mqtt.publishAsync(DATA, '', { qos: 1 }))
    // What is not dropped is in buffers of the network, or within the bound.
    const { messagesReceived, dropped } = site.broker.counters
    assert.ok(messagesReceived >= count)
    assert.ok(dropped['client-slow'] > count - 200, `${dropped['client-slow']} were dropped`)
    assert.equal(site.broker.connections, 4)
    // Nobody is kept who takes nothing.
    while (site.broker.connections === 4) await new Promise((resolve) => setTimeout(resolve, 50))
    assert.equal(device.mqtt.connected, true)
    const closed = once(hub, 'close')
    hub.resume()
    await within(closed, 'end of the connection')
    assert.ok(site.log.lines.some((line) => line.includes('reads too slowly')))
  })

  test('of QoS 1 waits in the session of one that does not read, which others do not notice', async () => {
    await using site = await openSite({ limits: { maxSessionBytes: 2_000_000, stallTimeout: 60 } })
    const socket = await site.dial()
    const names = [text('deaf'), text(OFFICE.username), text(OFFICE.password)]
    const connect = packet(0x10, text('MQTT'), 5, 0xc2, 0, 0, 0, ...names)
    socket.write(Buffer.concat([connect, packet(0x82, 0, 1, 0, text(DATA), 1)]))
    await within(once(socket, 'data'), 'CONNACK')
    socket.pause()
    const device = await site.connect(site.p1)
    const codes: unknown[] = []
    for (let i = 0; i < 40; i++) {
      codes.push(await reasonOf(device.mqtt.publishAsync(DATA, Buffer.alloc(500_000), { qos: 1 })))
      assert.ok(site.broker.counters.storedBytes <= 2_010_000)
    }
    assert.deepEqual([codes[0], codes.at(-1)], [0, 0x97])
    assert.equal(device.mqtt.connected, true)
  })

  test('of commands to a device that reads is lost to nobody', async () => {
    await using site = await openSite()
    const [device, office] = [await site.connect(site.p1), await site.connect(OFFICE)]
    await device.mqtt.subscribeAsync(CMD, { qos: 1 })
    const sent = Array.from({ length: 5_000 }, (_, i) => `${i} ${'x'.repeat(i % 700)}`)
    await Promise.all(sent.map((each) => office.mqtt.publishAsync(CMD, each, { qos: 1 })))
    const messages = await device.messages.reach(sent.length, 'messages', 30_000)
    assert.deepEqual(
      messages.map((message) => message.text),
      sent,
    )
  })
})

describe('the bytes of a flood arrive as they were sent', () => {
  for (const transport of ['url', 'websocketUrl'] as const) {
    test(`with QoS 0, over ${transport === 'url' ? 'TCP' : 'WebSocket'}`, async () => {
      await using site = await openSite({ websocket: true })
      const device = await site.connect(site.p1, {}, transport)
      const office = await site.connect(OFFICE, {}, transport)
      await office.mqtt.subscribeAsync(DATA)
      const sent = Array.from({ length: 5_000 }, (_, i) => `${i}:`.padEnd(20 + (i % 90), 'abcdef'))
      for (const each of sent) device.mqtt.publish(DATA, each)
      await within(
        device.mqtt.publishAsync('x', '', { qos: 1 }).catch(() => {}),
        'PUBACK',
        30_000,
      )
      const { dropped } = site.broker.counters
      const arrived = sent.length - dropped['client-slow']
      const messages = await office.messages.reach(arrived, 'messages', 30_000)
      const known = new Set(sent)
      assert.equal(new Set(messages.map((message) => message.text)).size, arrived)
      assert.deepEqual(
        messages.filter((message) => !known.has(message.text)),
        [],
      )
    })
  }
})

test('one SUBSCRIBE with 2,000 filters is answered at once, and the filters beyond 1,000 refused', async () => {
  await using site = await openSite()
  const office = await site.connect(OFFICE)
  const filters = Array.from({ length: 2_000 }, (_, i) => `sites/north/${i}`)
  const { user } = process.cpuUsage()
  const granted = await reasonOf(office.mqtt.subscribeAsync(filters, { qos: 1 }))
  const spent = (process.cpuUsage().user - user) / 1_000
  assert.ok(Array.isArray(granted))
  assert.deepEqual([...new Set(granted.slice(0, 1_000))], [1])
  assert.deepEqual([...new Set(granted.slice(1_000))], [0x97])
  assert.equal(site.broker.counters.subscriptions, DEFAULT_LIMITS.maxSubscriptions)
  assert.ok(spent < 2_000, `it took ${spent} ms`)
})

test('user properties count for the bytes of a session', async () => {
  await using site = await openSite()
  const durable = { clean: false, clientId: 'a', properties: { sessionExpiryInterval: 600 } }
  const office = await site.connect(OFFICE, durable)
  await office.mqtt.subscribeAsync(DATA, { qos: 1 })
  await office.mqtt.endAsync()
  const device = await site.connect(site.p1)
  const userProperties = Object.fromEntries(
    Array.from({ length: 14 }, (_, i) => [`k${i}`, 'v'.repeat(60_000)]),
  )
  const codes: unknown[] = []
  for (let i = 0; i < 25; i++) {
    const options = { qos: 1, properties: { userProperties } } as const
    codes.push(await reasonOf(device.mqtt.publishAsync(DATA, '{}', options)))
  }
  const kept = codes.filter((code) => code === 0).length
  assert.equal(kept, Math.floor(DEFAULT_LIMITS.maxSessionBytes / 841_000))
  assert.deepEqual(codes.slice(kept), Array(25 - kept).fill(0x97))
  assert.ok(site.broker.counters.storedBytes <= DEFAULT_LIMITS.maxSessionBytes)
})

test('a bound that is none is refused by its key', async () => {
  for (const [limits, key] of [
    [{ maxConnection: 5 } as object, 'limits.maxConnection'],
    [{ maxConnections: 0 }, 'limits.maxConnections'],
    [{ receiveMaximum: 65_536 }, 'limits.receiveMaximum'],
    [{ maxBacklog: '1 MiB' } as object, 'limits.maxBacklog'],
    [5 as never, 'limits'],
  ] as const) {
    await assert.rejects(openSite({ limits }), { code: 'ERR_CONFIG', key })
  }
})

test('a connection beyond the most there may be is closed at once', async () => {
  await using site = await openSite({ limits: { maxConnections: 1 } })
  await site.connect(site.p1)
  const socket = await site.dial()
  await within(once(socket.resume(), 'close'), 'end of the connection')
  assert.equal(site.broker.connections, 1)
  // Deno 2.9 tells nobody of those that its listener closes.
  const isTold = !('Deno' in globalThis)
  assert.equal(site.broker.counters.refused['connections-full'], isTold ? 1 : 0)
  const line = 'A connection was closed unread: there are as many as there may be (maxConnections).'
  assert.deepEqual(site.log.lines, isTold ? [`warn: ${line}`] : [])
})

test('a login beyond the sessions of a user name is refused, and told', async () => {
  await using site = await openSite({ limits: { maxSessionsPerOwner: 1 } })
  await site.connect(site.p1)
  const second = { ...site.p1, clientId: `${site.p1.username}//2` }
  await assert.rejects(site.connect(second), { code: 0x97 })
  assert.equal(site.broker.counters.refused['sessions-full'], 1)
  assert.equal(site.log.lines.length, 1)
  assert.match(site.log.lines[0]!, /^warn: A login of pump\/P-1 was refused: .+maxSessionsPerOwner/)
})

test('messages and bytes are counted', async () => {
  await using site = await openSite()
  const office = await site.connect(OFFICE)
  await office.mqtt.subscribeAsync(DATA)
  const device = await site.connect(site.p1)
  const before = site.broker.counters
  await device.mqtt.publishAsync(DATA, Buffer.alloc(1_000), { qos: 1 })
  await office.messages.reach(1, 'messages')
  const after = site.broker.counters
  assert.deepEqual([before.clients, before.messagesReceived, before.messagesSent], [2, 0, 0])
  assert.deepEqual([after.messagesReceived, after.messagesSent], [1, 1])
  for (const key of ['bytesReceived', 'bytesSent'] as const) {
    const bytes = after[key] - before[key]
    assert.ok(bytes > 1_000 && bytes < 1_100, `${key}: ${bytes}`)
  }
})
