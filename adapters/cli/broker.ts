/**
 * The brokers of a configuration, as the verbs use them: their errors name them.
 *
 * @module
 */
import { BrokerError } from '../../src/base/errors.ts'
import type { Broker } from '../../src/broker/broker.ts'
import { readBroker } from '../../src/broker/engine.ts'
import { mqtt } from '../mqtt/index.ts'
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
