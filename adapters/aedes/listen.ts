/**
 * The listeners of the embedded broker.
 *
 * @module
 */

import type { Server } from 'node:net'
import type { Aedes } from 'aedes'
import { ConfigError, MissingDependencyError } from '../../src/errors.ts'

/** Something that takes connections. */
export interface Listener {
  readonly url: string
  /** Stops taking connections; the broker ends those there are. */
  close(): Promise<void>
}

/** Listens for MQTT over TCP. @throws {ConfigError} If the port cannot be used. */
export async function listenTcp(aedes: Aedes, host: string, port: number): Promise<Listener> {
  const { createServer } = await import('node:net')
  const server = createServer((socket) => {
    // Else an acknowledgement would wait for the peer's delayed one, 40 ms and more.
    socket.setNoDelay(true)
    aedes.handle(socket)
  })
  const bound = await listen(server, host, port, 'port')
  return { url: `mqtt://${bound}`, close: () => close(server) }
}

/** Listens for MQTT over WebSocket. @throws {ConfigError} If the port cannot be used. */
export async function listenWebSocket(
  aedes: Aedes,
  host: string,
  { port, path = '/mqtt' }: { readonly port: number; readonly path?: string },
  maxPayload: number,
): Promise<Listener> {
  if (!path.startsWith('/')) throw new ConfigError('websocket.path', 'must begin with "/"')
  const { createServer } = await import('node:http')
  const { WebSocketServer, createWebSocketStream } = await loadWs()
  const server = createServer((_request, response) => {
    response.writeHead(426, { 'content-type': 'text/plain' }).end('MQTT over WebSocket only\n')
  })
  const sockets = new WebSocketServer({
    server,
    path,
    maxPayload,
    handleProtocols: (offered) => (offered.has('mqtt') ? 'mqtt' : false),
  })
  // The server's own errors are handled where it listens.
  sockets.on('error', () => {})
  sockets.on('connection', (socket, request) => {
    if (socket.protocol !== 'mqtt') socket.close(1002, 'The subprotocol must be mqtt')
    else aedes.handle(createWebSocketStream(socket), request)
  })
  const bound = await listen(server, host, port, 'websocket.port')
  return {
    url: `ws://${bound}${path}`,
    async close() {
      for (const socket of sockets.clients) socket.terminate()
      sockets.close()
      await close(server)
    },
  }
}

function listen(server: Server, host: string, port: number, key: string): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) =>
      reject(new ConfigError(key, `cannot listen on ${host}:${port}: ${cause.message}`, { cause })),
    )
    server.listen(port, host, () => {
      const address = server.address()
      const bound = typeof address === 'object' && address ? address.port : port
      resolve(`${host.includes(':') ? `[${host}]` : host}:${bound}`)
    })
  })
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()))
}

async function loadWs(): Promise<typeof import('ws')> {
  try {
    return await import('ws')
  } catch (cause) {
    throw new MissingDependencyError('ws', { cause })
  }
}
