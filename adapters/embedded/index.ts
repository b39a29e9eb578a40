/**
 * An MQTT broker inside the process, guarded by a fleet. It speaks MQTT 5 and 3.1.1 over TCP and
 * WebSocket, on Node, Bun and Deno.
 *
 * Importing this module loads nothing: what the runtime has, and `ws` for WebSocket, is loaded when a
 * broker is started.
 *
 * @module
 */
import { ConfigError } from '../../src/base/errors.ts'
import { quietLog } from '../../src/base/quiet-log.ts'
import { isRevocation } from '../../src/fleet/changes.ts'
import type { Fleet } from '../../src/fleet/fleet.ts'
import type { Kick } from '../../src/fleet/kick.ts'
import { REASON } from '../../src/packet/reason.ts'
import type { ServerCounters, ServerEvent } from '../../src/server/events.ts'
import { mqttServer } from '../../src/server/server.ts'
import { connectionKeeper } from './connections.ts'
import { fleetGuard } from './guard.ts'
import { Holder } from './holder.ts'
import { type Listener, listenTcp, listenWebSocket, loadWs } from './listen.ts'
import { type EmbeddedBrokerOptions, resolveOptions } from './options.ts'
import { presenceFeed } from './presence.ts'
import { checkRuntime } from './runtime.ts'
import { loadTls } from './tls.ts'
import { logTrouble } from './troubles.ts'

export type { DropCode, RefusalCode, ServerCounters } from '../../src/server/events.ts'
export type { ServerFeatures, ServerLimits, ServerSettings } from '../../src/server/settings.ts'
export type { Denial, DenialCode } from './denial.ts'
export type { EmbeddedBrokerOptions } from './options.ts'
export type { PresenceSink } from './presence.ts'
export type { EmbeddedTls } from './tls.ts'

/** A running embedded broker. */
export interface EmbeddedBroker extends AsyncDisposable {
  /** Where MQTT clients connect over TCP. */
  readonly url: string
  /** Where they connect over WebSocket, if that was asked for. */
  readonly websocketUrl: string | undefined
  /** How many clients are logged in. */
  readonly connections: number
  /** What there is, and what was counted since the start: messages, bytes, and what was dropped. */
  readonly counters: ServerCounters
  /**
   * Reads the certificates and the key of `tls` again, those that are files: they count for connections
   * that are made from then on, and no connection ends.
   *
   * @throws {ConfigError} If there are none, or one cannot be used: those before count still.
   * @throws {UnsupportedRuntimeError} On Bun.
   */
  reloadCertificates(): Promise<void>
  /**
   * Disconnects every client with a user name, with reason code 0x98 (MQTT 5, section 3.14.2.1), and
   * ends its sessions, those without a connection too. Settles when all of them are gone, with how
   * many sessions that were: 0 is no error. One that does not take it is cut off within a second. It
   * may log in again.
   */
  disconnect(username: string): Promise<number>
  /** {@link disconnect} in the form in which brokers of other products are told the same. */
  readonly kick: Kick
  /**
   * Stops listening and disconnects every client; one that does not take it is cut off after a
   * second. Settles when all is closed. A second call settles with the first.
   */
  close(): Promise<void>
}

/**
 * Starts an MQTT broker. Settles when it listens.
 *
 * Who may connect, publish, subscribe and receive is the fleet's decision. A device that is revoked
 * or updated through this fleet is disconnected, or has its new rights, at once, and so it is where
 * another process did that and `watchFleet` listens. For what something else changed, the store is read once in each `rulesLifetime` of the fleet, but at least a second
 * apart, for each user name that is connected. A store that fails ends no connection. A will is a
 * publish: one that is not granted is dropped. A client id belongs to the user name that uses it:
 * nobody can take over, end or resume another one's session with it.
 *
 * A denied publish is answered with "Not authorized" in MQTT 5; MQTT 3.1.1 has no word for it, and
 * the connection is closed. A denied subscription fails alone. Each denial goes to `onDenied`, and
 * to the log with its reason: of each action and code the first 5, and then one line in 10 seconds, with
 * how many there were.
 *
 * Sessions and retained messages are kept in memory, within the bounds of {@link ServerLimits}.
 *
 * @throws {UnsupportedRuntimeError} In edge workers and in browsers.
 * @throws {MissingDependencyError} If `ws` is not installed and WebSocket is asked for.
 * @throws {ConfigError} If an option is out of range or unknown, or it cannot listen; then nothing is left
 * running.
 *
 * @example
 * ```ts
 * import { createFleet, defineDeviceType, memoryStore } from 'devicehub'
 * import { embeddedBroker } from 'devicehub/embedded'
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
  const resolved = resolveOptions(options)
  const { host, port, websocket, tls, settings, presence, logger, onDenied } = resolved
  // Used later: what is missing is to be told of before anything runs.
  if (websocket) await loadWs()
  const secure = tls && (await loadTls(tls))

  const log = quietLog(logger)
  const guard = fleetGuard(fleet, log, {
    onDenied,
    onUserEnd: (username, reasonCode) => void server.end(username, reasonCode),
    onUserChange: (username) => server.review(username),
  })
  const feed = presence && presenceFeed(presence, log)
  const server = mqttServer({ guard, settings, onEvent })
  const connections = connectionKeeper(server)
  const listeners: Listener[] = []

  function onEvent(event: ServerEvent): void {
    logTrouble(log, event)
    if (event.kind !== 'connected' && event.kind !== 'disconnected') return
    // The guard gives no others.
    if (!(event.rights instanceof Holder)) return
    guard[event.kind](event.rights)
    feed?.(event, event.rights)
  }

  async function stop(): Promise<void> {
    guard.close()
    const closing = listeners.map((listener) => listener.close())
    server.close()
    await Promise.all([connections.ended(), ...closing])
    log.close()
  }

  const acceptor = {
    accept: connections.accept,
    onError: (error: Error) => logTrouble(log, { kind: 'error', error }),
    secure,
    maxConnections: settings.maxConnections,
    onFull: (peer: string | undefined) => server.tellFull(peer),
  }
  try {
    listeners.push(await listenTcp(host, port, acceptor))
    if (websocket) {
      listeners.push(await listenWebSocket(host, websocket, settings.maxPacketSize, acceptor))
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
      return server.counters.clients
    },
    get counters() {
      return server.counters
    },
    async reloadCertificates() {
      if (!tls) throw new ConfigError('tls', 'is not set: there are no certificates to read again')
      const renewed = await loadTls(tls)
      for (const listener of listeners) listener.renew(renewed)
    },
    async disconnect(username) {
      const count = server.end(username, REASON.administrativeAction)
      await connections.ended()
      return count
    },
    async kick({ username, kind = 'revoked' }) {
      if (isRevocation(kind)) await broker.disconnect(username)
    },
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
