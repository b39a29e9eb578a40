/**
 * Logins that are no devices.
 *
 * @module
 */
import { checkName } from '../device/name.ts'
import type { DeviceType } from '../device/type.ts'
import { ConfigError } from '../errors.ts'
import type { SecretHasher } from './credential.ts'
import { hubRules } from './default-rules.ts'
import type { Principal } from './principal.ts'
import { type AccessRule, checkRules } from './rule.ts'

/** A login that is no device, such as the hub's own. It is kept in memory only. */
export interface ServiceAccount {
  /** The MQTT user name: 1 to 128 characters, no `/`, `+`, `#`, no leading `$`. */
  readonly username: string
  /** At least 12 characters. */
  readonly password: string
  /** What it may do: rules, or `hub` for what a hub with the default share name needs. */
  readonly rules: 'hub' | readonly AccessRule[]
}

/** A checked service account. */
export interface CompiledService {
  readonly hash: string
  readonly principal: Principal
}

/**
 * Checks service accounts and hashes their passwords.
 *
 * @throws {ConfigError} If one is declared twice, or a setting is not valid.
 * @throws {InvalidNameError} If a user name is not a plain word.
 */
export function compileServices(
  services: readonly ServiceAccount[],
  types: readonly DeviceType[],
  prefix: string,
  hasher: SecretHasher,
): Map<string, CompiledService> {
  const compiled = new Map<string, CompiledService>()
  services.forEach(({ username, password, rules: declared }, i) => {
    checkName(`services.${i}.username`, username)
    if (compiled.has(username)) {
      throw new ConfigError(`services.${i}.username`, `"${username}" is declared twice`)
    }
    if (typeof password !== 'string' || password.length < 12) {
      throw new ConfigError(`services.${i}.password`, 'must have at least 12 characters')
    }
    if (declared !== 'hub' && !Array.isArray(declared)) {
      throw new ConfigError(`services.${i}.rules`, 'must be "hub" or a list of rules')
    }
    const rules: readonly AccessRule[] = declared === 'hub' ? hubRules(types, { prefix }) : declared
    checkRules(rules, `services.${i}.rules`)
    const principal: Principal = { kind: 'service', username, rules, values: { prefix, username } }
    compiled.set(username, { hash: hasher.hash(password), principal })
  })
  return compiled
}
