/**
 * Where the embedded broker listens, and how it ends.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect as connectTcp } from 'node:net'
import { describe, test } from 'node:test'
import { WebSocket } from 'ws'
import { embeddedBroker } from '../../adapters/embedded/index.ts'
import { ConfigError, createFleet, memoryStore } from '../../src/index.ts'
import { within } from '../support/wait.ts'
import { CapturedLog, OFFICE, openClient, openSite, portOf, pump, takePort } from './fixture.ts'
import { packet, text } from './raw.ts'

const fleet = createFleet({ types: [pump], store: memoryStore() })
const logger = new CapturedLog()

/** Whether something listens on a port. */
async function listens(port: number): Promise<boolean> {
  const socket = connectTcp(port, '127.0.0.1')
  try {
    await within(once(socket, 'connect'), 'connection')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

describe('WebSocket', () => {
  test('carries MQTT both ways, next to TCP', async () => {
    await using site = await openSite({ websocket: true })
    const office = await site.connect(OFFICE)
    await office.mqtt.subscribeAsync('things/#')
    const device = await openClient(site.broker.websocketUrl!, { ...site.p1 })
    await device.mqtt.subscribeAsync('things/pump/P-1/cmd', { qos: 1 })

    const large = 'x'.repeat(300_000)
    await device.mqtt.publishAsync('things/pump/P-1/data', large, { qos: 1 })
    assert.equal((await office.messages.reach(1, 'messages'))[0]?.text, large)
    for (let i = 0; i < 20; i++) {
      await office.mqtt.publishAsync('things/pump/P-1/cmd', `${i}${large}`, { qos: 1 })
    }
    const messages = await device.messages.reach(20, 'messages')
    assert.deepEqual(
      messages.map(({ text }) => Number.parseInt(text, 10)),
      [...Array(20).keys()],
    )
    device.mqtt.end(true)
  })

  test('is guarded as TCP is', async () => {
    await using site = await openSite({ websocket: true })
    const url = site.broker.websocketUrl!
    await assert.rejects(openClient(url, { ...site.p1, password: 'guess' }), { code: 0x86 })
    const device = await openClient(url, { ...site.p1 })
    await assert.rejects(
      device.mqtt.publishAsync('things/pump/P-2/data', '', { qos: 1 }),
      /Not authorized/,
    )
    device.mqtt.end(true)
  })

  test('is off unless it is asked for', async () => {
    await using site = await openSite()
    assert.equal(site.broker.websocketUrl, undefined)
  })

  for (const [path, status] of [
    ['/mqtt', 426],
    ['/', 404],
    ['/mqtt/more', 404],
  ] as const) {
    test(`answers a plain request for ${path} with ${status}`, async () => {
      await using site = await openSite({ websocket: true })
      const url = new URL(path, site.broker.websocketUrl!.replace('ws:', 'http:'))
      const response = await fetch(url)
      assert.equal(response.status, status)
      await response.arrayBuffer()
    })
  }

  for (const [name, path, protocols, status] of [
    ['another path', '/', ['mqtt'], 404],
    ['no subprotocol', '/mqtt', [], 400],
    ['another subprotocol', '/mqtt', ['chat'], 400],
  ] as const) {
    test(`answers a handshake with ${name} with ${status}`, async () => {
      await using site = await openSite({ websocket: true })
      const url = new URL(path, site.broker.websocketUrl!)
      const socket = new WebSocket(url, [...protocols])
      const [error] = await within(once(socket, 'error'), 'refusal')
      assert.match(error.message, new RegExp(`\\b${status}\\b`))
    })
  }

  test('ends a connection that sends text', async () => {
    await using site = await openSite({ websocket: true })
    const socket = new WebSocket(site.broker.websocketUrl!, ['v12.stomp', 'mqtt'])
    await within(once(socket, 'open'), 'handshake')
    assert.equal(socket.protocol, 'mqtt')
    socket.send('text')
    const [code] = await within(once(socket, 'close'), 'end of the connection')
    assert.equal(code, 1003)
  })
})

describe('a broker that cannot start', () => {
  test('names the port that is taken', async () => {
    const taken = await takePort()
    try {
      await assert.rejects(embeddedBroker(fleet, { port: taken.port, logger }), (error) => {
        assert.ok(error instanceof ConfigError)
        assert.equal(error.key, 'port')
        assert.match(error.message, new RegExp(`127.0.0.1:${taken.port}: something else listens`))
        return true
      })
    } finally {
      await taken.close()
    }
  })

  test('leaves nothing running when the second port is taken', async () => {
    const taken = await takePort()
    const free = await takePort()
    await free.close()
    try {
      const options = { port: free.port, websocket: { port: taken.port }, logger }
      await assert.rejects(embeddedBroker(fleet, options), { key: 'websocket.port' })
      assert.equal(await listens(free.port), false)
      assert.deepEqual((await fleet.provision(pump, 'P-1')).done, [])
    } finally {
      await taken.close()
    }
  })

  for (const [options, key] of [
    [{ port: -1 }, 'port'],
    [{ port: 0, ws: { port: 0 } } as object, 'ws'],
    [{ port: 0, websocket: { port: 0, pfad: '/' } } as object, 'websocket.pfad'],
    [{ port: 0, websocket: 8083 } as object, 'websocket'],
    [{ port: 65_536 }, 'port'],
    [{ port: 1.5 }, 'port'],
    [{ port: 0, websocket: { port: Number.NaN } }, 'websocket.port'],
    [{ port: 0, websocket: { port: 0, path: 'mqtt' } }, 'websocket.path'],
    [{ port: 0, websocket: { port: 0, path: '/mqtt?x' } }, 'websocket.path'],
  ] as const) {
    test(`refuses ${JSON.stringify(options)}`, async () => {
      await assert.rejects(embeddedBroker(fleet, { ...options, logger }), {
        code: 'ERR_CONFIG',
        key,
      })
    })
  }
})

describe('a broker that is closed', () => {
  test('disconnects its clients, stops listening, and settles a second call with the first', async () => {
    const site = await openSite({ websocket: true })
    const { url, websocketUrl } = site.broker
    const tcp = await site.connect(site.p1)
    const webSocket = await openClient(websocketUrl!, { ...site.p2 })
    const silent = await site.dial()
    const silentEnd = once(silent.resume(), 'close')
    const first = site.broker.close()
    assert.equal(site.broker.close(), first)
    await within(first, 'close')
    assert.equal(await within(tcp.ended, 'end over TCP'), 0x8b)
    assert.equal(await within(webSocket.ended, 'end over WebSocket'), 0x8b)
    await within(silentEnd, 'end of the connection without a login')
    assert.equal(site.broker.connections, 0)
    assert.equal(await listens(portOf(url)), false)
    assert.equal(await listens(portOf(websocketUrl!)), false)
    await site.broker.close()
  })

  test('does not wait for a client that reads nothing', async () => {
    const site = await openSite()
    const { username, password } = OFFICE
    const login = packet(
      0x10,
      text('MQTT'),
      5,
      0xc2,
      0,
      0,
      0,
      text('c'),
      text(username),
      text(password),
    )
    const reader = await site.dial()
    reader.write(Buffer.concat([login, packet(0x82, 0, 1, 0, text('large'), 0)]))
    // What comes first is CONNACK and SUBACK; after that it reads no more.
    const suback = new Promise<void>((resolve) => {
      reader.on('data', (bytes: Buffer) => bytes.includes(packet(0x90, 0, 1, 0, 0)) && resolve())
    })
    await within(suback, 'SUBACK')
    reader.pause()
    const office = await site.connect(OFFICE)
    // More than the buffers of both ends hold.
    for (let i = 0; i < 20; i++) office.mqtt.publish('large', Buffer.alloc(1_000_000))
    await within(office.mqtt.publishAsync('fence', '', { qos: 1 }), 'PUBACK', 10_000)
    assert.ok(reader.bytesRead < 1_000_000)
    await within(site.broker.close(), 'close', 4_000)
    await site[Symbol.asyncDispose]()
  })

  const skip = 'bun' in process.versions && 'Bun ends such a connection after 10 seconds only'
  test('ends a connection whose WebSocket handshake never came', { skip }, async () => {
    const site = await openSite({ websocket: true })
    const socket = connectTcp(portOf(site.broker.websocketUrl!), '127.0.0.1')
    await within(once(socket, 'connect'), 'connection')
    const end = once(socket.resume(), 'close')
    await within(site.broker.close(), 'close')
    await within(end, 'end of the connection')
  })

  test('no longer listens for revocations', async () => {
    const site = await openSite()
    const revoke = (id: string) => site.fleet.revoke(site.fleet.types[0]!, id)
    assert.deepEqual((await within(revoke('P-1'), 'revocation')).done, ['embedded broker'])
    await site.broker.close()
    assert.deepEqual((await within(revoke('P-2'), 'revocation')).done, [])
  })
})
