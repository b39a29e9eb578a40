/**
 * The configuration of a named broker as plain data, such as a file or the environment gives it.
 * The schema is strict: a misspelt key is an error, and every error names the key at fault.
 *
 * @module
 */
import * as v from 'valibot'
import { ConfigError } from '../../src/base/errors.ts'
import { MAX_PACKET_BYTES } from '../../src/client/connection.ts'
import type { OfflineQueueConfig } from '../../src/client/offline-queue.ts'
import { DEFAULT_SHARE_NAME } from '../../src/device/default-rules.ts'
import { type BrokerAddress, defaultPort, parseHost, parseUrl, toAddress } from './address.ts'
import type { BrokerConfig } from './options.ts'
import { pemOrPath, shareName, text, timeout, whole } from './setting-kinds.ts'
import { parseTls, type TlsSettings } from './tls-settings.ts'

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
  /** Missing where the login is given as it is. What it gives is checked by `parseCredentials`. */
  readonly credentials?: NonNullable<BrokerConfig['credentials']>
  /** `undefined` where it is made of the user name. */
  readonly clientId: string | undefined
  /** Missing where nothing is to wait. */
  readonly offlineQueue?: Required<OfflineQueueConfig>
}

const DEFAULT_MAX_PACKET_SIZE = 16 * 1024 * 1024

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
    shareName: v.optional(shareName, DEFAULT_SHARE_NAME),
    cleanStart: v.optional(v.boolean('must be true or false'), true),
    sessionExpiry: v.optional(whole(0, 0xffff_ffff), 0),
    receiveMaximum: v.optional(whole(1, 65_535), 64),
    maxPacketSize: v.optional(whole(1_024, MAX_PACKET_BYTES), DEFAULT_MAX_PACKET_SIZE),
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
          host: host === undefined ? 'localhost' : parseHost(host, `${key}.host`),
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

function toConfigError(issue: v.InferIssue<typeof schema>, key: string): ConfigError {
  const path = v.getDotPath(issue)
  if (path === null) return new ConfigError(key, issue.message)
  const isUnknownKey = issue.type === 'strict_object' && issue.expected === 'never'
  if (!isUnknownKey) return new ConfigError(`${key}.${path}`, issue.message)
  return new ConfigError(`${key}.${path}`, 'is not a setting of a broker')
}
