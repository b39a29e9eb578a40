/**
 * A {@link Broker} over MQTT 5 or 3.1.1, through the `mqtt` package: TCP and WebSocket, each with
 * TLS or without, on Node, Bun and Deno; WebSocket in browsers and edge workers. On Node, Bun and
 * Deno a WebSocket is one of the `ws` package. Without it the runtime's own is used for `ws:`, where
 * it has one, as Node 20 has not.
 *
 * Importing this module loads nothing: `mqtt` is first loaded by `connect()`.
 *
 * @module
 */
import { BrokerError, hasCode } from '../../src/base/errors.ts'
import type { Broker } from '../../src/broker/broker.ts'
import { describeReason } from '../../src/broker/refusal.ts'
import { createClient } from '../../src/client/client.ts'
import { OfflineQueue } from '../../src/client/offline-queue.ts'
import { pause } from '../../src/client/pauses.ts'
import { makeRenewal } from '../../src/client/renewal.ts'
import { addressOf } from './address.ts'
import { tlsError } from './certificate.ts'
import { checkRuntime } from './check-runtime.ts'
import { parseBrokerConfig } from './config.ts'
import { ConfiguredLogins } from './login.ts'
import type { BrokerConfig } from './options.ts'
import { sharingOf } from './sharing.ts'
import { loadWire } from './wire.ts'

export type { Credentials } from '../../src/client/credentials.ts'
export type { OfflineQueueConfig } from '../../src/client/offline-queue.ts'
export type { BrokerConfig } from './options.ts'

/**
 * Makes a connection to an MQTT broker. Nothing is loaded or dialled until `connect()`.
 *
 * After the first connection a lost one is made again for as long as it takes. The pause before an
 * attempt is drawn from 0 to 1 second at first, to 2 after an attempt that failed, and so on up to 30.
 * One that the broker refused, for whatever reason, also a login that was right before, is tried again
 * after half a second to 1, then 1 to 2, and so on up to 30 to 60: EMQX, VerneMQ and others refuse
 * logins while they start, or cannot ask who it is. Both rows begin anew after a connection of more
 * than 30 seconds. So a client whose login is right is connected at most 60 seconds and one
 * `connectTimeout` after the broker takes it, and one whose login is wrong comes twice a minute in
 * the end. Each attempt that fails is a `reconnect-failed` status. Trying again ends early only where a token of a
 * fleet is refused that has expired by the clock, and is not one of `credentials`.
 *
 * The first connection is tried once, unless `waitForBroker` is set.
 *
 * What was not answered when a connection was lost is not sent again: such a publish rejects with
 * `ERR_BROKER_CONNECTION_LOST`, and whoever made it knows best whether to repeat it. What is published
 * until there is another connection rejects at once, or waits for it with `offlineQueue`. A message
 * whose handler was running is not acknowledged; a broker that kept the session sends it again.
 *
 * Up to `receiveMaximum` handlers run at once, and with more than one no more than have 16 MiB of
 * messages in hand. While there are more messages than that nothing
 * further is read from the connection, unless an answer to a publish or subscribe is awaited: then
 * up to 8 MiB of messages are taken in ahead of their turn. A WebSocket of the runtime's own, as in
 * browsers, and elsewhere without the `ws` package, cannot stop reading: there 16 MiB beside the longest
 * packet are held, and more ends the connection (`ERR_BROKER_PROTOCOL`, reason code 0x97). So does a
 * packet longer than `maxPacketSize` (0x95), whatever the transport.
 *
 * A Mosquitto without `set_tcp_nodelay true` in its configuration takes some 40 milliseconds for
 * each QoS 1 or 2 message that is waited for.
 *
 * A will goes with each CONNECT. Its delay ends with the session, so it needs a `sessionExpiry` that is
 * no shorter. A broker that cannot have it, such as one without retained messages, refuses the
 * connection.
 *
 * With `protocolVersion: 4` message properties are not sent, and none arrive; nor has a will a delay.
 *
 * @param config Plain data; see {@link BrokerConfig}.
 * @param key Where it stands, to name keys in errors, such as `brokers.default`. Default: `mqtt`.
 * @throws {ConfigError} If a key is unknown, wrongly typed, out of range, contradicts another, or
 * asks for what this runtime cannot do.
 *
 * @example
 * ```ts
 * import { mqtt } from 'devicehub/mqtt'
 *
 * const broker = mqtt({ url: 'mqtt://localhost:1883' })
 * await broker.connect({ onMessage: async ({ topic }) => console.log(topic) })
 * await broker.subscribe([{ filter: 'things/#' }])
 * ```
 */
export function mqtt(config: BrokerConfig = {}, key = 'mqtt'): Broker {
  const resolved = parseBrokerConfig(config, key)
  // Where none of the two is given, it is a URL that is missing.
  checkRuntime(resolved, key, config.host === undefined ? 'url' : 'host')
  const { offlineQueue } = resolved
  const address = addressOf(resolved)
  const logins = new ConfiguredLogins(resolved)
  return createClient({
    ...resolved,
    address,
    canRefuse: resolved.protocolVersion === 5,
    nextLogin: (signal) => logins.next(signal),
    makeRenewal,
    describe: describeReason,
    loadWire: (packetIds) => loadWire(resolved, packetIds),
    pause,
    explain: async (cause, signal) =>
      cause instanceof BrokerError
        ? logins.refusedForGood(cause)
        : tlsError(address, resolved, cause, signal),
    isFinal: (error) =>
      hasCode(error, 'ERR_DEPENDENCY_MISSING') || logins.refusedForGood(error) !== undefined,
    sharing: sharingOf(resolved),
    offlineQueue: offlineQueue && (() => new OfflineQueue(offlineQueue)),
  })
}
