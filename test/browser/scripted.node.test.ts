/**
 * The client for pages with a broker that says what a test wants it to say. The server is one of the `ws`
 * package.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { describe, test } from 'node:test'
import { WebSocket as Socket, WebSocketServer } from 'ws'
import {
  type BrowserBrokerOptions,
  browserBroker,
  credentials,
  offlineQueue,
} from '../../adapters/browser/index.ts'
import { encodeServerPacket } from '../../src/packet/encode-server.ts'
import type { ClientPacket, ServerPacket } from '../../src/packet/packet.ts'
import { serverReader } from '../../src/packet/server-reader.ts'
import { Collector, within } from '../support/wait.ts'

globalThis.WebSocket ??= Socket as never

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const ACCEPTED: ServerPacket = { kind: 'connack', sessionPresent: false, reasonCode: 0 }

/** One connection as the broker has it. */
interface Peer {
  readonly received: Collector<ClientPacket>
  send(packet: ServerPacket | Uint8Array | string): void
  cut(): void
}

/** What it says to each packet. */
type Script = (packet: ClientPacket, peer: Peer, connection: number) => void

/** Lets in, grants and acknowledges everything. */
const kind: Script = (packet, peer) => {
  if (packet.kind === 'connect') peer.send(ACCEPTED)
  if (packet.kind === 'publish' && packet.qos === 1) {
    peer.send({ kind: 'puback', packetId: packet.packetId!, reasonCode: 0 })
  }
  if (packet.kind === 'subscribe') {
    const reasonCodes = packet.subscriptions.map(({ qos }) => qos)
    peer.send({ kind: 'suback', packetId: packet.packetId, reasonCodes })
  }
}

