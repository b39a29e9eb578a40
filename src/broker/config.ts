/**
 * The configuration of a named broker as plain data, such as a file or the environment gives it.
 * The schema is strict: a misspelt key is an error, and every error names the key at fault.
 *
 * @module
 */
import * as v from 'valibot'
import { DEFAULT_SHARE_NAME } from '../access/default-rules.ts'
import { ConfigError } from '../errors.ts'
import { parseTopicFilter } from '../topic/filter.ts'

/** How to reach a message broker, and how to behave there. Every key is optional. */
export interface BrokerConfig {
  /**
   * `mqtt://host:port` for TCP or `ws://host:port/path` for WebSocket. The port defaults to 1883
   * or 80. Holds no login: that goes to `username` and `password`. Excludes `host` and `port`.
   */
  readonly url?: string
  /** Host to reach over TCP. Default: `localhost`. */
  readonly host?: string
  /** TCP port, 1 to 65,535. Default: 1883. */
  readonly port?: number
  /** Default: none, an anonymous login. */
  readonly username?: string
  /** Needs a `username`. */
  readonly password?: string
  /**
   * Name of the session in the broker. Give one for a session that outlives this process. A second
   * client with the same id ends the first one's connection. Default: `devicehub-` and 128 random
   * bits.
   */
  readonly clientId?: string
  /** Longest silence in seconds before the connection counts as lost, 0 (off) to 65,535. Default: 60. */
  readonly keepalive?: number
  /**
   * `true` uses shared subscriptions where the broker has them, `false` never, and `'required'`
   * makes subscribing fail where it has none. Default: `true`.
   */
  readonly sharedSubscriptions?: boolean | 'required'
  /** The name in `$share/<share name>/<filter>`. Default: `devicehub`. */
  readonly shareName?: string
  /**
   * Starts without what the broker kept of an earlier session of this client id. A reconnect goes
   * on with the session all the same, if `sessionExpiry` lets the broker keep it. Default: `true`.
   */
  readonly cleanStart?: boolean
  /**
   * Seconds for which the broker keeps the session, with its subscriptions and unacknowledged
   * messages, after the connection ended; 0 to 4,294,967,295, which is for ever. Needs MQTT 5;
   * with MQTT 3.1.1 `cleanStart: false` keeps it for ever. Default: 0.
   */
  readonly sessionExpiry?: number
  /** Most messages waiting for their handler at once, 1 to 65,535. Default: 64. */
  readonly receiveMaximum?: number
  /** Milliseconds to wait for a connection, from dialling to the broker's answer. Default: 10,000. */
  readonly connectTimeout?: number
  /** Milliseconds to wait for the broker's answer to a publish or subscribe. Default: 30,000. */
  readonly publishTimeout?: number
  /**
   * 5, or 4 for MQTT 3.1.1, which has no message properties, no shared subscriptions and no reasons
   * for a refusal. Default: 5.
   */
  readonly protocolVersion?: 4 | 5
}

/** Where to connect to. */
export type BrokerAddress =
  | { readonly transport: 'tcp'; readonly host: string; readonly port: number }
  | { readonly transport: 'websocket'; readonly url: string }

/** A checked {@link BrokerConfig} with its defaults filled in. */
export interface ResolvedBrokerConfig
  extends Required<Omit<BrokerConfig, 'url' | 'host' | 'port' | 'username' | 'password'>> {
  readonly address: BrokerAddress
  readonly username: string | undefined
  readonly password: string | undefined
}

const NO_TLS = 'TLS is not supported in this version: connect over mqtt: or ws: only'
const TLS_KEYS = ['tls', 'ca', 'caCerts', 'cert', 'certFile', 'key', 'keyFile'] as const
/** Longest text of MQTT, in bytes (section 1.5.4). */
const MAX_TEXT_BYTES = 65_535
/** Longest delay of a timer in milliseconds. */
const MAX_TIMEOUT = 2 ** 31 - 1

const text = v.pipe(
  v.string('must be a string'),
  v.nonEmpty('must not be empty'),
  v.check((value) => !value.includes('\0'), 'must not hold the character NUL'),
  v.check(
    (value) => new TextEncoder().encode(value).length <= MAX_TEXT_BYTES,
    `must not be longer than ${MAX_TEXT_BYTES} bytes`,
  ),
)

function whole(min: number, max: number) {
  const message = `must be a whole number from ${min} to ${max}`
  return v.pipe(
    v.number(message),
    v.integer(message),
    v.minValue(min, message),
    v.maxValue(max, message),
  )
}

