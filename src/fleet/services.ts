/**
 * Service accounts, logins that are no devices, as a source of principals.
 *
 * @module
 */
import { ConfigError } from '../base/errors.ts'
import { andThen, type MaybePromise } from '../base/maybe-promise.ts'
import { checkOptions } from '../base/options.ts'
import { checkPasswordHash } from '../credential/format.ts'
import type { PasswordHasher } from '../credential/generated.ts'
import { checkNoTokenUsername } from '../credential/token.ts'
import type { PasswordVerifier } from '../credential/verifier.ts'
import { hubRules } from '../device/default-rules.ts'
import { checkClientIds } from '../rule/client-id.ts'
import { type Principal, withClientId } from '../rule/principal.ts'
import { type AccessRule, checkRules } from '../rule/rule.ts'
import { checkName } from '../topic/name.ts'
import type { Found, LoginAttempt, PrincipalSource } from './directory.ts'
import type { LoginDenial } from './fleet.ts'
import { isLoginName } from './listed-ids.ts'
import type { ServiceAccount, ServicePassword } from './service-account.ts'
import type { FleetTypes } from './types.ts'

/** A checked service account. */
export interface CompiledService {
  readonly hash: string
  /** As it was declared, unless only its hash was. */
  readonly password: string | undefined
  readonly principal: Principal
}

/** What {@link ServiceSource} takes beside the accounts. */
export interface ServiceSourceOptions {
  readonly types: FleetTypes
  readonly hasher: PasswordHasher
  readonly verifier: PasswordVerifier
}

/** The service accounts of one fleet. */
export class ServiceSource implements PrincipalSource {
  readonly #verifier: PasswordVerifier
  readonly #services: ReadonlyMap<string, CompiledService>
  readonly #clientIds: ReadonlySet<string>

  /**
   * @throws {ConfigError} If one is declared twice, or a setting is not valid.
   * @throws {InvalidNameError} If a user name is not a plain word, or begins with `token:`.
   */
  constructor(services: readonly ServiceAccount[], options: ServiceSourceOptions) {
    this.#verifier = options.verifier
    this.#services = compileServices(services, options)
    this.#clientIds = readClientIds(this, options.types)
  }

  has(username: string): boolean {
    return this.#services.has(username)
  }

  login(login: LoginAttempt): MaybePromise<Principal | LoginDenial> {
    const { username, password, clientId, attempt } = login
    const { hash, principal } = this.#services.get(username)!
    const verdict = this.#verifier.verify(username, password, [hash], attempt)
    return andThen(verdict, (known) => {
      if (typeof known === 'string') return known
      return known ? withClientId(principal, clientId) : 'password-wrong'
    })
  }

  find(username: string): Found | undefined {
    return this.#services.get(username)
  }

  /** All of them, in the order in which they were declared. */
  all(): readonly CompiledService[] {
    return [...this.#services.values()]
  }

  /** Whether a client id is in the list of one of them. */
  hasClientId(clientId: string): boolean {
    return this.#clientIds.has(clientId)
  }
}

const OPTIONS: Readonly<Record<keyof ServiceAccount, true>> = {
  username: true,
  rules: true,
  clientIds: true,
  password: true,
  passwordHash: true,
}

function compileServices(
  services: readonly ServiceAccount[],
  { types, hasher }: ServiceSourceOptions,
): Map<string, CompiledService> {
  const compiled = new Map<string, CompiledService>()
  const { prefix } = types
  services.forEach((service, i) => {
    const key = `services.${i}`
    checkOptions(service, OPTIONS, key)
    const { username, rules: declared, clientIds, ...given } = service
    checkName(`${key}.username`, username)
    if (compiled.has(username)) {
      throw new ConfigError(`${key}.username`, `"${username}" is declared twice`)
    }
    const hash = storedHash(key, given, hasher)
    if (declared !== 'hub' && !Array.isArray(declared)) {
      throw new ConfigError(`${key}.rules`, 'must be "hub" or a list of rules')
    }
    const rules: readonly AccessRule[] =
      declared === 'hub' ? hubRules(types.all, { prefix }) : declared
    checkRules(rules, `${key}.rules`)
    if (clientIds !== undefined) checkClientIds(`${key}.clientIds`, clientIds)
    checkNoTokenUsername(`${key}.username`, username)
    // It would be the parent of every user name of that type: see `Fleet.provision`.
    if (types.has(username))
      throw new ConfigError(`${key}.username`, 'is the name of a device type')
    const attributes = { prefix, username }
    const own = clientIds && { clientIds: [...clientIds] }
    const principal: Principal = { kind: 'service', username, rules, attributes, ...own }
    compiled.set(username, { hash, password: given.password, principal })
  })
  return compiled
}

/** Their client ids from elsewhere. @throws {ConfigError} If one is that of another login. */
function readClientIds(services: ServiceSource, types: FleetTypes): ReadonlySet<string> {
  const taken = new Set<string>()
  for (const [i, { principal }] of services.all().entries()) {
    const { username, clientIds = [] } = principal
    for (const [n, clientId] of clientIds.entries()) {
      if (clientId === username) continue
      if (isLoginName(clientId, services, types) || taken.has(clientId)) {
        throw new ConfigError(`services.${i}.clientIds.${n}`, 'is that of another login')
      }
      taken.add(clientId)
    }
  }
  return taken
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
  if (password === undefined || password === '') {
    throw new ConfigError(
      `${key}.password`,
      'is missing: give one of at least 12 characters, or a passwordHash',
    )
  }
  if (typeof password !== 'string' || password.length < 12) {
    throw new ConfigError(`${key}.password`, 'must have at least 12 characters')
  }
  return hasher.hash(password)
}
