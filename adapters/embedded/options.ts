/**
 * The options of the embedded broker, checked.
 *
 * @module
 */
import { ConfigError } from '../../src/base/errors.ts'
import type { Logger } from '../../src/base/log.ts'
import { checkMethods, checkOptions } from '../../src/base/options.ts'
import { completeSettings, type ServerSettings } from '../../src/server/settings.ts'
import type { Denial } from './denial.ts'
import type { PresenceSink } from './presence.ts'
import { checkTls, type EmbeddedTls } from './tls.ts'

/** What {@link embeddedBroker} takes. */
export interface EmbeddedBrokerOptions {
  /** Address to listen on. Default: `127.0.0.1`, which nobody else reaches. */
  readonly host?: string
  /** TCP port, 0 to 65,535; 0 takes a free one. Default: 1883, with TLS 8883. */
  readonly port?: number
  /**
   * Listens for WebSocket as well, on the same host. The port 0 takes a free one; the path defaults
   * to `/mqtt`. Default: off.
   */
  readonly websocket?: { readonly port: number; readonly path?: string }
  /** Takes nothing but TLS, for WebSocket too. Default: none, all is sent as it is. */
  readonly tls?: EmbeddedTls
  /** Bounds that are not to be as they are by default, such as `{ maxConnections: 500 }`. */
  readonly limits?: Partial<ServerSettings>
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

/** Where a broker listens for WebSocket. */
export interface WebSocketAddress {
  readonly port: number
  readonly path: string
}

/** The options with their defaults. */
export interface ResolvedOptions {
  readonly host: string
  readonly port: number
  readonly websocket: WebSocketAddress | undefined
  readonly tls: EmbeddedTls | undefined
  readonly settings: ServerSettings
  readonly presence: PresenceSink | undefined
  readonly logger: Logger
  readonly onDenied: ((denial: Denial) => void) | undefined
}

const OPTIONS: Record<keyof EmbeddedBrokerOptions, true> = {
  host: true,
  port: true,
  websocket: true,
  tls: true,
  limits: true,
  presence: true,
  logger: true,
  onDenied: true,
}

/**
 * Checks the options and fills in the defaults.
 *
 * @throws {ConfigError} If one is unknown, wrongly typed or out of range.
 */
export function resolveOptions(options: EmbeddedBrokerOptions): ResolvedOptions {
  checkOptions(options, OPTIONS)
  const { host = '127.0.0.1', websocket, tls, limits = {}, presence } = options
  const { port = tls ? 8883 : 1883, logger = console, onDenied } = options
  checkPort('port', port)
  if (tls !== undefined) checkTls(tls)
  if (presence !== undefined) {
    checkMethods('presence', presence, { connected: true, disconnected: true })
  }
  return {
    host,
    port,
    websocket: websocket && resolveWebSocket(websocket),
    tls,
    settings: completeSettings(limits, 'limits'),
    presence,
    logger,
    onDenied,
  }
}

function resolveWebSocket(
  websocket: NonNullable<EmbeddedBrokerOptions['websocket']>,
): WebSocketAddress {
  checkOptions(websocket, { port: true, path: true }, 'websocket')
  const { port, path = '/mqtt' } = websocket
  checkPort('websocket.port', port)
  if (!/^\/[^\s?#]*$/.test(path)) {
    throw new ConfigError('websocket.path', 'must begin with "/" and hold no "?", "#" or space')
  }
  return { port, path }
}

function checkPort(key: string, port: number): void {
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new ConfigError(key, 'must be a whole number from 0 to 65535')
  }
}
