/**
 * Logins that are no devices.
 *
 * @module
 */
import type { AccessRule } from '../rule/rule.ts'

/** A login that is no device, such as the hub's own. It is kept in memory only. */
export type ServiceAccount = ServiceAccountBase & ServicePassword

/** What every service account has. */
export interface ServiceAccountBase {
  /** The MQTT user name: 1 to 128 characters, no `/`, `+`, `#`, no leading `$`. */
  readonly username: string
  /** What it may do: rules, or `hub` for what a hub with the default share name needs. */
  readonly rules: 'hub' | readonly AccessRule[]
  /** Client ids from elsewhere that are its own, as those of a device: see `DeviceSettings`. */
  readonly clientIds?: readonly string[]
}

/** The password of a service account, or its hash. */
export type ServicePassword =
  | {
      readonly password?: undefined
      /** Of `hashPassword`, of Django or of Mosquitto. */
      readonly passwordHash: string
    }
  // The last one is what the compiler asks for where there is neither.
  | {
      /** At least 12 characters. */
      readonly password: string
      readonly passwordHash?: undefined
    }