const schema = v.strictObject(
  {
    url: v.optional(v.string('must be a string')),
    host: v.optional(text),
    port: v.optional(whole(1, 65_535)),
    username: v.optional(text),
    password: v.optional(text),
    clientId: v.optional(text),
    keepalive: v.optional(whole(0, 65_535), 60),
    sharedSubscriptions: v.optional(
      v.union([v.boolean(), v.literal('required')], "must be true, false or 'required'"),
      true,
    ),
    shareName: v.optional(
      v.pipe(text, v.check(isShareName, 'must not hold "/", "+" or "#"')),
      DEFAULT_SHARE_NAME,
    ),
    cleanStart: v.optional(v.boolean('must be true or false'), true),
    sessionExpiry: v.optional(whole(0, 0xffff_ffff), 0),
    receiveMaximum: v.optional(whole(1, 65_535), 64),
    connectTimeout: v.optional(whole(1, MAX_TIMEOUT), 10_000),
    publishTimeout: v.optional(whole(1, MAX_TIMEOUT), 30_000),
    protocolVersion: v.optional(v.picklist([4, 5], 'must be 5, or 4 for MQTT 3.1.1'), 5),
  },
  ({ received }) => (received === 'Object' ? '' : 'must be an object'),
)

/**
 * Checks a broker's configuration and fills in the defaults.
 *
 * @param key Where it stands, to name keys in errors, such as `brokers.default`.
 * @throws {ConfigError} If a key is unknown, wrongly typed, out of range or contradicts another.
 */
export function parseBrokerConfig(input: unknown, key: string): ResolvedBrokerConfig {
  const result = v.safeParse(schema, input)
  if (!result.success) throw toConfigError(result.issues[0], key)
  const { url, host, port, username, password, clientId, ...rest } = result.output
  if (url !== undefined && (host !== undefined || port !== undefined)) {
    const other = host !== undefined ? 'host' : 'port'
    throw new ConfigError(`${key}.${other}`, 'cannot be given beside url: give one of them')
  }
  if (password !== undefined && username === undefined) {
    throw new ConfigError(`${key}.password`, 'needs a username')
  }
  if (rest.protocolVersion === 4 && rest.sessionExpiry > 0) {
    throw new ConfigError(`${key}.sessionExpiry`, 'needs MQTT 5: MQTT 3.1.1 has cleanStart only')
  }
  return {
    ...rest,
    address:
      url === undefined
        ? { transport: 'tcp', host: host ?? 'localhost', port: port ?? 1883 }
        : parseUrl(url, `${key}.url`),
    username,
    password,
    clientId: clientId ?? `devicehub-${crypto.randomUUID().replaceAll('-', '')}`,
  }
}

function parseUrl(text: string, key: string): BrokerAddress {
  // The text is never repeated in a message: it may hold a password after all.
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url?.hostname) throw new ConfigError(key, 'must be mqtt://host:port or ws://host:port/path')
  if (url.username || url.password) {
    throw new ConfigError(key, 'must not hold a login: use the keys username and password')
  }
  if (url.hash) throw new ConfigError(key, 'must not hold a fragment')
  if (url.port === '0') throw new ConfigError(key, 'must not have the port 0')
  switch (url.protocol) {
    case 'mqtt:':
      if (url.search || !['', '/'].includes(url.pathname)) {
        throw new ConfigError(key, 'must not have a path with mqtt:')
      }
      return {
        transport: 'tcp',
        host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
        port: Number(url.port || 1883),
      }
    case 'ws:':
      return { transport: 'websocket', url: url.href }
    case 'mqtts:':
    case 'wss:':
      throw new ConfigError(key, NO_TLS)
    default:
      throw new ConfigError(key, `must start with mqtt: or ws:, not ${url.protocol}`)
  }
}

function toConfigError(issue: v.InferIssue<typeof schema>, key: string): ConfigError {
  const path = v.getDotPath(issue)
  if (path === null) return new ConfigError(key, issue.message)
  if (issue.type !== 'strict_object') return new ConfigError(`${key}.${path}`, issue.message)
  const isTls = TLS_KEYS.some((name) => name === path)
  return new ConfigError(`${key}.${path}`, isTls ? NO_TLS : 'is not a setting of a broker')
}

function isShareName(name: string): boolean {
  try {
    return parseTopicFilter(`$share/${name}/x`).share === name
  } catch {
    return false
  }
}
