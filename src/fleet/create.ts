/**
 * Makes a fleet of its parts.
 *
 * @module
 */
import { ConfigError } from '../base/errors.ts'
import { passwordHasher } from '../credential/generated.ts'
import { passwordSealer } from '../credential/sealed.ts'
import { checkNoTokenUsername, isTokenUsername, tokenAuthority } from '../credential/token.ts'
import { passwordVerifier } from '../credential/verifier.ts'
import { newestCredential } from '../device/credentials.ts'
import { deviceRules } from '../device/default-rules.ts'
import { recordedPrincipal } from '../device/principal.ts'
import type { DeviceRecord } from '../device/store.ts'
import { compileTemplates } from '../device/templates.ts'
import type { DeviceType } from '../device/type.ts'
import { findIncompatibilities, findSessionProblem, type RuleOwner } from '../rule/compatibility.ts'
import { UNKNOWN_PRINCIPAL } from '../rule/decision.ts'
import { explainDecision } from '../rule/explain.ts'
import type { Principal } from '../rule/principal.ts'
import { parseTopicName } from '../topic/filter.ts'
import { checkName, findNameProblem, isUsername } from '../topic/name.ts'
import { DEFAULT_PREFIX } from '../topic/template.ts'
import { activeDevices } from './active-devices.ts'
import type { Fleet, FleetOptions, NamedAccessRequest } from './fleet.ts'
import { isAnothersName } from './listed-ids.ts'
import { loginCheck } from './login.ts'
import { devicePasswords } from './passwords.ts'
import { principalCache } from './principal-cache.ts'
import { deviceRegistry } from './registry.ts'
import { compileServices } from './service-account.ts'

const DEFAULT_RULES_LIFETIME = 10
const MAX_RULES_LIFETIME = 3_600

/**
 * Makes a fleet.
 *
 * @throws {ConfigError} If types share a name or overlapping topics, or a setting is not valid.
 * @throws {InvalidNameError} If the prefix or a service's user name is not a plain word, or that
 * name begins with `token:`.
 *
 * @example
 * ```ts
 * import { createFleet, defineDeviceType, memoryStore } from 'devicehub'
 * import * as v from 'valibot'
 *
 * const pump = defineDeviceType('pump', { data: v.object({ rpm: v.number() }) })
 * const fleet = createFleet({ types: [pump], store: memoryStore() })
 * const { username, password } = await fleet.provision(pump, 'P-1')
 * ```
 */
