/**
 * An MQTT broker inside the process, on the `aedes` package, guarded by a fleet: for development,
 * tests and small sites. It speaks MQTT 5 and 3.1.1 over TCP and WebSocket, on Node and Bun.
 *
 * Importing this module loads nothing: `aedes`, and `ws` for WebSocket, are loaded when a broker is
 * started.
 *
 * @module
 */
import { ConfigError } from '../../src/base/errors.ts'
import { loadTogether } from '../../src/base/load-package.ts'
import type { Logger } from '../../src/base/log.ts'
import { checkMethods, checkOptions } from '../../src/base/options.ts'
import { quietLog } from '../../src/base/quiet-log.ts'
import type { Fleet } from '../../src/fleet/fleet.ts'
import { connectionKeeper } from './connections.ts'
import type { Denial } from './denial.ts'
import { guard } from './guard.ts'
import { type Listener, listenTcp, listenWebSocket, loadWs } from './listen.ts'
import { loadAedes } from './load.ts'
import { type PresenceSink, presenceFeed } from './presence.ts'
import { checkRuntime } from './runtime.ts'
import { brokerState } from './state.ts'

export type { Denial, DenialCode } from './denial.ts'
export type { PresenceSink } from './presence.ts'

/** Largest packet a client may send, in bytes. */
export const MAX_PACKET_BYTES: number = 1024 * 1024

const CONNECT_LIMIT_MS = 10_000
/** How long a client may leave what it is sent unread. Meanwhile others may have to wait. */
const DRAIN_LIMIT_MS = 10_000
const MAX_PENDING_SESSIONS = 10_000

/** What {@link embeddedBroker} takes. */
export interface EmbeddedBrokerOptions {
  /** Address to listen on. Default: `127.0.0.1`, which nobody else reaches. */
  readonly host?: string
  /** TCP port, 0 to 65,535; 0 takes a free one. Default: 1883. */
  readonly port?: number
  /**
   * Listens for WebSocket as well, on the same host. The port 0 takes a free one; the path defaults
   * to `/mqtt`. Default: off.
   */
  readonly websocket?: { readonly port: number; readonly path?: string }
  /**
   * Is told which devices are connected, from their login to the end of their connection, such as a
   * `presenceTracker`. Several brokers may tell the same one. Default: nobody is told.
   */
  readonly presence?: PresenceSink
  /** Where denials and the troubles of clients are logged, within bounds. Default: `console`. */
  readonly logger?: Logger
  /** Called for each thing a client was not let do, without bounds. */
  readonly onDenied?: (denial: Denial) => void
}

/** A running embedded broker. */
export interface EmbeddedBroker extends AsyncDisposable {
  /** Where MQTT clients connect over TCP. */
  readonly url: string
  /** Where they connect over WebSocket, if that was asked for. */
  readonly websocketUrl: string | undefined
  /** How many clients are logged in. */
  readonly connections: number
  /**
   * Disconnects every client with a user name, with reason code 0x98 (MQTT 5, section 3.14.2.1), and
   * ends its sessions, those without a connection too. Settles when all of them are gone, with how
   * many sessions that were: 0 is no error. One that does not take it is cut off within a second. It
   * may log in again.
   */
  disconnect(username: string): Promise<number>
  /**
   * Stops listening and disconnects every client; one that does not take it is cut off after a
   * second. Settles when all is closed. A second call settles with the first.
   */
  close(): Promise<void>
}

const OPTIONS: Record<keyof EmbeddedBrokerOptions, true> = {
  host: true,
  port: true,
  websocket: true,
  presence: true,
  logger: true,
  onDenied: true,
}