async function scripted(script: Script) {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  await once(server, 'listening')
  const peers = new Collector<Peer>()
  server.on('connection', (socket) => {
    const reader = serverReader({ maximumPacketSize: 1_000_000 })
    const connection = peers.items.length + 1
    const peer: Peer = {
      received: new Collector(),
      send(packet) {
        if (packet instanceof Uint8Array || typeof packet === 'string') socket.send(packet)
        else for (const chunk of encodeServerPacket(packet, 5)) socket.send(chunk)
      },
      cut: () => socket.terminate(),
    }
    peers.push(peer)
    socket.on('message', (data: Buffer) => {
      reader.push(new Uint8Array(data))
      for (let packet = reader.next(); packet; packet = reader.next()) {
        peer.received.push(packet)
        script(packet, peer, connection)
      }
    })
  })
  const { port } = server.address() as AddressInfo
  return {
    url: `ws://127.0.0.1:${port}/mqtt`,
    peers,
    async [Symbol.asyncDispose]() {
      for (const client of server.clients) client.terminate()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function makeClient(options: BrowserBrokerOptions) {
  const broker = browserBroker(options)
  const statuses = new Collector<string>()
  void (async () => {
    for await (const status of broker.status()) {
      const { code, reasonCode } = ('error' in status ? status.error : {}) as {
        code?: string
        reasonCode?: number
      }
      statuses.push([status.kind, code, reasonCode].filter((word) => word !== undefined).join(' '))
    }
  })()
  return {
    broker,
    statuses,
    connect: (onMessage: (message: { topic: string }) => void = () => {}) =>
      within(broker.connect({ onMessage }), 'connection'),
    [Symbol.asyncDispose]: () => within(broker.close(), 'close', 10_000),
  }
}

describe('a connection is refused', () => {
  for (const [reasonCode, code] of [
    [0x86, 'ERR_BROKER_LOGIN_REFUSED'],
    [0x87, 'ERR_BROKER_LOGIN_REFUSED'],
    [0x88, 'ERR_BROKER_UNREACHABLE'],
    [0x9d, 'ERR_BROKER_UNREACHABLE'],
  ] as const) {
    test(`with 0x${reasonCode.toString(16)}: ${code}`, async () => {
      await using server = await scripted((_, peer) =>
        peer.send({
          kind: 'connack',
          sessionPresent: false,
          reasonCode,
          serverReference: 'b.example',
        }),
      )
      await using client = makeClient({ url: server.url })
      await assert.rejects(client.connect(), { code, reasonCode, serverReference: 'b.example' })
      assert.deepEqual(client.statuses.items, [`closed ${code} ${reasonCode}`])
    })
  }

  test('by a socket that hangs up', async () => {
    await using server = await scripted((_, peer) => peer.cut())
    await using client = makeClient({ url: server.url })
    await assert.rejects(client.connect(), { code: 'ERR_BROKER_UNREACHABLE' })
  })
})

describe('a connection ends, and is made again, over', () => {
  for (const [what, sent, reasonCode] of [
    ['a second CONNACK', ACCEPTED, 0x82],
    ['AUTH', { kind: 'auth', reasonCode: 0x18 }, 0x82],
    ['a packet of a client', Uint8Array.of(0xc0, 0), 0x82],
    ['flags that are wrong', Uint8Array.of(0xd1, 0), 0x82],
    ['bytes behind the end of a packet', Uint8Array.of(0xd0, 1, 0), 0x81],
    ['a message without a topic', Uint8Array.of(0x30, 3, 0, 0, 0), 0x82],
    ['a packet that is too long', Uint8Array.of(0x30, 0xff, 0xff, 0xff, 0x7f), 0x95],
  ] as const) {
    test(what, async () => {
      await using server = await scripted(kind)
      await using client = makeClient({ url: server.url })
      await client.connect()
      const [peer] = server.peers.items
      peer!.send(sent)
      const packets = await peer!.received.reach(2, 'DISCONNECT')
      assert.deepEqual(packets[1], { kind: 'disconnect', reasonCode })
      await client.statuses.reach(3, 'statuses')
      const expected = ['connected', `disconnected ERR_BROKER_PROTOCOL ${reasonCode}`, 'connected']
      assert.deepEqual(client.statuses.items, expected)
    })
  }

  test('a text frame', async () => {
    await using server = await scripted(kind)
    await using client = makeClient({ url: server.url })
    await client.connect()
    server.peers.items[0]!.send('hello')
    await client.statuses.reach(3, 'statuses')
    assert.deepEqual(client.statuses.items, ['connected', 'disconnected', 'connected'])
  })

  test('a DISCONNECT of the broker, which is told', async () => {
    await using server = await scripted(kind)
    await using client = makeClient({ url: server.url })
    await client.connect()
    const [peer] = server.peers.items
    peer!.send({ kind: 'disconnect', reasonCode: 0x8b })
    peer!.cut()
    await client.statuses.reach(3, 'statuses')
    assert.equal(client.statuses.items[1], 'disconnected ERR_BROKER_REFUSED 139')
  })

  test('a packet before CONNACK, but then connect() rejects', async () => {
    await using server = await scripted((_, peer) => peer.send({ kind: 'pingresp' }))
    await using client = makeClient({ url: server.url })
    await assert.rejects(client.connect(), { code: 'ERR_BROKER_PROTOCOL', reasonCode: 0x82 })
  })

  test('a session that was not asked for', async () => {
    await using server = await scripted((_, peer) =>
      peer.send({ ...ACCEPTED, sessionPresent: true }),
    )
    await using client = makeClient({ url: server.url })
    await assert.rejects(client.connect(), { code: 'ERR_BROKER_PROTOCOL', reasonCode: 0x82 })
  })
})

describe('a connection that is cut', () => {
  test('rejects what was not answered, and is made again with its subscriptions', async () => {
    await using server = await scripted((packet, peer, connection) => {
      if (packet.kind !== 'publish' || connection > 1) kind(packet, peer, connection)
      else peer.cut()
    })
    await using client = makeClient({ url: server.url, sessionExpiry: 60 })
    await client.connect()
    await client.broker.subscribe([{ filter: 'a/#', qos: 2 }])
    const message = { topic: 'a/b', payload: bytes('x') }
    await assert.rejects(client.broker.publish(message), { code: 'ERR_BROKER_CONNECTION_LOST' })
    await client.statuses.reach(3, 'statuses')
    await client.broker.publish(message)
    const [first, second] = server.peers.items.map(({ received }) => received.items)
    const connects = [first![0], second![0]] as Extract<ClientPacket, { kind: 'connect' }>[]
    assert.deepEqual(
      connects.map(({ cleanStart }) => cleanStart),
      [true, false],
    )
    assert.equal(connects[0]!.clientId, connects[1]!.clientId)
    assert.deepEqual(
      second!.map((packet) => packet.kind),
      ['connect', 'subscribe', 'publish'],
    )
  })

  test('lets messages wait, where that was asked for', async () => {
    await using server = await scripted(kind)
    await using client = makeClient({ url: server.url, offlineQueue: offlineQueue() })
    await client.connect()
    server.peers.items[0]!.cut()
    await client.statuses.reach(2, 'statuses')
    await client.broker.publish({ topic: 'a', payload: bytes('x') })
    assert.equal(server.peers.items.length, 2)
  })
})

describe('credentials', () => {
  test('are asked for each connection, and the client id goes with the user name', async () => {
    await using server = await scripted(kind)
    let asked = 0
    const give = async () => ({ username: asked > 1 ? 'b' : 'a', password: `p${asked++}` })
    await using client = makeClient({ url: server.url, credentials: credentials(give) })
    await client.connect()
    for (const count of [1, 2]) {
      server.peers.items[count - 1]!.cut()
      await client.statuses.reach(1 + 2 * count, 'statuses')
    }
    const logins = server.peers.items.map(({ received }) => {
      const { username, password, clientId } = received.items[0] as Extract<
        ClientPacket,
        { kind: 'connect' }
      >
      return { username, password: new TextDecoder().decode(password), clientId }
    })
    assert.deepEqual(
      logins.map(({ username, password }) => [username, password]),
      [
        ['a', 'p0'],
        ['a', 'p1'],
        ['b', 'p2'],
      ],
    )
    assert.equal(logins[0]!.clientId, logins[1]!.clientId)
    assert.match(logins[0]!.clientId, /^a\/\/[0-9a-f]{16}$/)
    assert.match(logins[2]!.clientId, /^b\/\/[0-9a-f]{16}$/)
  })

  for (const [what, give] of [
    ['throw', () => Promise.reject(new Error('no session'))],
    ['give nothing', () => undefined],
    ['give no password', () => ({ username: 'u' })],
    ['give a text that is none', () => ({ username: 'u', password: '\0' })],
  ] as const) {
    test(`that ${what} reject`, async () => {
      await using server = await scripted(kind)
      await using client = makeClient({
        url: server.url,
        credentials: credentials(give as never),
      })
      await assert.rejects(client.connect(), { code: 'ERR_BROKER_CREDENTIALS' })
      assert.equal(server.peers.items.length, 0)
    })
  }
})

describe('a message', () => {
  test('of QoS 2 is handled once, and released', async () => {
    await using server = await scripted(kind)
    await using client = makeClient({ url: server.url })
    const topics: string[] = []
    await client.connect(({ topic }) => void topics.push(topic))
    const [peer] = server.peers.items
    const message = {
      kind: 'publish',
      topic: 'a',
      payload: bytes('x'),
      qos: 2,
      retain: false,
      dup: false,
      packetId: 5,
    } as const
    peer!.send(message)
    peer!.send({ ...message, dup: true })
    await peer!.received.reach(3, 'PUBRECs')
    peer!.send({ kind: 'pubrel', packetId: 5, reasonCode: 0 })
    const packets = await peer!.received.reach(4, 'PUBCOMP')
    const answer = { packetId: 5, reasonCode: 0 }
    assert.deepEqual(packets.slice(1), [
      { kind: 'pubrec', ...answer },
      { kind: 'pubrec', ...answer },
      { kind: 'pubcomp', ...answer },
    ])
    assert.deepEqual(topics, ['a'])
  })

  for (const [what, property, message, reasonCode] of [
    ['of a higher QoS', { maximumQos: 0 }, { qos: 1 }, 0x9b],
    ['to be retained', { retainAvailable: 0 }, { retain: true }, 0x9a],
    ['that is longer', { maximumPacketSize: 50 }, { payload: new Uint8Array(50) }, 0x95],
  ] as const) {
    test(`${what} than the broker takes is not sent`, async () => {
      await using server = await scripted((_, peer) => peer.send({ ...ACCEPTED, ...property }))
      await using client = makeClient({ url: server.url })
      await client.connect()
      await assert.rejects(client.broker.publish({ topic: 'a', payload: bytes(''), ...message }), {
        code: 'ERR_BROKER_REFUSED',
        reasonCode,
      })
      assert.equal(server.peers.items[0]!.received.items.length, 1)
    })
  }
})

test('the keepalive is the one that the broker wants, and DISCONNECT is said at the end', async () => {
  await using server = await scripted((packet, peer, connection) => {
    if (packet.kind === 'connect') peer.send({ ...ACCEPTED, serverKeepAlive: 1 })
    else if (packet.kind === 'pingreq') peer.send({ kind: 'pingresp' })
    else kind(packet, peer, connection)
  })
  const client = makeClient({ url: server.url })
  await client.connect()
  const packets = await server.peers.items[0]!.received.reach(3, 'pings')
  assert.deepEqual(packets.slice(1, 3), [{ kind: 'pingreq' }, { kind: 'pingreq' }])
  assert.equal((packets[0] as { keepAlive: number }).keepAlive, 120)
  await client.broker.close()
  const { received } = server.peers.items[0]!
  assert.deepEqual(received.items.at(-1), { kind: 'disconnect', reasonCode: 0 })
})
