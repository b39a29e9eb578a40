/**
 * What a configuration says, checked.
 *
 * @module
 */

import { ConfigError } from '../../../src/base/errors.ts'
import type { BrokerEngines } from '../../../src/broker/engine.ts'
import { memoryStore } from '../../../src/device/memory-store.ts'
import type { DeviceRecord, DeviceStore } from '../../../src/device/store.ts'
import type { DeviceType } from '../../../src/device/type.ts'
import { createFleet } from '../../../src/fleet/create.ts'
import type { Fleet } from '../../../src/fleet/fleet.ts'
import type { Kick } from '../../../src/fleet/kick.ts'
import { openStore, readStore, type StoreSetting } from '../store/setting.ts'
import { readEngines } from './engines.ts'
import { applyEnvironment, type BrokerSettings, type Environment } from './environment.ts'

/** A checked configuration. */
export interface Settings {
  /** The team's fleet, or one of its device types in which every device counts as provisioned. */
  readonly fleet: Fleet
  /** Where those devices are on record, if that is said beside the device types. */
  readonly store: StoreSetting | undefined
  /** Whether the fleet is the team's. */
  readonly isFleetGiven: boolean
  readonly brokers: BrokerSettings
  /** Those that the brokers may name. */
  readonly engines: BrokerEngines
  /** What ends sessions at brokers, by name. */
  readonly kicks: Readonly<Record<string, Kick>>
}

const KEYS: readonly string[] = ['fleet', 'types', 'prefix', 'store', 'brokers', 'engines', 'kicks']

/**
 * Checks a configuration.
 *
 * @param folder What paths in it are relative to.
 * @throws {ConfigError} With the key at fault.
 * @throws {CommandFailure} If an environment variable is at fault.
 */
export function checkSettings(config: unknown, env: Environment, folder: string): Settings {
  if (!isObject(config)) throw new ConfigError('default export', 'must be an object')
  const unknown = Object.keys(config).find((key) => !KEYS.includes(key))
  if (unknown !== undefined) {
    throw new ConfigError(unknown, `is not a setting: there is ${KEYS.join(', ')}`)
  }
  const { brokers = { default: {} } } = config
  const fleet = readFleet(config)
  const store = config.store === undefined ? undefined : readStore(config.store, folder)
  const engines = readEngines(config.engines)
  return {
    fleet,
    store,
    isFleetGiven: config.fleet !== undefined,
    brokers: applyEnvironment(readBrokers(brokers), env, engines),
    engines,
    kicks: readKicks(config.kicks),
  }
}

function readKicks(kicks: unknown = {}): Readonly<Record<string, Kick>> {
  if (!isObject(kicks)) throw new ConfigError('kicks', 'must be an object of functions by name')
  const other = Object.keys(kicks).find((name) => typeof kicks[name] !== 'function')
  if (other === undefined) return kicks as Readonly<Record<string, Kick>>
  throw new ConfigError(
    `kicks.${other}`,
    'must be a function that ends the sessions of a user name',
  )
}

/**
 * The fleet with the devices that are on record: that of the settings, or over the store that stands
 * beside the device types.
 *
 * @throws {CommandFailure} If that is a file that cannot be opened.
 */
export async function openFleet({ fleet, store: setting }: Settings): Promise<Fleet> {
  if (!setting) return fleet
  const { store } = await openStore(setting, 'read')
  return createFleet({ types: fleet.types, store, prefix: fleet.prefix })
}

function readFleet(config: Readonly<Record<string, unknown>>): Fleet {
  const { fleet, types, prefix, store } = config
  if (fleet !== undefined) {
    if (!isFleet(fleet)) throw new ConfigError('fleet', 'must be what createFleet returns')
    for (const [key, value] of Object.entries({ types, prefix, store })) {
      if (value !== undefined) throw new ConfigError(key, 'cannot be given beside fleet')
    }
    return fleet
  }
  if (types === undefined) throw new ConfigError('types', 'is missing, and so is fleet: give one')
  if (!Array.isArray(types) || !types.every(isDeviceType)) {
    throw new ConfigError('types', 'must be a list of what defineDeviceType returns')
  }
  if (prefix !== undefined && typeof prefix !== 'string') {
    throw new ConfigError('prefix', 'must be a string')
  }
  return createFleet({ types, store: everyDevice(), ...(prefix !== undefined && { prefix }) })
}

function readBrokers(brokers: unknown): BrokerSettings {
  if (!isObject(brokers)) throw new ConfigError('brokers', 'must be an object of brokers by name')
  const entries = Object.entries(brokers)
  if (entries.length === 0) throw new ConfigError('brokers', 'must name a broker')
  return Object.fromEntries(
    entries.map(([name, broker]) => {
      if (typeof broker === 'string') return [name, { url: broker }]
      if (typeof broker === 'function') return [name, broker as BrokerSettings[string]]
      if (isObject(broker)) return [name, broker]
      throw new ConfigError(`brokers.${name}`, 'must be an object, a URL or a function')
    }),
  )
}

/** A store that has every device there could be, each under its usual user name. */
function everyDevice(): DeviceStore {
  return {
    ...memoryStore(),
    get: async (type, id) => recordOf(type, id),
    async findByUsername(username) {
      const [type = '', ...id] = username.split('/')
      return recordOf(type, id.join('/'))
    },
  }
}

function recordOf(type: string, id: string): DeviceRecord {
  return {
    type,
    id,
    username: `${type}/${id}`,
    credentials: [],
    rules: [],
    attributes: {},
    revoked: false,
    createdAt: 0,
    revision: 1,
  }
}

// By their shape: the user's module may have loaded a copy of this library of its own.
function isFleet(value: unknown): value is Fleet {
  return isObject(value) && Array.isArray(value.types) && typeof value.route === 'function'
}

function isDeviceType(value: unknown): value is DeviceType {
  return isObject(value) && typeof value.name === 'string' && typeof value.template === 'string'
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
