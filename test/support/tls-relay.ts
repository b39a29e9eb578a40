/**
 * TLS in front of a server that has none: WebSocket over TLS, and a broker without a TLS listener.
 *
 * @module
 */
import { once } from 'node:events'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { createServer } from 'node:tls'
import { forward } from '../mqtt/relay.ts'
import type { TlsListener } from './mosquitto.ts'

/** A listener on 127.0.0.1. */
export interface TlsRelay extends AsyncDisposable {
  readonly port: number
}

/** Takes TLS off, and forwards to a TCP port. */
export async function tlsRelay(port: number, listener: TlsListener): Promise<TlsRelay> {
  const { cert, key, clientAuthority } = listener
  const mutual = { ca: clientAuthority, requestCert: true }
  const sockets = new Set<Socket>()
  const server = createServer(
    { cert, key, ...(clientAuthority !== undefined && mutual) },
    (client) => forward(client, connect(port, '127.0.0.1'), sockets),
  )
  server.on('tlsClientError', () => {}) // Whoever does not trust it, or is not trusted.
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
