/**
 * Makes a fleet of its parts.
 *
 * @module
 */
import { clock } from '../base/clock.ts'
import { ConfigError } from '../base/errors.ts'
import { toPromise } from '../base/maybe-promise.ts'
import { memoryKeys } from '../base/memory-keys.ts'
import { passwordHasher } from '../credential/generated.ts'
import { passwordRehasher } from '../credential/rehashed.ts'
import { passwordSealer } from '../credential/sealed.ts'
import { tokenAuthority } from '../credential/token.ts'
import { passwordVerifier } from '../credential/verifier.ts'
import { listDevices } from '../device/query.ts'
import type { DeviceRecord } from '../device/store.ts'
import type { DeviceType } from '../device/type.ts'
import { checkName } from '../topic/name.ts'
import { DEFAULT_PREFIX } from '../topic/template.ts'
import { deviceAccount, serviceAccounts } from './accounts.ts'
import { Changes } from './changes.ts'
import { findFleetProblems } from './compatibility.ts'
import { Decisions } from './decisions.ts'
import { DeviceSource } from './devices.ts'
import { Directory } from './directory.ts'
import type { Fleet, FleetOptions } from './fleet.ts'
import { KnownPrincipals } from './known.ts'
import { loginCheck } from './login.ts'
import { FleetNames } from './names.ts'
import { checkFleetOptions } from './options.ts'
import { OtherProcesses } from './others.ts'
import { devicePasswords } from './passwords.ts'
import { Records } from './records.ts'
import { deviceRegistry } from './registry.ts'
import { loginRehash } from './rehash.ts'
import { ServiceSource } from './services.ts'
import { SharedFailures } from './shared-failures.ts'
import { TokenSource } from './token-source.ts'
import { FleetTypes } from './types.ts'

const DEFAULT_RULES_LIFETIME = 10
const MAX_RULES_LIFETIME = 3_600
/** Where no others are given: the 10,000 holders of tokens that logged in last are known at least. */
const OWN_KEYS = { size: 20_000 }

/**
 * Makes a fleet.
 *
 * @throws {ConfigError} If an option is unknown or missing, types share a name or overlapping topics,
 * or a setting is not valid.
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
export function createFleet<const Types extends readonly DeviceType[]>(
  options: FleetOptions<Types>,
): Fleet<Types> {
  checkFleetOptions(options)
  const { store, pepper, sealingKey, keys, feed } = options
  const prefix = checkName('prefix', options.prefix ?? DEFAULT_PREFIX)
  const hasher = passwordHasher(pepper)
  const rehasher = pepper === undefined ? undefined : passwordRehasher(pepper)
  const verifier = passwordVerifier(hasher, { rehasher })
  const sealer = sealingKey === undefined ? undefined : passwordSealer(sealingKey)
  const passwords = devicePasswords(hasher, sealer)
  const types = new FleetTypes(options.types, prefix)
  const services = new ServiceSource(options.services ?? [], { types, hasher, verifier })
  const isService = (username: string) => services.has(username)
  const rehash =
    options.rehash && rehasher ? loginRehash({ store, verifier, rehasher, sealer }) : undefined
  const devices = new DeviceSource({ store, types, verifier, isService, rehash })
  const tokens = pepper === undefined ? undefined : tokenAuthority(pepper, prefix)
  const forget = (username: string) => known.forget(username)
  const holders =
    tokens && new TokenSource({ tokens, keys: keys ?? memoryKeys(OWN_KEYS), prefix, forget })
  const directory = new Directory([services, ...(holders ? [holders] : [])], devices)
  const rulesLifetime = readLifetime(options.rulesLifetime)
  const find = (username: string) => directory.find(username)
  const principalOf = (record: DeviceRecord) => devices.principalOf(record)
  const known = new KnownPrincipals({ find, store, principalOf }, rulesLifetime * 1_000)
  const decisions = new Decisions(known)
  const records = new Records(store, forget)
  const names = new FleetNames(store, types, services)
  const others = feed && new OtherProcesses({ feed, keys })
  const changes = new Changes(others && ((change, ways) => others.announce(change, ways)))
  const checkLogin = loginCheck(directory, keys && new SharedFailures(keys, prefix))

  return {
    prefix,
    types: options.types,
    store,
    rulesLifetime,
    findPrincipal: async (username) => directory.find(username),
    forget,
    ...deviceRegistry({ store, records, types, names, passwords, changes }),
    list: (query) => listDevices(store, query),

    async lastState(type, id) {
      types.check(type)
      if (store.states) return store.states.read(type.name, id)
      throw new ConfigError('store.states', 'is missing: this store keeps no states')
    },

    onChange: (...listening) => changes.listen(...listening),
    authenticate: (login) => toPromise(() => checkLogin(login)),
    isActive: ({ type, id }) => known.isActive(type, id),
    brokerAccount: (record) => deviceAccount(record, devices, passwords),
    serviceAccounts: () => serviceAccounts(services, sealer),

    async watch(watchOptions) {
      if (others) return others.watch({ known, changes }, watchOptions)
      throw new ConfigError('feed', 'is missing: nothing tells what other processes change')
    },

    issueToken(tokenOptions) {
      if (!tokens) throw new ConfigError('pepper', 'is missing: tokens are signed under it')
      return tokens.issue(tokenOptions, clock().date())
    },

    compatibility: ({ facts }) => findFleetProblems(types, services, facts),

    authorize: (request) => decisions.authorize(request),
    findDenial: (request) => decisions.findDenial(request),
    explain: (request) => decisions.explain(request),
    type: (name) => types.named(name),
    topics: (type) => types.topics(type),
    route: (topic) => types.route(topic),
  }
}

function readLifetime(seconds = DEFAULT_RULES_LIFETIME): number {
  const isNumber = typeof seconds === 'number'
  if (isNumber && seconds >= 0 && seconds <= MAX_RULES_LIFETIME) return seconds
  throw new ConfigError('rulesLifetime', `must be 0 to ${MAX_RULES_LIFETIME} seconds`)
}
