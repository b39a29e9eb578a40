/**
 * The configuration of the `devicehub` command, as a module writes it.
 *
 * Importing this module loads nothing: neither the command nor any package.
 *
 * @module
 */

import type { Broker } from '../../src/broker/broker.ts'
import type { BrokerEngines, NamedBroker } from '../../src/broker/engine.ts'
import type { DeviceStore } from '../../src/device/store.ts'
import type { DeviceType } from '../../src/device/type.ts'
import type { Fleet } from '../../src/fleet/fleet.ts'
import type { Kick } from '../../src/fleet/kick.ts'
import type { BrokerConfig } from '../mqtt/options.ts'

/** A broker of the engine `mqtt`. */
export interface MqttSetting extends BrokerConfig {
  readonly engine?: 'mqtt'
  readonly product?: string
}

/** A broker of an engine of the user's: its keys are what that engine takes. */
export interface EngineSetting extends NamedBroker {
  /** One of {@link CommonConfig.engines}. */
  readonly engine: string
}

/**
 * A named broker: plain data, the URL alone, or a function that makes a {@link Broker}. The function
 * is called once, when the broker is to be connected.
 */
export type BrokerSetting = MqttSetting | EngineSetting | string | (() => Broker)

/** What every configuration may have. */
export interface CommonConfig {
  /**
   * The brokers by name; every broker that a device type names must be here. Environment variables
   * `DEVICEHUB_BROKERS_<NAME>_<KEY>` replace single keys of those given as data or URL.
   * Default: `{ default: {} }`, which is `localhost` over TCP on port 1883.
   */
  readonly brokers?: Readonly<Record<string, BrokerSetting>>
  /**
   * Engines by name beside `mqtt`, which makes a broker where nothing else is said. One is called to
   * check what a broker's data says, several times over, and once more to connect. Default: none.
   */
  readonly engines?: BrokerEngines
  /**
   * What ends sessions at your brokers, by name, such as `emqxKick` makes: `devicehub devices kick` calls
   * all of them. Default: none.
   */
  readonly kicks?: Readonly<Record<string, Kick>>
}

/** A configuration with the team's own fleet: devices that are not in its store are rejected. */
export interface FleetConfig extends CommonConfig {
  readonly fleet: Fleet
  readonly types?: never
  readonly prefix?: never
  readonly store?: never
}

/** A configuration with the device types, and where their devices are on record. */
export interface TypesConfig extends CommonConfig {
  readonly fleet?: never
  /** The declared device types. Their topics must not overlap. */
  readonly types: readonly DeviceType[]
  /** First level of every topic. Default: `things`. */
  readonly prefix?: string
  /**
   * Where their devices are on record: a store, such as `sqlStore` of `devicehub/sql` makes, or the path
   * of a SQLite file, relative to the configuration's folder. `devicehub dev` puts its simulated devices
   * there, too. Default: nowhere, every device of the types counts as provisioned.
   */
  readonly store?: DeviceStore | string
}

/** What `devicehub.config.ts` and its like export as default. */
export type DeviceHubConfig = FleetConfig | TypesConfig

/**
 * Types a configuration; returns it as it is. It is checked when the command reads it: an unknown
 * key, or a value of the wrong kind, is an error that names the key and the file.
 *
 * @example
 * ```ts
 * import { defineDeviceType } from 'devicehub'
 * import { defineConfig } from 'devicehub/cli'
 * import * as v from 'valibot'
 *
 * const pump = defineDeviceType('pump', { data: v.object({ rpm: v.number() }) })
 *
 * export default defineConfig({
 *   types: [pump],
 *   brokers: { default: { host: 'mqtt.internal', username: 'hub' } },
 * })
 * ```
 */
export function defineConfig(config: DeviceHubConfig): DeviceHubConfig {
  return config
}
