/**
 * Brokers' settings from environment variables: `DEVICEHUB_BROKERS_<NAME>_<KEY>`, where the name
 * and the key are in capitals with `_` between words.
 *
 * @module
 */
import { ConfigError } from '../../../src/base/errors.ts'
import type { Broker } from '../../../src/broker/broker.ts'
import type { BrokerEngines, NamedBroker } from '../../../src/broker/engine.ts'
import { CommandFailure, exitCode } from '../failure.ts'
import { checkBroker, OWN_ENGINES } from './engines.ts'

const PREFIX = 'DEVICEHUB_BROKERS_'

/** The brokers of a configuration; those given by a URL have become data. */
export type BrokerSettings = Readonly<Record<string, NamedBroker | (() => Broker)>>

/** Variables by name, as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>

/** Checks a broker's settings, which stand at a key. @throws {ConfigError} If they are not valid. */
type Check = (broker: NamedBroker, key: string) => void

/** The wrong variable. Its value is not repeated: it may be a password. */
function variableFailure(variable: string, problem: string): CommandFailure {
  return new CommandFailure(exitCode.misused, `${variable}: ${problem}`)
}

/**
 * Replaces single keys of brokers by what the environment says, and checks the outcome.
 *
 * @throws {CommandFailure} If a variable names no broker, or none given as data, or a key that
 * there is not, or its value is not valid: with the variable's name.
 * @throws {ConfigError} If two brokers have one name in capitals, or a broker is not valid.
 */
export function applyEnvironment(
  brokers: BrokerSettings,
  env: Environment,
  engines: BrokerEngines = OWN_ENGINES,
): BrokerSettings {
  const check: Check = (broker, key) => checkBroker(broker, key, engines)
  const names = variableNames(brokers)
  const overrides = new Map<string, Map<string, string>>()
  for (const variable of Object.keys(env).sort()) {
    if (!variable.startsWith(PREFIX) || env[variable] === undefined) continue
    const name = findBroker(names, variable)
    if (typeof brokers[name] === 'function') {
      throw variableFailure(variable, `the broker "${name}" is made by a function: no key of it`)
    }
    const key = variable.slice(`${PREFIX}${toVariable(name)}_`.length)
    const keys = overrides.get(name) ?? new Map()
    overrides.set(name, keys.set(toKey(key), variable))
  }
  return Object.fromEntries(
    Object.entries(brokers).map(([name, broker]) => {
      if (typeof broker === 'function') return [name, broker]
      return [name, override(name, broker, overrides.get(name) ?? new Map(), env, check)]
    }),
  )
}

/** Broker names by what they are called in variables, the longest first. */
function variableNames(brokers: BrokerSettings): ReadonlyMap<string, string> {
  const names = new Map<string, string>()
  for (const name of Object.keys(brokers)) {
    const other = names.get(toVariable(name))
    if (other !== undefined) {
      const both = `both it and "${other}" are ${PREFIX}${toVariable(name)} in the environment`
      throw new ConfigError(`brokers.${name}`, both)
    }
    names.set(toVariable(name), name)
  }
  return new Map([...names].sort(([a], [b]) => b.length - a.length))
}

function findBroker(names: ReadonlyMap<string, string>, variable: string): string {
  for (const [capitals, name] of names) {
    if (variable.startsWith(`${PREFIX}${capitals}_`)) return name
  }
  throw variableFailure(variable, `names no broker: there is ${[...names.values()].join(', ')}`)
}

function override(
  name: string,
  broker: NamedBroker,
  variables: ReadonlyMap<string, string>,
  env: Environment,
  check: Check,
): NamedBroker {
  const where = `brokers.${name}`
  let config = broker
  if (variables.has('url')) {
    const { host: _host, port: _port, ...rest } = config
    config = rest
  }
  for (const [key, variable] of variables) config = set(config, key, env[variable]!, check)
  try {
    check(config, where)
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    const variable = variables.get(error.key.slice(where.length + 1))
    if (variable === undefined) throw error
    throw variableFailure(variable, error.message.slice(error.key.length + 2))
  }
  return config
}

/** Takes a value as text, or as the number or truth value it reads as where text is refused. */
function set(config: NamedBroker, key: string, text: string, check: Check): NamedBroker {
  const asText = { ...config, [key]: text }
  if (!isRefused(asText, key, check)) return asText
  const asLiteral = { ...config, [key]: readLiteral(text) }
  return isRefused(asLiteral, key, check) ? asText : asLiteral
}

function isRefused(config: NamedBroker, key: string, check: Check): boolean {
  try {
    check(config, 'broker')
    return false
  } catch (error) {
    return error instanceof ConfigError && error.key === `broker.${key}`
  }
}

function readLiteral(text: string): unknown {
  return /^(true|false|\d+)$/.test(text) ? JSON.parse(text) : text
}

function toVariable(name: string): string {
  return name.replace(/[^A-Za-z0-9]+/g, '_').toUpperCase()
}

function toKey(capitals: string): string {
  return capitals.toLowerCase().replace(/_([a-z0-9])/g, (_, first: string) => first.toUpperCase())
}
