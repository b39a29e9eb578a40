/**
 * Mosquitto behind every kind of certificate, over TCP and over WebSocket.
 *
 * @module
 */
import { once } from 'node:events'
import { createServer } from 'node:https'
import { type AddressInfo, connect } from 'node:net'
import { createWebSocketStream, WebSocketServer } from 'ws'
import { authority, servers } from '../support/certificates.ts'
import { startMosquitto, type TlsListener } from '../support/mosquitto.ts'

/** The listeners by what is particular about them. */
export type Listeners = Readonly<Record<keyof typeof LISTENERS, number>>

const LISTENERS = {
  ...servers,
  mutual: { ...servers.good, clientAuthority: authority.cert },
} satisfies Record<string, TlsListener>

/** What {@link startServers} starts. */
export interface Servers extends AsyncDisposable {
  /** Ports for `mqtts:`. */
  readonly tcp: Listeners
  /** Ports for `wss:`, with the path `/mqtt`. */
  readonly webSocket: Listeners
  /** Mosquitto's plain port. */
  readonly plain: number
}

/** Starts them all. */
export async function startServers(): Promise<Servers> {
  const mosquitto = await startMosquitto({ tls: LISTENERS })
  const relays = await Promise.all(
    Object.entries(LISTENERS).map(
      async ([name, listener]) => [name, await secureRelay(mosquitto.port, listener)] as const,
    ),
  )
  return {
    tcp: Object.fromEntries(mosquitto.tlsPorts) as Listeners,
    webSocket: Object.fromEntries(relays.map(([name, { port }]) => [name, port])) as Listeners,
    plain: mosquitto.port,
    async [Symbol.asyncDispose]() {
      await Promise.all(relays.map(([, relay]) => relay.close()))
      await mosquitto.stop()
    },
  }
}

/** Mosquitto's own WebSocket listener would listen beyond loopback. */
async function secureRelay(
  broker: number,
  { cert, key, clientAuthority }: TlsListener,
): Promise<{ port: number; close(): Promise<void> }> {
  const mutual = { ca: clientAuthority, requestCert: true }
  const server = createServer({ cert, key, ...(clientAuthority !== undefined && mutual) })
  const sockets = new WebSocketServer({ server, path: '/mqtt', handleProtocols: () => 'mqtt' })
  sockets.on('connection', (webSocket) => {
    const client = createWebSocketStream(webSocket)
    const upstream = connect(broker, '127.0.0.1').setNoDelay(true)
    client.pipe(upstream).pipe(client)
    client.on('error', () => upstream.destroy())
    upstream.on('error', () => client.destroy())
    client.on('close', () => upstream.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      for (const client of sockets.clients) client.terminate()
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}
