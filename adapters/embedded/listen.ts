/**
 * The listeners of the embedded broker.
 *
 * @module
 */
import type { Server as HttpServer, RequestListener } from 'node:http'
import type { Server as HttpsServer } from 'node:https'
import type { DropArgument, Server, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Server as TlsServer } from 'node:tls'
import { ConfigError, UnsupportedRuntimeError } from '../../src/base/errors.ts'
import { loadPackage } from '../../src/base/load-package.ts'
import type { Accept } from './connections.ts'
import { acceptSocket } from './tcp.ts'
import type { SecureOptions } from './tls.ts'
import { acceptWebSocket } from './websocket.ts'

/** Something that takes connections. */
export interface Listener {
  readonly url: string
  /**
   * Shows another certificate from now on.
   * @throws {UnsupportedRuntimeError} If the runtime cannot.
   */
  renew(secure: SecureOptions): void
  /** Stops taking connections. Settles when the last of them has ended. */
  close(): Promise<void>
}

/** What is done with connections, and with errors of a listener that does not end for them. */
export interface Acceptor {
  readonly accept: Accept
  readonly onError: (error: Error) => void
  /** Default: no TLS. */
  readonly secure: SecureOptions | undefined
  /** Most of them, those that are not through their handshake among them. */
  readonly maxConnections: number
  /** Told of each that was closed for that. */
  readonly onFull: (peer: string | undefined) => void
}

/** How long a handshake of TLS or WebSocket may take. */
const HANDSHAKE_LIMIT_MS = 10_000

/**
 * Listens for MQTT over TCP.
 *
 * @throws {ConfigError} If it cannot listen there.
 */
export async function listenTcp(host: string, port: number, acceptor: Acceptor): Promise<Listener> {
  const { secure } = acceptor
  const take = (socket: Socket) => acceptSocket(socket, acceptor.accept)
  let server: Server
  if (secure) {
    const tls = await import('node:tls')
    server = tls.createServer({ ...secure, handshakeTimeout: HANDSHAKE_LIMIT_MS }, take)
    ignoreFailedHandshakes(server)
  } else {
    const net = await import('node:net')
    server = net.createServer(take)
  }
  const address = await listen(server, host, port, 'port', acceptor)
  return {
    url: `${secure ? 'mqtts' : 'mqtt'}://${address}`,
    renew: (renewed) => renew(server, renewed),
    close: () => close(server),
  }
}

/**
 * Listens for MQTT over WebSocket. A handshake needs the path and the subprotocol `mqtt`.
 *
 * @param maxPayload Largest frame that is taken, in bytes.
 * @throws {MissingDependencyError} If `ws` is not installed.
 * @throws {ConfigError} If it cannot listen there.
 */
export async function listenWebSocket(
  host: string,
  { port, path }: { readonly port: number; readonly path: string },
  maxPayload: number,
  acceptor: Acceptor,
): Promise<Listener> {
  const { accept, secure } = acceptor
  const { WebSocketServer } = await loadWs()
  const limits = {
    headersTimeout: HANDSHAKE_LIMIT_MS,
    requestTimeout: HANDSHAKE_LIMIT_MS,
    connectionsCheckingInterval: HANDSHAKE_LIMIT_MS / 2,
  }
  const answer: RequestListener = (request, response) => {
    const status = pathOf(request.url) === path ? 426 : 404
    response.writeHead(status, { upgrade: 'websocket', connection: 'close' }).end()
  }
  let server: HttpServer | HttpsServer
  if (secure) {
    const https = await import('node:https')
    const handshakeTimeout = HANDSHAKE_LIMIT_MS
    server = https.createServer({ ...limits, ...secure, handshakeTimeout }, answer)
    ignoreFailedHandshakes(server)
  } else {
    const http = await import('node:http')
    server = http.createServer(limits, answer)
  }
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload,
    perMessageDeflate: false,
    handleProtocols: () => 'mqtt',
  })
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy())
    const offered = request.headers['sec-websocket-protocol']?.split(',') ?? []
    if (pathOf(request.url) !== path) refuse(socket, '404 Not Found')
    // MQTT 5, section 6: a client must offer it.
    else if (!offered.some((name: string) => name.trim() === 'mqtt'))
      refuse(socket, '400 Bad Request')
    else {
      sockets.handleUpgrade(request, socket, head, (webSocket) =>
        acceptWebSocket(webSocket, request.socket.remoteAddress, accept),
      )
    }
  })
  server.on('clientError', (_error: Error, socket: Duplex) => socket.destroy())
  const address = await listen(server, host, port, 'websocket.port', acceptor)
  return {
    url: `${secure ? 'wss' : 'ws'}://${address}${path}`,
    renew: (renewed) => renew(server, renewed),
    async close() {
      const closed = close(server)
      // Those that ask for no upgrade; the others are streams of the broker.
      server.closeAllConnections()
      sockets.close()
      await closed
    },
  }
}

/** Whoever does not trust the certificate, shows none that is trusted, or speaks no TLS. */
function ignoreFailedHandshakes(server: Server): void {
  server.on('tlsClientError', (_error: Error, socket: Socket) => socket.destroy())
}

function renew(server: Server, { cert, key, ca }: SecureOptions): void {
  const { setSecureContext } = server as Partial<TlsServer>
  if (setSecureContext)
    setSecureContext.call(server, { cert, key, ...(ca !== undefined && { ca }) })
  else {
    const feature = 'Reading certificates again'
    throw new UnsupportedRuntimeError(feature, 'Bun', 'start the broker again')
  }
}

function pathOf(url: string | undefined): string | undefined {
  return url?.split('?', 1)[0]
}

function refuse(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
}

/** Settles with the host and port for a URL. */
function listen(
  server: Server,
  host: string,
  port: number,
  key: string,
  { onError, maxConnections, onFull }: Acceptor,
): Promise<string> {
  server.maxConnections = maxConnections
  // Node and Bun; Deno 2.9 closes them without a word.
  server.on('drop', (dropped?: DropArgument) => onFull(dropped?.remoteAddress))
  return new Promise((resolve, reject) => {
    const fail = (cause: Error & { code?: string }) => {
      const taken = cause.code === 'EADDRINUSE'
      const problem = taken ? 'something else listens there' : cause.message
      reject(new ConfigError(key, `cannot listen on ${host}:${port}: ${problem}`, { cause }))
    }
    server.once('error', fail)
    server.listen(port, host, () => {
      server.removeListener('error', fail)
      server.on('error', onError)
      const address = server.address()
      const bound = typeof address === 'object' && address ? address.port : port
      resolve(`${reachable(host)}:${bound}`)
    })
  })
}

/** A host for a URL. What listens on every address is reached on loopback, too. */
function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1'
  if (host === '::') return '[::1]'
  return host.includes(':') ? `[${host}]` : host
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()))
}

/** @throws {MissingDependencyError} If it is not installed. */
export function loadWs(): Promise<typeof import('ws')> {
  return loadPackage('ws', () => import('ws'))
}
