/**
 * Mosquitto behind every kind of certificate, over TCP and over WebSocket.
 *
 * @module
 */
import { authority, servers } from '../support/certificates.ts'
import { startMosquitto, type TlsListener } from '../support/mosquitto.ts'
import { tlsRelay } from '../support/tls-relay.ts'
import { webSocketRelay } from './relay.ts'

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
}

/** Starts them all. */
export async function startServers(): Promise<Servers> {
  const mosquitto = await startMosquitto({ tls: LISTENERS })
  // Mosquitto's own WebSocket listener would listen beyond loopback.
  const webSocket = await webSocketRelay(mosquitto.port)
  const { port } = new URL(webSocket.url)
  const relays = await Promise.all(
    Object.entries(LISTENERS).map(
      async ([name, listener]) => [name, await tlsRelay(Number(port), listener)] as const,
    ),
  )
  return {
    tcp: Object.fromEntries(mosquitto.tlsPorts) as Listeners,
    webSocket: Object.fromEntries(relays.map(([name, { port }]) => [name, port])) as Listeners,
    async [Symbol.asyncDispose]() {
      await Promise.all(relays.map(([, relay]) => relay[Symbol.asyncDispose]()))
      await webSocket[Symbol.asyncDispose]()
      await mosquitto.stop()
    },
  }
}
