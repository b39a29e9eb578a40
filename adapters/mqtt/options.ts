/**
 * What a user writes to reach a broker over MQTT.
 *
 * @module
 */

import type { Credentials } from '../../src/client/credentials.ts'
import type { OfflineQueueConfig } from '../../src/client/offline-queue.ts'

/** How to reach a message broker, and how to behave there. Every key is optional. */
export interface BrokerConfig {
  /**
   * `mqtt://host:port` for TCP or `ws://host:port/path` for WebSocket, with TLS `mqtts:` or `wss:`.
   * The port defaults to 1883 or 80, with TLS to 8883 or 443. Holds no login: that goes to
   * `username` and `password`, or `credentials`. Excludes `host` and `port`.
   */
  readonly url?: string
  /**
   * Host to reach over TCP: its name, or an IP address, one of IPv6 in brackets or not. Default:
   * `localhost`.
   */
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
   * a token, counts from the next one, and has `connectTimeout` to answer. Where it gives a token, the
   * connection is made anew at 70 to 80 percent of its time, before the broker ends it: handlers that run
   * come to their end first, for up to 5 seconds, and what is published or subscribed meanwhile waits.
   * Excludes `username` and `password`.
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
   * Longest packet that is taken, in bytes, 1,024 to 268,435,460, which is the longest there is. With
   * MQTT 5 the broker is told, and drops a longer message for this client without a word (section
   * 3.1.2.11.4). One that comes all the same ends the connection with reason code 0x95, before it is
   * held in memory. Default: 16,777,216 (16 MiB).
   */
  readonly maxPacketSize?: number
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
