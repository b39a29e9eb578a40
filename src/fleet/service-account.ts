/**
 * Logins that are no devices.
 *
 * @module
 */
import { ConfigError } from '../base/errors.ts'
import { checkPasswordHash } from '../credential/format.ts'
import type { PasswordHasher } from '../credential/generated.ts'
import { hubRules } from '../device/default-rules.ts'
import type { DeviceType } from '../device/type.ts'
import { checkClientIds } from '../rule/client-id.ts'
import type { Principal } from '../rule/principal.ts'
import { type AccessRule, checkRules } from '../rule/rule.ts'
import { checkName } from '../topic/name.ts'

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
      /** At least 12 characters. */
      readonly password: string
      readonly passwordHash?: undefined
    }
  | {
      readonly password?: undefined
      /** Of `hashPassword`, of Django or of Mosquitto. */
      readonly passwordHash: string
    }

/** A checked service account. */
export interface CompiledService {
  readonly hash: string
  /** As it was declared, unless only its hash was. */
  readonly password: string | undefined
  readonly principal: Principal
}

/**
 * Checks service accounts and hashes the passwords among them.
 *
 * @throws {ConfigError} If one is declared twice, or a setting is not valid.
 * @throws {InvalidNameError} If a user name is not a plain word.
 */
export function compileServices(
  services: readonly ServiceAccount[],
  types: readonly DeviceType[],
  prefix: string,
  hasher: PasswordHasher,
): Map<string, CompiledService> {
  const compiled = new Map<string, CompiledService>()
  services.forEach(({ username, rules: declared, clientIds, ...secret }, i) => {
    checkName(`services.${i}.username`, username)
    if (compiled.has(username)) {
      throw new ConfigError(`services.${i}.username`, `"${username}" is declared twice`)
    }
    const hash = storedHash(`services.${i}`, secret, hasher)
    if (declared !== 'hub' && !Array.isArray(declared)) {
      throw new ConfigError(`services.${i}.rules`, 'must be "hub" or a list of rules')
    }
    const rules: readonly AccessRule[] = declared === 'hub' ? hubRules(types, { prefix }) : declared
    checkRules(rules, `services.${i}.rules`)
    if (clientIds !== undefined) checkClientIds(`services.${i}.clientIds`, clientIds)
    const attributes = { prefix, username }
    const own = clientIds && { clientIds: [...clientIds] }
    const principal: Principal = { kind: 'service', username, rules, attributes, ...own }
    compiled.set(username, { hash, password: secret.password, principal })
  })
  return compiled
}

function storedHash(
  key: string,
  { password, passwordHash }: ServicePassword,
  hasher: PasswordHasher,
): string {
  if (passwordHash !== undefined) {
    if (password !== undefined) {
      throw new ConfigError(
        `${key}.passwordHash`,
        'stands beside a password: only one can be right',
      )
    }
    return checkPasswordHash(`${key}.passwordHash`, passwordHash)
  }
  if (typeof password !== 'string' || password.length < 12) {
    throw new ConfigError(`${key}.password`, 'must have at least 12 characters')
  }
  return hasher.hash(password)
}