/**
 * Starts an MQTT broker. Settles when it listens.
 *
 * Who may connect, publish, subscribe and receive is the fleet's decision. A device that is revoked
 * or updated through this fleet is disconnected, or has its new rights, at once. For what something
 * else changed, the store is read once in each `rulesLifetime` of the fleet, but at least a second
 * apart, for each user name that is connected. A store that fails ends no connection. A will is a publish: one that is not granted is dropped. A client id belongs to the
 * user name that uses it: nobody can take over, end or resume another one's session with it.
 *
 * A denied publish is answered with "Not authorized" in MQTT 5; MQTT 3.1.1 has no word for it, and
 * the connection is closed. A denied subscription fails alone. Each denial goes to `onDenied`, and
 * to the log with its reason: of each action and code the first 5, and then one line in 10 seconds, with
 * how many there were.
 *
 * There are no shared subscriptions. Sessions and retained messages are kept in memory: at most 100
 * sessions of a user name, 10,000 messages or 16 MiB for a session, and 10,000 retained messages. A
 * packet has at most {@link MAX_PACKET_BYTES}.
 *
 * @throws {UnsupportedRuntimeError} On Deno, in edge workers and in browsers.
 * @throws {MissingDependencyError} If `aedes`, or `ws` for WebSocket, is not installed.
 * @throws {ConfigError} If an option is out of range or unknown, or it cannot listen; then nothing is left
 * running.
 *
 * @example
 * ```ts
 * import { createFleet, defineDeviceType, memoryStore } from 'devicehub'
 * import { embeddedBroker } from 'devicehub/aedes'
 * import * as v from 'valibot'
 *
 * const pump = defineDeviceType('pump', { data: v.object({ rpm: v.number() }) })
 * const fleet = createFleet({ types: [pump], store: memoryStore() })
 * await using broker = await embeddedBroker(fleet, { port: 0 })
 * console.log(broker.url)
 * ```
 */
export async function embeddedBroker(
  fleet: Fleet,
  options: EmbeddedBrokerOptions = {},
): Promise<EmbeddedBroker> {
  checkRuntime()
  checkOptions(options, OPTIONS)
  const { host = '127.0.0.1', port = 1883, websocket, presence } = options
  const { logger = console, onDenied } = options
  checkPort('port', port)
  const path = websocket?.path ?? '/mqtt'
  if (websocket !== undefined) {
    checkOptions(websocket, { port: true, path: true }, 'websocket')
    checkPort('websocket.port', websocket.port)
    if (!/^\/[^\s?#]*$/.test(path)) {
      throw new ConfigError('websocket.path', 'must begin with "/" and hold no "?", "#" or space')
    }
  }
  if (presence !== undefined) {
    checkMethods('presence', presence, { connected: true, disconnected: true })
  }
  const [{ Aedes }, { Readable }] = await loadTogether([
    loadAedes(),
    import('node:stream'),
    // Used later: what is missing is to be told of at once.
    websocket && loadWs(),
  ])

  const log = quietLog(logger)
  const guarded = guard(fleet, log, {
    onDenied,
    onConnected: presence && presenceFeed(presence, log),
    onSessionEnd: (key) => state.forget(key),
    onFilterDropped: (id, filter) => void state.removeSubscriptions({ id }, [filter]),
    onUserEnd: (username) => state.forgetUser(username),
  })
  const state = brokerState(
    (items) => Readable.from(items),
    guarded.isGranted,
    (what) => log.write('warn', what, what),
  )
  const aedes = await Aedes.createBroker({
    ...guarded.hooks,
    persistence: state,
    connectTimeout: CONNECT_LIMIT_MS,
    drainTimeout: DRAIN_LIMIT_MS,
    maximumPacketSize: MAX_PACKET_BYTES,
    pendingSessionsLimit: MAX_PENDING_SESSIONS,
  })
  const connections = connectionKeeper(aedes, guarded, log)
  const listeners: Listener[] = []

  async function stop(): Promise<void> {
    guarded.close()
    const closing = listeners.map((listener) => listener.close())
    await connections.close()
    await Promise.all(closing)
    log.close()
  }

  try {
    listeners.push(await listenTcp(host, port, connections))
    if (websocket) {
      const at = { port: websocket.port, path }
      listeners.push(await listenWebSocket(host, at, MAX_PACKET_BYTES, connections))
    }
  } catch (error) {
    await stop()
    throw error
  }

  let stopped: Promise<void> | undefined
  const broker: EmbeddedBroker = {
    url: listeners[0]!.url,
    websocketUrl: listeners[1]?.url,
    get connections() {
      return guarded.connections
    },
    disconnect: guarded.disconnect,
    close() {
      stopped ??= stop()
      return stopped
    },
    [Symbol.asyncDispose]() {
      return broker.close()
    },
  }
  return broker
}

function checkPort(key: string, port: number): void {
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new ConfigError(key, 'must be a whole number from 0 to 65535')
  }
}
