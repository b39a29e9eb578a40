/**
 * What a page writes to reach a broker.
 *
 * @module
 */
import type { AbortSignalLike } from '../../src/base/abort-signal.ts'
import { ConfigError } from '../../src/base/errors.ts'
import { isA, isWhole, type Kind } from '../../src/base/kinds.ts'
import { checkOptions } from '../../src/base/options.ts'
import { findTextProblem } from '../../src/base/text.ts'
import type { OfflineQueue } from '../../src/client/offline-queue.ts'
import type { MakeRenewal } from '../../src/client/renewal.ts'
import type { Login } from '../../src/client/wire.ts'

/** What is asked for at the broker beside a login. */
export interface LoginOptions {
  readonly clientId?: string
  /** Seconds. */
  readonly sessionExpiry: number
}

/** Logins, one after the other, made by `credentials()`. What it has is for the broker alone. */
export interface PageLogins {
  /**
   * Leaves connections before their logins end.
   *
   * @hidden
   */
  readonly makeRenewal: MakeRenewal
  /**
   * How the login of each connection is asked for.
   *
   * @hidden
   */
  nextLogin(options: LoginOptions): (signal: AbortSignalLike) => Promise<Login>
}

/** How to reach a broker, and how to behave there. All but `url` is optional. */
export interface BrowserBrokerOptions {
  /** `wss://host:port/path`, or `ws:`. Holds no login: that goes to `credentials`, or the two below. */
  readonly url: string
  /**
   * Gives user name and password for each connection: what `credentials()` makes of a function. Excludes
   * `username` and `password`.
   */
  readonly credentials?: PageLogins
  /** Default: none, an anonymous login. */
  readonly username?: string
  /** Needs a `username`. */
  readonly password?: string
  /**
   * Name of the session in the broker; a second client with the same id ends the first one's connection.
   * Our routes refuse an id that is neither the user name nor begins with it and `//`. Default:
   * `{username}//` and 16 hexadecimal digits drawn at random, or `devicehub-` and 32 where there is no user
   * name. If `credentials` give another user name later, another id is made of it, and with it begins a new
   * session: subscriptions are made again.
   */
  readonly clientId?: string
  /**
   * Longest silence in seconds before the broker takes the connection for lost, 0 (off) to 65,535. Pings go
   * at half of it. Browsers run the timers of a hidden page once a minute, so less than 120 loses the
   * connection of such a page. The broker may set another (MQTT 5, section 3.2.2.3.14). Default: 120.
   */
  readonly keepalive?: number
  /**
   * Seconds for which the broker keeps the session, with its subscriptions and unacknowledged messages,
   * after the connection was lost; 0 to 4,294,967,295, which is for ever, and no more than is left until the
   * `expiresAt` of `credentials`.
   * `connect()` begins a new one. Default: 0.
   */
  readonly sessionExpiry?: number
  /** Most messages waiting for their handler at once, 1 to 65,535. Default: 64. */
  readonly receiveMaximum?: number
  /**
   * Whether `connect()` waits for a broker that is not there, or refuses the login. Default: `false`, the
   * first failure rejects and closes the broker.
   */
  readonly waitForBroker?: boolean
  /**
   * Lets messages wait that are published while a connection is lost: what `offlineQueue()` makes. Default:
   * such a publish rejects at once with `ERR_BROKER_NOT_CONNECTED`.
   */
  readonly offlineQueue?: () => OfflineQueue
}

/** Checked options with their defaults. */
export interface BrowserSettings extends BrowserBrokerOptions {
  readonly address: string
  readonly keepalive: number
  readonly sessionExpiry: number
  readonly receiveMaximum: number
  readonly waitForBroker: boolean
}

/** What keeps a value from being a text of MQTT that is not empty. */
export const findLoginProblem: Kind = (value) =>
  findTextProblem(value) ?? (value ? undefined : 'must not be empty')

const CHECKS: Readonly<Record<keyof BrowserBrokerOptions, Kind>> = {
  url: findLoginProblem,
  username: findLoginProblem,
  password: findLoginProblem,
  clientId: findLoginProblem,
  credentials: (value) =>
    (value as PageLogins | null)?.nextLogin ? undefined : 'must be what credentials() makes',
  offlineQueue: /* @__PURE__ */ isA('function'),
  waitForBroker: /* @__PURE__ */ isA('boolean'),
  keepalive: /* @__PURE__ */ isWhole(0, 65_535),
  sessionExpiry: /* @__PURE__ */ isWhole(0, 0xffff_ffff),
  receiveMaximum: /* @__PURE__ */ isWhole(1, 65_535),
}

const DEFAULTS = { keepalive: 120, sessionExpiry: 0, receiveMaximum: 64, waitForBroker: false }

/**
 * Checks options and fills in the defaults.
 *
 * @throws {ConfigError} If a key is unknown, wrongly typed, out of range or contradicts another.
 */
export function checkSettings(options: BrowserBrokerOptions): BrowserSettings {
  checkOptions(options, CHECKS)
  const checked: Record<string, unknown> = { ...DEFAULTS }
  for (const [key, kind] of Object.entries(CHECKS)) {
    const value = options[key as keyof BrowserBrokerOptions]
    // `null` is no way to leave one out: a login that was not found must not be none.
    if (value === undefined && key !== 'url') continue
    const problem = kind(value)
    if (problem) throw new ConfigError(key, problem)
    checked[key] = value
  }
  const settings = checked as unknown as BrowserSettings
  const { url, username, password, credentials } = settings
  if (credentials && (username ?? password) !== undefined) {
    throw new ConfigError('credentials', 'excludes username and password')
  }
  if (password !== undefined && username === undefined) {
    throw new ConfigError('password', 'needs a username')
  }
  return { ...settings, address: addressOf(url) }
}

/** The address as far as it may be shown: what follows it in a URL may be a secret. */
function addressOf(url: string): string {
  // The text is never repeated in a message: it may hold a password after all.
  const address = URL.canParse(url) && /^(wss?:\/\/[^@/?#\\]+(\/[^?#]*)?)(\?[^#]*)?$/i.exec(url)
  if (!address) throw new ConfigError('url', 'must be ws: or wss:, without a login and a fragment')
  return address[1]!
}
