/**
 * The engines of a configuration: `mqtt`, and those that the user adds.
 *
 * @module
 */
import { ConfigError } from '../../../src/base/errors.ts'
import { type BrokerEngines, readBroker } from '../../../src/broker/engine.ts'
import { mqtt } from '../../mqtt/index.ts'
import { firstLine } from '../failure.ts'

/** The engine that is always there. */
export const OWN_ENGINES: BrokerEngines = { mqtt }

/** Reads the key `engines`. @throws {ConfigError} With the key at fault. */
export function readEngines(engines: unknown = {}): BrokerEngines {
  if (typeof engines !== 'object' || engines === null || Array.isArray(engines)) {
    throw new ConfigError('engines', 'must be an object of functions by name')
  }
  for (const [name, engine] of Object.entries(engines)) {
    if (Object.hasOwn(OWN_ENGINES, name)) {
      throw new ConfigError(`engines.${name}`, 'is there already: give yours another name')
    }
    if (typeof engine !== 'function') {
      throw new ConfigError(`engines.${name}`, 'must be a function that makes a broker')
    }
  }
  return { ...OWN_ENGINES, ...engines }
}

/**
 * Checks a broker's settings.
 *
 * @param key Where they stand, such as `brokers.default`.
 * @throws {ConfigError} If they are not valid, whatever the engine throws.
 */
export function checkBroker(settings: unknown, key: string, engines: BrokerEngines): void {
  const { engine, config } = readBroker(settings, key, engines)
  try {
    engine(config as never, key)
  } catch (error) {
    throw toConfigError(error, key)
  }
}

// By its shape: the user's module may have loaded a copy of this library of its own.
function toConfigError(error: unknown, key: string): ConfigError {
  const { code, key: named } = error as { readonly code?: unknown; readonly key?: unknown }
  const message = firstLine(error)
  if (code !== 'ERR_CONFIG' || typeof named !== 'string') {
    return new ConfigError(key, message, { cause: error })
  }
  return new ConfigError(named, message.slice(named.length + 2), { cause: error })
}
