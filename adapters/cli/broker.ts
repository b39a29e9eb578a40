/**
 * The brokers of a configuration, as the verbs use them: their errors name them.
 *
 * @module
 */
import { BrokerError, ConfigError } from '../../src/base/errors.ts'
import type { Broker } from '../../src/broker/broker.ts'
import { readBroker } from '../../src/broker/engine.ts'
import { mqtt } from '../mqtt/index.ts'
import type { BrokerConfig } from '../mqtt/options.ts'
import { CommandFailure, exitCode } from './failure.ts'
import type { Settings } from './settings/load.ts'

/**
 * Makes a broker of the settings. Unless messages are to be shared, it takes nothing from anyone:
 * over MQTT it has a session of its own, under a client id of its own.
 */
export function openBroker({ brokers, engines }: Settings, name: string, shared: boolean): Broker {
  const setting = brokers[name]!
  if (typeof setting === 'function') return setting()
  const key = `brokers.${name}`
  const { engine, config } = readBroker(setting, key, engines)
  if (shared || engine !== mqtt) return engine(config as never, key)
  const { clientId: _id, cleanStart: _start, sessionExpiry: _expiry, ...own } = config
  return mqtt(own, key)
}

/** What the configuration says of a broker that the engine `mqtt` makes; `undefined` of any other. */
export function mqttConfig({ brokers, engines }: Settings, name: string): BrokerConfig | undefined {
  const setting = brokers[name]!
  if (typeof setting === 'function') return undefined
  const { engine, config } = readBroker(setting, `brokers.${name}`, engines)
  return engine === mqtt ? (config as BrokerConfig) : undefined
}

/**
 * Where devices reach a broker, if that is not where the hub does: all else is as the configuration says.
 *
 * @throws {CommandFailure} If it is no URL of a broker.
 */
export function reachedAt(config: BrokerConfig, url: string | undefined): BrokerConfig {
  if (url === undefined) return config
  const { host: _host, port: _port, tls: _tls, ...rest } = config
  const { caCerts, certFile: _cert, keyFile: _key, ...plain } = rest
  const isSecure = /^(mqtts|wss):/.test(url)
  const reached = { ...plain, url, ...(isSecure && caCerts !== undefined && { caCerts }) }
  try {
    mqtt(reached, 'device-url')
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    const problem = error.message.replace(/^[^:]*: /, '')
    throw new CommandFailure(exitCode.misused, `--device-url: ${problem}`, { cause: error })
  }
  return reached
}

/** What somebody connects as, where it is not the hub. */
export interface Client {
  readonly username?: string
  readonly password?: string
  readonly clientId?: string
}

/** Makes a broker for somebody else: of the configuration it takes where the broker is, and certificates. */
export function brokerAs(config: BrokerConfig, { username, password, clientId }: Client): Broker {
  const { credentials: _, username: _user, password: _word, clientId: _id, ...rest } = config
  const { cleanStart: _start, sessionExpiry: _expiry, offlineQueue: _queue, ...network } = rest
  return mqtt({
    ...network,
    waitForBroker: false,
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(clientId !== undefined && { clientId }),
  })
}

/** The failure where a broker is asked for that there is not. @param user Who needs it, if anybody. */
export function unknownBroker({ brokers }: Settings, name: string, user = ''): CommandFailure {
  const known = `configured: ${Object.keys(brokers).join(', ')}`
  return new CommandFailure(exitCode.misused, `there is no broker "${name}"${user} (${known})`)
}

/** Waits for something of a broker. @throws {CommandFailure} Which names it, if it does not do it. */
export async function naming<T>(name: string, outcome: Promise<T>): Promise<T> {
  try {
    return await outcome
  } catch (error) {
    throw brokerFailure(name, error)
  }
}

/** What went wrong with which broker. Anything but an error of a broker is left as it is. */
export function brokerFailure(name: string, error: unknown): unknown {
  if (!(error instanceof BrokerError)) return error
  const problem = `broker "${name}": ${error.code}: ${error.message}`
  return new CommandFailure(exitCode.failed, problem, { cause: error })
}
