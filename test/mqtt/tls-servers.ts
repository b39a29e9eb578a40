/**
 * Mosquitto behind every kind of certificate, over TCP and over WebSocket.
 *
 * @module
 */
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
}

/** Starts them all. */
export async function startServers(): Promise<Servers> {
  const all = Object.entries<TlsListener>(LISTENERS)
  const mosquitto = await startMosquitto({
    listeners: Object.fromEntries(
      all.flatMap(([name, tls]) => [
        [`${name} tcp`, { tls }],
        [`${name} websockets`, { tls, protocol: 'websockets' }],
      ]),
    ),
  })
  const portsOf = (kind: string) =>
    Object.fromEntries(
      all.map(([name]) => [name, mosquitto.ports.get(`${name} ${kind}`)]),
    ) as Listeners
  return {
    tcp: portsOf('tcp'),
    webSocket: portsOf('websockets'),
    [Symbol.asyncDispose]: () => mosquitto.stop(),
  }
}
