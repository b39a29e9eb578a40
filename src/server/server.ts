/**
 * An MQTT server without I/O: it talks to clients over links, asks a guard, and lives by a clock that
 * it is given. MQTT 5 and 3.1.1.
 *
 * @module
 */
import { runtimeClock } from '../base/clock.ts'
import { REASON } from '../packet/reason.ts'
import type { ServerClock } from './clock.ts'
import { Connection, type ConnectionEvents } from './connection.ts'
import { ServerCore } from './core.ts'
import type { RefusalCode, ServerCounters, ServerEvent } from './events.ts'
import type { ServerGuard } from './guard.ts'
import type { Endpoint, Link } from './link.ts'
import { completeSettings, type ServerSettings } from './settings.ts'
import { reviewSession } from './subscribing.ts'

/** What {@link mqttServer} takes. */
export interface MqttServerOptions {
  readonly guard: ServerGuard
  /** Bounds and features that are not to be as they are by default. */
  readonly settings?: Partial<ServerSettings>
  /** Default: the runtime's own. */
  readonly clock?: ServerClock
  /** Told what happens, at once. */
  readonly onEvent?: (event: ServerEvent) => void
}

/** A server. */
export interface MqttServer {
  readonly settings: ServerSettings
  readonly counters: ServerCounters
  /**
   * Takes a connection. Where there are too many, its link is destroyed at once.
   *
   * @param peer Where it comes from, for the guard.
   */
  accept(link: Link, peer?: string): Endpoint
  /** Counts and tells a connection that its listener closed, since there are as many as there may be. */
  tellFull(peer?: string): void
  /** Looks again at what the sessions of an owner may have, after the answers of their rights changed. */
  review(owner: string): void
  /**
   * Ends every session of an owner, and its connection with a reason code of DISCONNECT (MQTT 5, section
   * 3.14.2.1). Returns how many there were.
   */
  end(owner: string, reasonCode: number): number
  /** Ends every connection with 0x8B, server shutting down, and forgets everything. Accepts none after. */
  close(): void
}

/** How often connections and sessions are looked at for what is due, in milliseconds. */
const SWEEP_MS = 500

/**
 * Makes a server.
 *
 * @throws {ConfigError} If a setting is unknown or out of range.
 */
export function mqttServer(options: MqttServerOptions): MqttServer {
  const { guard, clock = runtimeClock, onEvent } = options
  const settings = completeSettings(options.settings ?? {}, 'settings')
  const core = new ServerCore(settings, clock, guard, onEvent)
  const connections = new Set<Connection>()
  const unauthenticated = new Set<Connection>()
  let stopSweeping: (() => void) | undefined
  let isClosed = false

  const events: ConnectionEvents = {
    onEstablished: (connection) => unauthenticated.delete(connection),
    onSent: sweepLater,
    onClosed(connection) {
      unauthenticated.delete(connection)
      connections.delete(connection)
      sweepLater()
    },
  }

  function sweepLater(): void {
    if (isClosed) return
    stopSweeping ??= clock.after(SWEEP_MS, () => {
      stopSweeping = undefined
      const now = clock.now()
      let isMore = core.sessions.sweep(now)
      for (const connection of [...connections]) if (connection.check(now)) isMore = true
      if (isMore) sweepLater()
    })
  }

  /** What there are too many of for one more connection, if anything. */
  function findFull(): RefusalCode | undefined {
    const { maxConnections, maxUnauthenticated } = settings
    if (connections.size >= maxConnections) return 'connections-full'
    return unauthenticated.size >= maxUnauthenticated ? 'logins-full' : undefined
  }

  return {
    settings,

    get counters() {
      const { notices, sessions, subscriptions, retained } = core
      return {
        connections: connections.size,
        clients: notices.clients,
        sessions: sessions.size,
        subscriptions: subscriptions.size,
        retained: retained.size,
        retainedBytes: retained.bytes,
        storedBytes: sessions.storedBytes,
        messagesReceived: notices.messagesReceived,
        messagesSent: notices.messagesSent,
        bytesReceived: notices.bytesReceived,
        bytesSent: notices.bytesSent,
        dropped: { ...notices.dropped },
        refused: { ...notices.refused },
      }
    },

    accept(link, peer) {
      const connection = new Connection(core, link, peer, events)
      const full = isClosed ? undefined : findFull()
      if (isClosed || full) {
        link.destroy()
        if (full) core.notices.onRefused(full, peer)
        return connection
      }
      connections.add(connection)
      unauthenticated.add(connection)
      sweepLater()
      return connection
    },

    tellFull: (peer) => core.notices.onRefused('connections-full', peer),

    review(owner) {
      for (const session of core.sessions.of(owner)) reviewSession(core, session)
    },

    end(owner, reasonCode) {
      const sessions = core.sessions.of(owner)
      for (const session of sessions) {
        // Its connection takes it along.
        session.expiryInterval = 0
        if (session.connection) session.connection.close(reasonCode)
        else core.sessions.end(session)
      }
      return sessions.length
    },

    close() {
      isClosed = true
      stopSweeping?.()
      for (const connection of [...connections]) connection.close(REASON.serverShuttingDown)
    },
  }
}
