/**
 * The bounds of a server, each with its default, and what it announces.
 *
 * @module
 */
import { ConfigError } from '../base/errors.ts'
import { checkOptions, optionsNamed } from '../base/options.ts'

const KIB = 1024
const MIB = 1024 * KIB

/** The bounds of a server. Counts and bytes are whole numbers of at least 1, unless said otherwise. */
export interface ServerLimits {
  /** Largest packet that is taken, in bytes, whole; at most 268,435,460. Default: 1 MiB. */
  readonly maxPacketSize: number
  /** Largest CONNECT that is taken, in bytes, whole: it is held before anybody is logged in. Default: 64 KiB. */
  readonly maxConnectSize: number
  /** Connections in all, those that are not logged in yet among them. Default: 10,000. */
  readonly maxConnections: number
  /** Connections that are not logged in yet. Default: 1,000. */
  readonly maxUnauthenticated: number
  /** Seconds until a connection has to have sent its CONNECT. Default: 10. */
  readonly connectTimeout: number
  /** Sessions of one owner; beyond it the one that is without a connection longest ends. Default: 100. */
  readonly maxSessionsPerOwner: number
  /** Sessions in all. Default: 20,000. */
  readonly maxSessions: number
  /** Seconds that a session may outlive its connection, 0 to 4,294,967,295. Default: 86,400, a day. */
  readonly maxSessionExpiry: number
  /** Messages of QoS 1 and 2 that wait for one session, or for its acknowledgement. Default: 10,000. */
  readonly maxQueuedMessages: number
  /** Bytes of one session: its messages and will with their properties, and its filters. Default: 16 MiB. */
  readonly maxSessionBytes: number
  /** Bytes of the sessions of one owner. Default: 64 MiB. */
  readonly maxStoredBytesPerOwner: number
  /** Bytes of all sessions. Default: 256 MiB. */
  readonly maxStoredBytes: number
  /** Messages of QoS 1 and 2 sent to one client and not acknowledged, at most 65,535. Default: 1,000. */
  readonly maxInFlight: number
  /**
   * QoS 2 messages of one client that it has not released; the receive maximum, to 65,535. A client that
   * sends more loses its connection, and there are clients that do not look at it. Default: 1,000.
   */
  readonly receiveMaximum: number
  /** Filters of one session. Default: 1,000. */
  readonly maxSubscriptions: number
  /** Filters of one SUBSCRIBE; those beyond it are refused. Default: 1,000. */
  readonly maxFiltersPerPacket: number
  /** Topics with a retained message. Default: 20,000. */
  readonly maxRetained: number
  /** Bytes of retained messages. Default: 64 MiB. */
  readonly maxRetainedBytes: number
  /** Topics whose retained message one owner published last. Default: 10,000. */
  readonly maxRetainedPerOwner: number
  /** Bytes of them. Default: 32 MiB. */
  readonly maxRetainedBytesPerOwner: number
  /**
   * Bytes that wait for the network of one connection. Beyond it messages of QoS 0 are dropped, those of
   * QoS 1 and 2 wait in the session, and nothing is read from the client. Default: 1 MiB.
   */
  readonly maxBacklog: number
  /** Seconds in which a client takes nothing of what waits for it, until its connection ends. Default: 10. */
  readonly stallTimeout: number
  /** Topic aliases that a client may set, 0 to 65,535. Default: 16. */
  readonly topicAliasMaximum: number
  /** Publishes a second of one owner, on average over a second; beyond it, it is read later. Default: no bound. */
  readonly maxPublishRate: number
}

/** What a server does beside, if asked to. */
export interface ServerFeatures {
  /**
   * Seconds of keep alive that MQTT 5 clients are told to use, where they asked for none or for more, 1
   * to 65,535 (MQTT 5, section 3.2.2.3.14). Default: their own.
   */
  readonly serverKeepAlive?: number
  /** Topic aliases set towards a client that takes them, 0 to 65,535. Default: 0. */
  readonly serverTopicAliases?: number
}

/** All settings of a server. */
export interface ServerSettings extends ServerLimits, ServerFeatures {}

/** The bounds that hold where nothing else is said. */
export const DEFAULT_LIMITS: ServerLimits = {
  maxPacketSize: MIB,
  maxConnectSize: 64 * KIB,
  maxConnections: 10_000,
  maxUnauthenticated: 1_000,
  connectTimeout: 10,
  maxSessionsPerOwner: 100,
  maxSessions: 20_000,
  maxSessionExpiry: 86_400,
  maxQueuedMessages: 10_000,
  maxSessionBytes: 16 * MIB,
  maxStoredBytesPerOwner: 64 * MIB,
  maxStoredBytes: 256 * MIB,
  maxInFlight: 1_000,
  receiveMaximum: 1_000,
  maxSubscriptions: 1_000,
  maxFiltersPerPacket: 1_000,
  maxRetained: 20_000,
  maxRetainedBytes: 64 * MIB,
  maxRetainedPerOwner: 10_000,
  maxRetainedBytesPerOwner: 32 * MIB,
  maxBacklog: MIB,
  stallTimeout: 10,
  topicAliasMaximum: 16,
  maxPublishRate: Number.POSITIVE_INFINITY,
}

const TWO_BYTES = 0xffff
const FOUR_BYTES = 0xffff_ffff
/** Fixed header and the largest remaining length (MQTT 5, section 2.1.4). */
const LARGEST_PACKET = 268_435_460

/** The lowest and highest value, where they are not 1 and none. */
const RANGES: Partial<Record<keyof ServerSettings, readonly [min: number, max: number]>> = {
  maxPacketSize: [1, LARGEST_PACKET],
  maxConnectSize: [1, LARGEST_PACKET],
  maxSessionExpiry: [0, FOUR_BYTES],
  maxInFlight: [1, TWO_BYTES],
  receiveMaximum: [1, TWO_BYTES],
  topicAliasMaximum: [0, TWO_BYTES],
  serverKeepAlive: [1, TWO_BYTES],
  serverTopicAliases: [0, TWO_BYTES],
}

const KNOWN: Readonly<Record<string, true>> = /* @__PURE__ */ optionsNamed(
  /* @__PURE__ */ Object.keys(DEFAULT_LIMITS),
  { serverKeepAlive: true, serverTopicAliases: true },
)

/**
 * Completes settings with the defaults.
 *
 * @param key Where they stand, for errors.
 * @throws {ConfigError} If one is unknown, no whole number or out of range.
 */
export function completeSettings(settings: Partial<ServerSettings>, key: string): ServerSettings {
  checkOptions(settings, KNOWN, key)
  for (const [name, value] of Object.entries(settings)) {
    if (value === undefined) continue
    const [min, max] = RANGES[name as keyof ServerSettings] ?? [1, Number.MAX_SAFE_INTEGER]
    const isWhole = Number.isInteger(value) && value >= min && value <= max
    if (isWhole || (name === 'maxPublishRate' && value === Number.POSITIVE_INFINITY)) continue
    throw new ConfigError(`${key}.${name}`, `must be a whole number from ${min} to ${max}`)
  }
  const given = Object.entries(settings).filter(([, value]) => value !== undefined)
  return { ...DEFAULT_LIMITS, ...Object.fromEntries(given) }
}
