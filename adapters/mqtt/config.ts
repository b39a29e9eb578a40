/**
 * The configuration of a named broker as plain data, such as a file or the environment gives it.
 * The schema is strict: a misspelt key is an error, and every error names the key at fault.
 *
 * @module
 */
import * as v from 'valibot'
import { ConfigError } from '../../src/base/errors.ts'
import { MAX_TEXT_BYTES } from '../../src/base/text.ts'
import { DEFAULT_SHARE_NAME } from '../../src/device/default-rules.ts'
import { parseTopicFilter } from '../../src/topic/filter.ts'
import { parseTls, type TlsSettings } from './tls-settings.ts'

/** What becomes of messages that are published while there is no connection. */
export interface OfflineQueueConfig {
  /**
   * Most messages that wait, 1 to 1,000,000; each counts until the broker has answered. There is no
   * bound on their bytes beside it. Default: 1,000.
   */
  readonly limit?: number
  /**
   * What gives way when so many are there, with `ERR_BROKER_QUEUE_FULL`: the newest message
   * (`'reject'`), or the one that waits longest (`'drop-oldest'`). Default: `'reject'`.
   */
  readonly whenFull?: 'reject' | 'drop-oldest'
}

/** A login, such as `IssuedToken` is one. */
export interface Credentials {
  readonly username: string
  readonly password: string
}

