/**
 * The {@link Broker} contract without a network: an MQTT server in memory and connections to it. It is
 * the reference for the contract, and runs on every runtime: for tests, demonstrations and
 * single-process use. Nothing survives the process.
 *
 * @module
 */
import { clock } from '../base/clock.ts'
import { ConfigError } from '../base/errors.ts'
import { checkOptions } from '../base/options.ts'
import { DEFAULT_SHARE_NAME } from '../device/default-rules.ts'
import type { ServerClock } from '../server/clock.ts'
import { OPEN_GUARD } from '../server/guard.ts'
import { type MqttServer, mqttServer } from '../server/server.ts'
import type { Broker } from './broker.ts'
import { MemoryConnection } from './memory-connection.ts'

/** A message broker in memory. Connect to it with {@link memoryBroker}. */
export interface MemoryServer {
  /**
   * Loses the connection of a broker, as a network does: its will is published, and it is connected
   * again at once, with its subscriptions. A delay of the will does not count, since no session outlives
   * a connection here. Without a connection there is nothing to lose.
   */
  cut(broker: Broker): void
}

/** What {@link memoryBroker} takes. */
export interface MemoryBrokerOptions {
  /** Most messages waiting for their handler at once, 1 to 65,535. Default: 64. */
  readonly receiveMaximum?: number
  /** Share group of shared subscriptions. Default: `devicehub`. */
  readonly shareName?: string
}

/** Whichever stands at the moment. */
const CLOCK: ServerClock = {
  now: () => clock().now(),
  after: (delay, run) => clock().after(delay, run),
  soon: (run) => clock().soon(run),
}

const servers = new WeakMap<MemoryServer, MqttServer>()

/**
 * Makes an empty message broker in memory. It keeps the bounds of `ServerLimits`: 10,000 messages or 16
 * MiB for each connection, for one. Beyond them it refuses what is published with QoS 1 or 2.
 */
export function memoryServer(): MemoryServer {
  const server: MemoryServer = {
    cut(broker) {
      if (broker instanceof MemoryConnection) broker.lose()
    },
  }
  servers.set(server, mqttServer({ guard: OPEN_GUARD, clock: CLOCK }))
  return server
}

/**
 * Makes a connection to a message broker in memory.
 *
 * @param server Which one. Default: one of its own.
 * @throws {ConfigError} If `receiveMaximum` is not a whole number from 1 to 65,535, or an option is
 * unknown.
 */
export function memoryBroker(
  server: MemoryServer = memoryServer(),
  options: MemoryBrokerOptions = {},
): Broker {
  checkOptions(options, { receiveMaximum: true, shareName: true })
  const { receiveMaximum = 64, shareName = DEFAULT_SHARE_NAME } = options
  if (!Number.isInteger(receiveMaximum) || receiveMaximum < 1 || receiveMaximum > 0xffff) {
    throw new ConfigError('receiveMaximum', 'must be a whole number from 1 to 65535')
  }
  const mqtt = servers.get(server)
  if (!mqtt) throw new ConfigError('server', 'must be made by memoryServer()')
  return new MemoryConnection(mqtt, receiveMaximum, shareName)
}
