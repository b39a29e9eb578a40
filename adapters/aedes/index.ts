/**
 * An MQTT broker inside the process, on the `aedes` package, guarded by a fleet: for development,
 * tests and small sites. It speaks MQTT 5 and 3.1.1 over TCP and WebSocket, on Node and Bun.
 *
 * Importing this module loads nothing: `aedes`, and `ws` for WebSocket, are loaded when a broker is
 * started.
 *
 * @module
 */
import type { Aedes } from 'aedes'
import { MissingDependencyError } from '../../src/errors.ts'
import type { Fleet } from '../../src/fleet.ts'
import type { Logger } from '../../src/log.ts'
import type { Denial } from './denial.ts'
import { guard } from './guard.ts'
import { type Listener, listenTcp, listenWebSocket } from './listen.ts'
import { checkRuntime } from './runtime.ts'

export type { Denial } from './denial.ts'

/** Largest packet a client may send, in bytes. */
export const MAX_PACKET_BYTES = 1024 * 1024

/** What {@link embeddedBroker} takes. */
export interface EmbeddedBrokerOptions {
  /** Address to listen on. Default: `127.0.0.1`, which nobody else reaches. */
  readonly host?: string
  /** TCP port; 0 takes a free one. Default: 1883. */
  readonly port?: number
  /** Listens for WebSocket as well. The port 0 takes a free one; the path defaults to `/mqtt`. */
  readonly websocket?: { readonly port: number; readonly path?: string }
  /** Default: `console`. */
  readonly logger?: Logger
  /** Called for each thing a client was not let do. */
  readonly onDenied?: (denial: Denial) => void
}

/** A running embedded broker. */
export interface EmbeddedBroker extends AsyncDisposable {
  /** Where MQTT clients connect over TCP. */
  readonly url: string
  /** Where they connect over WebSocket, if that was asked for. */
  readonly websocketUrl: string | undefined
  /** How many clients are connected. */
  readonly connections: number
  /** Ends every connection and stops listening. A second call settles with the first. */
  close(): Promise<void>
}

/**
 * Starts an MQTT broker. Settles when it listens.
 *
 * Who may connect, publish, subscribe and receive is the fleet's decision. A client id belongs to
 * the user name that uses it: nobody can take over or resume another one's session.
 *
 * A denied publish is answered with "Not authorized" in MQTT 5; MQTT 3.1.1 has no word for it, and
 * the connection is closed. A denied subscription fails alone. Sessions and retained messages are
 * kept in memory. There are no shared subscriptions.
 *
 * @throws {UnsupportedRuntimeError} On Deno, in edge workers and in browsers.
 * @throws {MissingDependencyError} If `aedes`, or `ws` for WebSocket, is not installed.
 * @throws {ConfigError} If it cannot listen on a port.
 */
export async function embeddedBroker(
  fleet: Fleet,
  options: EmbeddedBrokerOptions = {},
): Promise<EmbeddedBroker> {
  checkRuntime()
  const { host = '127.0.0.1', port = 1883, websocket, logger = console, onDenied } = options
  const { Aedes } = await loadAedes()
  const guarded = guard(fleet, logger, onDenied)
  const aedes = await Aedes.createBroker({
    ...guarded.hooks,
    connectTimeout: 10_000,
    maximumPacketSize: MAX_PACKET_BYTES,
    // Client ids are kept apart by user name, which makes them longer than MQTT 3.1 allows.
    maxClientsIdLength: 1024,
  })
  guarded.attach(aedes)
  const listeners: Listener[] = []
  const stop = async () => {
    guarded.detach()
    await Promise.all([
      ...listeners.map((listener) => listener.close()),
      new Promise<void>((resolve) => aedes.close(() => resolve())),
    ])
  }
  try {
    listeners.push(await listenTcp(aedes, host, port))
    if (websocket) {
      listeners.push(await listenWebSocket(aedes, host, websocket, MAX_PACKET_BYTES))
    }
  } catch (error) {
    await stop()
    throw error
  }
  let closing: Promise<void> | undefined
  const broker: EmbeddedBroker = {
    url: listeners[0]!.url,
    websocketUrl: listeners[1]?.url,
    get connections() {
      return aedes.connectedClients
    },
    close() {
      closing ??= stop()
      return closing
    },
    [Symbol.asyncDispose]() {
      return broker.close()
    },
  }
  return broker
}

async function loadAedes(): Promise<{ Aedes: typeof Aedes }> {
  try {
    return await import('aedes')
  } catch (cause) {
    throw new MissingDependencyError('aedes', { cause })
  }
}