/** How to reach a message broker, and how to behave there. Every key is optional. */
export interface BrokerConfig {
  /**
   * `mqtt://host:port` for TCP or `ws://host:port/path` for WebSocket, with TLS `mqtts:` or `wss:`.
   * The port defaults to 1883 or 80, with TLS to 8883 or 443. Holds no login: that goes to
   * `username` and `password`, or `credentials`. Excludes `host` and `port`.
   */
  readonly url?: string
  /** Host to reach over TCP. Default: `localhost`. */
  readonly host?: string
  /** TCP port, 1 to 65,535. Default: 1883, with TLS 8883. */
  readonly port?: number
  /**
   * Whether to use TLS 1.2 or 1.3. The broker's certificate is checked, its host name too, and
   * nothing turns that off. Default: what `url` says; without a `url` it is `false`.
   */
  readonly tls?: boolean
  /**
   * The certificates of the authorities to trust, in place of those the runtime trusts: PEM text,
   * which begins with `-----BEGIN`, or the path of a file with it. Needs TLS, on Node, Bun or Deno.
   */
  readonly caCerts?: string
  /**
   * The client's certificate for mutual TLS, with those between it and the authority after it: PEM
   * text or a path. Needs a `keyFile`, and TLS on Node, Bun or Deno.
   */
  readonly certFile?: string
  /** The private key of `certFile`, not encrypted: PEM text or a path. */
  readonly keyFile?: string
  /** Default: none, an anonymous login. */
  readonly username?: string
  /** Needs a `username`. */
  readonly password?: string
  /**
   * Gives user name and password. It is called for each connection, so that what is renewed, such as
   * a token, counts from the next one, and has `connectTimeout` to answer. Excludes `username` and
   * `password`.
   */
  readonly credentials?: () => Credentials | Promise<Credentials>
  /**
   * Name of the session in the broker. Give one for a session that outlives this process. A second
   * client with the same id ends the first one's connection. A broker resumes a session by its
   * client id alone, whoever logs in (MQTT 5, section 4.1), so our routes refuse an id that is
   * neither the user name nor begins with it and `//`: no user name holds `//`, so that no id belongs
   * to two. Default: `{username}//` and 16 hexadecimal digits drawn at random, or `devicehub-` and
   * 32 where there is no user name. If `credentials` give another user name later, another id is made
   * of it, and with it begins a new session: subscriptions are made again, and what the broker kept
   * of the old one is not handled here.
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
   * messages, after the connection ended; 0 to 4,294,967,295, which is for ever. Where the login is a
   * token of a fleet, no more are asked for than it has left. Needs MQTT 5; with MQTT 3.1.1
   * `cleanStart: false` keeps it for ever. Default: 0.
   */
  readonly sessionExpiry?: number
  /** Most messages waiting for their handler at once, 1 to 65,535. Default: 64. */
  readonly receiveMaximum?: number
  /**
   * Seconds to wait for a connection, from dialling to the broker's answer, above 0 and up to 600.
   * Default: 10.
   */
  readonly connectTimeout?: number
  /**
   * Whether `connect()` waits for a broker that is not there, or refuses the login: whatever keeps the
   * first connection from being made is then tried again as after a lost one, with a
   * `reconnect-failed` status each, until it stands, `close()`, or the signal. Default: `false`, the
   * first failure rejects and closes the broker.
   */
  readonly waitForBroker?: boolean
  /**
   * Seconds to wait for the broker's answer to a publish, above 0 and up to 600, and to a subscribe or
   * unsubscribe, but for these 10 at most. Default: 30.
   */
  readonly publishTimeout?: number
  /**
   * Lets messages wait in memory that are published while a connection is lost, to be sent in order
   * when it is made again; see {@link OfflineQueueConfig}. Each rejects with
   * `ERR_BROKER_MESSAGE_EXPIRED` when its `messageExpiry` has passed, and with `ERR_BROKER_CLOSED` if
   * the broker is closed first. Default: none waits, and such a publish rejects at once with
   * `ERR_BROKER_NOT_CONNECTED`, as it always does before the first connection.
   */
  readonly offlineQueue?: OfflineQueueConfig
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
  extends Required<
    Omit<
      BrokerConfig,
      | 'url'
      | 'host'
      | 'port'
      | 'username'
      | 'password'
      | 'credentials'
      | 'clientId'
      | 'tls'
      | 'offlineQueue'
      | keyof TlsSettings
    >
  > {
  readonly address: BrokerAddress
  /** `undefined` without TLS. */
  readonly tls: TlsSettings | undefined
  readonly username: string | undefined
  readonly password: string | undefined
  /** Missing where the login is given as it is. What it gives is checked by {@link parseCredentials}. */
  readonly credentials?: NonNullable<BrokerConfig['credentials']>
  /** `undefined` where it is made of the user name. */
  readonly clientId: string | undefined
  /** Missing where nothing is to wait. */
  readonly offlineQueue?: Required<OfflineQueueConfig>
}

const SCHEMES = ['mqtt:', 'mqtts:', 'ws:', 'wss:']

const text = v.pipe(
  v.string('must be a string'),
  v.nonEmpty('must not be empty'),
  v.check((value) => !value.includes('\0'), 'must not hold the character NUL'),
  v.check(
    (value) => new TextEncoder().encode(value).length <= MAX_TEXT_BYTES,
    `must not be longer than ${MAX_TEXT_BYTES} bytes`,
  ),
)

const credentialsSchema = v.object({ username: text, password: text }, 'must be an object')

const pemOrPath = v.pipe(
  v.string('must be PEM text or the path of a file'),
  v.nonEmpty('must not be empty'),
  v.check((value) => !value.includes('\0'), 'must not hold the character NUL'),
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

/** In seconds. The longest is short enough to catch a number that was meant in milliseconds. */
const timeoutMessage = 'must be a number of seconds above 0, up to 600'
const timeout = v.pipe(
  v.number(timeoutMessage),
  v.gtValue(0, timeoutMessage),
  v.maxValue(600, timeoutMessage),
)

/** What strict schemas say of anything but an object; of a key, see `toConfigError`. */
const notAnObject = ({ received }: v.StrictObjectIssue) =>
  received === 'Object' ? '' : 'must be an object'

const schema = v.strictObject(
  {
    url: v.optional(v.string('must be a string')),
    host: v.optional(text),
    port: v.optional(whole(1, 65_535)),
    tls: v.optional(v.boolean('must be true or false')),
    caCerts: v.optional(pemOrPath),
    certFile: v.optional(pemOrPath),
    keyFile: v.optional(pemOrPath),
    username: v.optional(text),
    password: v.optional(text),
    credentials: v.optional(
      v.custom<NonNullable<BrokerConfig['credentials']>>(
        (value) => typeof value === 'function',
        'must be a function',
      ),
    ),
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
    connectTimeout: v.optional(timeout, 10),
    waitForBroker: v.optional(v.boolean('must be true or false'), false),
    publishTimeout: v.optional(timeout, 30),
    offlineQueue: v.optional(
      v.strictObject(
        {
          limit: v.optional(whole(1, 1_000_000), 1_000),
          whenFull: v.optional(
            v.picklist(['reject', 'drop-oldest'], "must be 'reject' or 'drop-oldest'"),
            'reject',
          ),
        },
        notAnObject,
      ),
    ),
    protocolVersion: v.optional(v.picklist([4, 5], 'must be 5, or 4 for MQTT 3.1.1'), 5),
  },
  notAnObject,
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
  const { url, host, port, username, password, credentials, clientId, ...others } = result.output
  const { tls, caCerts, certFile, keyFile, offlineQueue, ...rest } = others
  if (url !== undefined && (host !== undefined || port !== undefined)) {
    const other = host !== undefined ? 'host' : 'port'
    throw new ConfigError(`${key}.${other}`, 'cannot be given beside url: give one of them')
  }
  if (credentials && (username !== undefined || password !== undefined)) {
    const other = username !== undefined ? 'username' : 'password'
    throw new ConfigError(`${key}.${other}`, 'cannot be given beside credentials: give one of them')
  }
  if (password !== undefined && username === undefined) {
    throw new ConfigError(`${key}.password`, 'needs a username')
  }
  if (rest.protocolVersion === 4 && rest.sessionExpiry > 0) {
    throw new ConfigError(`${key}.sessionExpiry`, 'needs MQTT 5: MQTT 3.1.1 has cleanStart only')
  }
  const parsed = url === undefined ? undefined : parseUrl(url, `${key}.url`)
  const files = {
    ...(caCerts !== undefined && { caCerts }),
    ...(certFile !== undefined && { certFile }),
    ...(keyFile !== undefined && { keyFile }),
  }
  const security = parseTls({ tls, ...files }, parsed?.protocol, key)
  return {
    ...rest,
    address: parsed
      ? toAddress(parsed)
      : {
          transport: 'tcp',
          host: host ?? 'localhost',
          port: port ?? defaultPort(security !== undefined),
        },
    tls: security,
    username,
    password,
    ...(credentials && { credentials }),
    clientId,
    ...(offlineQueue && { offlineQueue }),
  }
}

/** Checks what a function of `credentials` gave. Returns the login, or what is wrong with it. */
export function parseCredentials(input: unknown): Credentials | string {
  const result = v.safeParse(credentialsSchema, input)
  if (result.success) return result.output
  const [issue] = result.issues
  return `${v.getDotPath(issue) ?? 'it'}: ${issue.message}`
}

function parseUrl(text: string, key: string): URL {
  // The text is never repeated in a message: it may hold a password after all.
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (!url?.hostname) throw new ConfigError(key, 'must be mqtt://host:port or ws://host:port/path')
  if (url.username || url.password) {
    throw new ConfigError(key, 'must not hold a login: use the keys username and password')
  }
  if (url.hash) throw new ConfigError(key, 'must not hold a fragment')
  if (url.port === '0') throw new ConfigError(key, 'must not have the port 0')
  const { protocol } = url
  if (!SCHEMES.includes(protocol)) {
    throw new ConfigError(key, `must start with mqtt:, mqtts:, ws: or wss:, not ${protocol}`)
  }
  if (protocol.startsWith('mqtt') && (url.search || !['', '/'].includes(url.pathname))) {
    throw new ConfigError(key, `must not have a path with ${protocol}`)
  }
  return url
}

function toAddress({ protocol, hostname, port, href }: URL): BrokerAddress {
  if (protocol.startsWith('ws')) return { transport: 'websocket', url: href }
  return {
    transport: 'tcp',
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    port: Number(port || defaultPort(protocol === 'mqtts:')),
  }
}

function defaultPort(isSecure: boolean): number {
  return isSecure ? 8883 : 1883
}

function toConfigError(issue: v.InferIssue<typeof schema>, key: string): ConfigError {
  const path = v.getDotPath(issue)
  if (path === null) return new ConfigError(key, issue.message)
  const isUnknownKey = issue.type === 'strict_object' && issue.expected === 'never'
  if (!isUnknownKey) return new ConfigError(`${key}.${path}`, issue.message)
  return new ConfigError(`${key}.${path}`, 'is not a setting of a broker')
}

function isShareName(name: string): boolean {
  try {
    return parseTopicFilter(`$share/${name}/x`).share === name
  } catch {
    return false
  }
}
