/**
 * What a page needs, by one import: a small {@link Broker} for MQTT 5 over WebSocket, and what is put before
 * and behind it there. It is over nothing but what a browser has, and runs in edge workers, on Bun, Deno
 * and Node 22 or later as well. What a program does not import it does not have.
 *
 * @module
 */
import type { Broker } from '../../src/broker/broker.ts'
import { createClient } from '../../src/client/client.ts'
import { makeClientId } from '../../src/client/client-id.ts'
import { pauseUntilAwake } from './awake.ts'
import { type BrowserBrokerOptions, checkSettings } from './options.ts'
import { openWire } from './wire.ts'

// What else a page needs of `devicehub`, the same values under the same names.
export {
  BrokerError,
  CommandError,
  ConfigError,
  PayloadError,
} from '../../src/base/errors.ts'
export type { Broker, BrokerStatus, Message } from '../../src/broker/broker.ts'
export { type Grants, type GuardOptions, guardedBroker } from '../../src/broker/guarded.ts'
export type { PageCredentials } from '../../src/client/credentials.ts'
export type { OfflineQueue, OfflineQueueConfig } from '../../src/client/offline-queue.ts'
export type { ConnectionDetails } from '../../src/credential/connection-details.ts'
export { type TokenLogin, TokenLoginError, tokenLogin } from '../../src/credential/token-login.ts'
export {
  command,
  type DataOf,
  type DeviceType,
  defineDeviceType,
  type StatusOf,
} from '../../src/device/type.ts'
export { AccessDeniedError } from '../../src/rule/access-denied.ts'
export { sendCommands, type WatcherCommands } from '../../src/watch/commands.ts'
export { createWatcher } from '../../src/watch/create.ts'
export type {
  DeviceSnapshot,
  DeviceWatch,
  WatchedPresence,
  Watcher,
  WatcherConnection,
  WatcherOptions,
} from '../../src/watch/watcher.ts'
export { credentials } from './login.ts'
export { offlineQueue } from './offline.ts'
export type { BrowserBrokerOptions, PageLogins } from './options.ts'

/**
 * Makes a connection to an MQTT broker over WebSocket. Nothing is dialled until `connect()`.
 *
 * After the first connection a lost one is made again for as long as it takes, with the pauses of
 * `devicehub/mqtt`: drawn from 0 to 1 second at first, up to 30 after attempts that failed, and up to 60
 * after those that the broker refused. A pause ends when the page comes online or is looked at. The first
 * connection is tried once, unless `waitForBroker` is set. The broker and `credentials` have 10 seconds to
 * answer, a publish is answered within 30, and a subscribe or unsubscribe within 10, or it rejects with
 * `ERR_BROKER_TIMEOUT`.
 *
 * Half of the `keepalive` after the last ping another one goes. A page that slept for longer than the broker
 * waits has its connection made again when it wakes; one that slept for less, comes online or is looked at
 * asks whether the broker is there, which has 5 seconds to answer.
 *
 * What was not answered when a connection was lost is not sent again: such a publish rejects with
 * `ERR_BROKER_CONNECTION_LOST`. A message whose handler was running is not acknowledged; a broker that kept
 * the session sends it again.
 *
 * A page cannot stop reading: more than 16 MiB that wait for their handlers, beside one packet, end the
 * connection (`ERR_BROKER_PROTOCOL`, reason code 0x97), and so does a packet of more than 16 MiB (0x95).
 * Subscriptions that are to be shared are made plainly, and their results say so.
 *
 * @throws {ConfigError} If an option is unknown, wrongly typed, out of range or contradicts another.
 *
 * @example
 * ```ts
 * import { browserBroker } from 'devicehub/browser'
 *
 * const broker = browserBroker({ url: 'ws://localhost:9001' })
 * await broker.connect({ onMessage: async ({ topic }) => console.log(topic) })
 * await broker.subscribe([{ filter: 'things/#' }])
 * ```
 */
export function browserBroker(options: BrowserBrokerOptions): Broker {
  const settings = checkSettings(options)
  const { username, password, credentials, sessionExpiry } = settings
  const { clientId = makeClientId(username) } = settings
  return createClient({
    ...settings,
    nextLogin: () => ({ username, password, clientId, sessionExpiry }),
    ...(credentials && { ...credentials, nextLogin: credentials.nextLogin(settings) }),
    // Seconds.
    connectTimeout: 10,
    publishTimeout: 30,
    cleanStart: true,
    canRefuse: true,
    describe: (reasonCode) => `reason code 0x${reasonCode.toString(16).padStart(2, '0')}`,
    loadWire: async (packetIds) => (connect, events) =>
      openWire(settings, packetIds, connect, events),
    pause: pauseUntilAwake,
  })
}
