/**
 * What stands between a client and a broker in tests: a relay whose connections can be cut, and one
 * that counts WebSocket frames.
 *
 * @module
 */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { createWebSocketStream, WebSocketServer } from 'ws'
import { Collector } from '../support/wait.ts'

/** A listener on 127.0.0.1 in front of a broker. */
export interface Relay extends AsyncDisposable {
  readonly url: string
  /** How many bytes clients have taken from the broker. */
  readonly forwarded: number
  /** The connections of clients, in the order they came. */
  readonly accepted: Collector<Socket>
  /** Cuts every connection that there is. */
  cut(): void
}

/**
 * Forwards TCP connections, and so whatever goes over them.
 *
 * @param scheme What does.
 */
export async function tcpRelay(port: number, scheme: 'mqtt' | 'ws' = 'mqtt'): Promise<Relay> {
  const sockets = new Set<Socket>()
  const accepted = new Collector<Socket>()
  let forwarded = 0
  const server = createServer((client) => {
    const broker = connect(port, '127.0.0.1')
    broker.on('data', (chunk) => {
      forwarded += chunk.length
    })
    forward(client, broker, sockets)
    accepted.push(client)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const cut = () => {
    for (const socket of sockets) socket.resetAndDestroy()
  }
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url: scheme === 'ws' ? `ws://${host}/mqtt` : `mqtt://${host}`,
    get forwarded() {
      return forwarded
    },
    accepted,
    cut,
    async [Symbol.asyncDispose]() {
      cut()
      server.close()
      await once(server, 'close')
    },
  }
}

/** Joins two sockets, both of which are in the set as long as they are open. */
export function forward(client: Socket, broker: Socket, sockets: Set<Socket>): void {
  for (const [socket, other] of [
    [client, broker],
    [broker, client],
  ] as const) {
    sockets.add(socket.setNoDelay(true))
    socket.pipe(other)
    socket.on('error', () => other.destroy())
    socket.on('close', () => {
      sockets.delete(socket)
      other.destroy()
    })
  }
}

/** See {@link webSocketRelay}. */
export interface WebSocketRelay extends AsyncDisposable {
  readonly url: string
  /** How many frames clients have sent. */
  readonly frames: number
}

/** Forwards WebSocket connections to a broker's TCP port, to see their frames. */
export async function webSocketRelay(port: number): Promise<WebSocketRelay> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', path: '/mqtt' })
  await once(server, 'listening')
  let frames = 0
  server.on('connection', (webSocket) => {
    const client = createWebSocketStream(webSocket)
    webSocket.on('message', () => frames++)
    const broker = connect(port, '127.0.0.1').setNoDelay(true)
    client.pipe(broker).pipe(client)
    client.on('error', () => broker.destroy())
    broker.on('error', () => client.destroy())
    client.on('close', () => broker.destroy())
  })
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/mqtt`,
    get frames() {
      return frames
    },
    async [Symbol.asyncDispose]() {
      for (const client of server.clients) client.terminate()
      server.close()
      await once(server, 'close')
    },
  }
}