export function createFleet(options: FleetOptions): Fleet {
  const { types, store } = options
  const prefix = checkName('prefix', options.prefix ?? DEFAULT_PREFIX)
  const hasher = passwordHasher(options.pepper)
  const sealer = options.sealingKey === undefined ? undefined : passwordSealer(options.sealingKey)
  const secrets = devicePasswords(hasher, sealer)
  const tokens = options.pepper === undefined ? undefined : tokenAuthority(options.pepper, prefix)
  const templates = compileTemplates(types, prefix)
  const byName = new Map(types.map((type) => [type.name, type]))
  const defaults = new Map(types.map((t) => [t.name, [...deviceRules(t, prefix), ...t.rules]]))
  const services = compileServices(options.services ?? [], types, prefix, hasher)
  const names = {
    isService: (username: string) => services.has(username),
    isType: (name: string) => byName.has(name),
  }
  const serviceIds = new Set<string>()
  for (const [i, [username, { principal }]] of [...services].entries()) {
    const key = `services.${i}.username`
    checkNoTokenUsername(key, username)
    // It would be the parent of every user name of that type: see `provision`.
    if (byName.has(username)) throw new ConfigError(key, 'is the name of a device type')
    for (const [n, clientId] of (principal.clientIds ?? []).entries()) {
      if (isAnothersName(clientId, username, names) || serviceIds.has(clientId)) {
        throw new ConfigError(`services.${i}.clientIds.${n}`, 'is that of another login')
      }
      serviceIds.add(clientId)
    }
  }
  const rulesLifetime = readLifetime(options.rulesLifetime)
  const lifetime = rulesLifetime * 1_000
  const known = principalCache(lifetime)
  const active = activeDevices(store, lifetime)

  function forget(username: string): void {
    known.forget(username)
    active.forget(username)
  }

  function checkType(type: DeviceType): void {
    if (byName.get(type.name) !== type) {
      throw new ConfigError('types', `the device type "${type.name}" is not one of this fleet`)
    }
  }

  function devicePrincipal(record: DeviceRecord): Principal | undefined {
    const rules = defaults.get(record.type)
    return rules && recordedPrincipal(record, rules, prefix)
  }

  async function findRecord(username: string): Promise<DeviceRecord | undefined> {
    // A device whose record came from elsewhere does not get the name of a token either.
    if (!isUsername(username) || isTokenUsername(username)) return undefined
    return store.findByUsername(username)
  }

  async function findPrincipal(username: string): Promise<Principal | undefined> {
    const service = services.get(username)
    if (service) return service.principal
    if (isTokenUsername(username)) return tokens?.find(username, Date.now())
    const record = await findRecord(username)
    return record && devicePrincipal(record)
  }

  /** At once, where it is kept: brokers that ask about each message wait for nothing else. */
  function findKnown({ username, clientId }: NamedAccessRequest) {
    return username
      ? known.find(username, clientId, () => findPrincipal(username), Date.now())
      : undefined
  }

  return {
    prefix,
    types,
    store,
    rulesLifetime,
    findPrincipal,
    forget,
    ...deviceRegistry({
      store,
      secrets,
      templates,
      names,
      isServiceId: (clientId) => serviceIds.has(clientId),
      checkType,
      forget,
    }),
    authenticate: loginCheck({
      services,
      tokens,
      verifier: passwordVerifier(hasher),
      findRecord,
      principalOf: devicePrincipal,
    }),

    isActive: ({ type, id }) => active.has(type, id, Date.now()),

    brokerAccount(record) {
      const { username } = record
      if (services.has(username) || isTokenUsername(username)) return undefined
      const principal = devicePrincipal(record)
      const credential = newestCredential(record, Date.now())
      if (!principal || !credential) return undefined
      return {
        principal,
        credentialId: credential.id,
        hash: credential.hash,
        openPassword: () => secrets.open(record, credential),
      }
    },

    serviceAccounts() {
      return [...services.values()].map(({ principal, hash, password }) => {
        return {
          principal,
          credentialId: sealer?.mark(`${principal.username} ${password ?? hash}`) ?? 'service',
          hash,
          openPassword: async () => (sealer ? password : undefined),
        }
      })
    },

    issueToken(tokenOptions) {
      if (!tokens) throw new ConfigError('pepper', 'is missing: tokens are signed under it')
      return tokens.issue(tokenOptions, Date.now())
    },

    compatibility({ facts }) {
      const owners: RuleOwner[] = types.map(({ name }) => {
        return {
          kind: 'type',
          name,
          rules: defaults.get(name)!,
          attributes: { prefix, type: name },
        }
      })
      for (const { principal } of services.values()) {
        const { username: name, rules, attributes } = principal
        owners.push({ kind: 'service', name, rules, attributes })
      }
      const session = findSessionProblem(prefix, facts)
      return [...findIncompatibilities(owners, facts), ...(session ? [session] : [])]
    },

    async authorize(request) {
      const found = findKnown(request)
      const principal = found instanceof Promise ? await found : found
      return principal?.access.decide(request) ?? UNKNOWN_PRINCIPAL
    },

    async explain(request) {
      const principal = (await findKnown(request))?.principal
      return explainDecision(principal, request, request.username)
    },

    topics(type) {
      checkType(type)
      return templates.get(type.name)!
    },

    route(topic) {
      const levels = parseTopicName(topic)
      for (const type of types) {
        const found = templates.get(type.name)!.parse(levels)
        // No device has an id that is none, so such a topic is nobody's.
        if (found) return findNameProblem(found.deviceId) ? undefined : { type, ...found }
      }
      return undefined
    },
  }
}

function readLifetime(seconds = DEFAULT_RULES_LIFETIME): number {
  const isNumber = typeof seconds === 'number'
  if (isNumber && seconds >= 0 && seconds <= MAX_RULES_LIFETIME) return seconds
  throw new ConfigError('rulesLifetime', `must be 0 to ${MAX_RULES_LIFETIME} seconds`)
}
