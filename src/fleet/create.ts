/**
 * Makes a fleet of its parts.
 *
 * @module
 */
import { clock } from '../base/clock.ts'
import { ConfigError } from '../base/errors.ts'
import { orElse } from '../base/maybe-promise.ts'
import { memoryKeys } from '../base/memory-keys.ts'
import { quietLog } from '../base/quiet-log.ts'
import { passwordHasher } from '../credential/generated.ts'
import { pepperMarks } from '../credential/pepper-mark.ts'
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
import { toldLogin, toldQuestions } from './denials.ts'
import { DeniedListeners } from './denied.ts'
import { DeviceSource } from './devices.ts'
import { Directory, type Found } from './directory.ts'
import type { Fleet, FleetOptions } from './fleet.ts'
import { setHearing } from './hearing.ts'
import { KnownPrincipals } from './known.ts'
import { LastLogins } from './last-logins.ts'
import { loginCheck } from './login.ts'
import { FleetNames } from './names.ts'
import { observedLogin, observedQuestions } from './observed.ts'
import { harmless } from './observer.ts'
import { checkFleetOptions } from './options.ts'
import { OtherProcesses } from './others.ts'
import { devicePasswords } from './passwords.ts'
import { countPeppers } from './pepper-use.ts'
import { Records } from './records.ts'
import { deviceRegistry } from './registry.ts'
import { loginRehash } from './rehash.ts'
import { revokeTokens } from './revoke-tokens.ts'
import { ServiceSource } from './services.ts'
import { SharedFailures } from './shared-failures.ts'
import { TokenRevocations } from './token-revocations.ts'
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
  const log = quietLog(options.logger ?? console)
  const marks = pepperMarks(pepper)
  const hasOlder = Array.isArray(pepper) && pepper.length > 1
  const rehash =
    rehasher && (options.rehash || hasOlder)
      ? loginRehash({
          ...{ store, verifier, hasher, rehasher, sealer, log },
          chosen: options.rehash ?? false,
          marks: hasOlder ? marks : undefined,
        })
      : undefined
  const logins = store.states && new LastLogins(store.states, log)
  const devices = new DeviceSource({ store, types, verifier, isService, rehash, logins })
  const tokens = pepper === undefined ? undefined : tokenAuthority(pepper, prefix)
  const forget = (username: string) => known.forget(username)
  const heldKeys = keys ?? memoryKeys(OWN_KEYS)
  const revocations = tokens && new TokenRevocations(heldKeys, prefix)
  const holders =
    revocations && new TokenSource({ tokens, keys: heldKeys, revocations, prefix, forget })
  const directory = new Directory([services, ...(holders ? [holders] : [])], devices)
  const rulesLifetime = readLifetime(options.rulesLifetime)
  const find = (username: string, past?: Found) => directory.find(username, past)
  const foundBy = (record: DeviceRecord) => devices.foundBy(record)
  const known = new KnownPrincipals({ find, store, foundBy }, rulesLifetime * 1_000)
  const decisions = new Decisions(known)
  const records = new Records(store, forget)
  const names = new FleetNames(store, types, services)
  const others = feed && new OtherProcesses(feed)
  const changes = new Changes(others && ((change, ways) => others.announce(change, ways)))
  const { tracing } = options
  const observer = options.observer && harmless(options.observer)
  const shared = keys && new SharedFailures(keys, prefix)
  const check = loginCheck(directory, shared)
  const denied = new DeniedListeners()
  const checkLogin = toldLogin(observer ? observedLogin(check, observer) : check, denied)
  const questions = observer ? observedQuestions(decisions, observer) : decisions

  const fleet: Fleet<Types> = {
    prefix,
    types: options.types,
    store,
    rulesLifetime,
    ...(observer && { observer }),
    ...(tracing && { tracing }),
    findPrincipal: async (username) => (await directory.find(username))?.principal,
    forget,
    ...deviceRegistry({ store, records, types, names, passwords, changes }),
    list: (query) => listDevices(store, query),

    async lastState(type, id) {
      types.check(type)
      if (store.states) return store.states.read(type.name, id)
      throw new ConfigError('store.states', 'is missing: this store keeps no states')
    },

    pepperOf: ({ hash }) => marks(hash),
    pepperUse: () => countPeppers(store, marks),

    onChange: (...listening) => changes.listen(...listening),
    authenticate: (login) =>
      orElse(
        () => checkLogin(login),
        (error) => Promise.reject(error),
      ),
    isActive: ({ type, id }) => known.isActive(type, id),
    brokerAccount: (record) => deviceAccount(record, devices, passwords),
    serviceAccounts: () => serviceAccounts(services, sealer),

    issueToken(tokenOptions) {
      if (!tokens) throw noTokens()
      return tokens.issue(tokenOptions, clock().date(), revocations?.knownUntil)
    },

    async revokeTokens(subject) {
      if (!tokens || !revocations) throw noTokens()
      return revokeTokens(tokens.usernamesOf(subject), { revocations, changes, forget })
    },

    isTokenRevoked: (token) => revocations?.isRevoked(token) ?? false,

    compatibility: ({ facts }) => findFleetProblems(types, services, facts),

    ...toldQuestions(questions, decisions, denied),
    onDenied: (listener) => denied.add(listener),
    tellDenied: (event) => denied.tell(event),
    explain: (request) => decisions.explain(request),
    type: (name) => types.named(name),
    topics: (type) => types.topics(type),
    route: (topic) => types.route(topic),
  }
  if (others) setHearing(fleet, { feed, origin: others.origin, keys, known, changes, revocations })
  return fleet
}

function noTokens(): ConfigError {
  return new ConfigError('pepper', 'is missing: tokens are signed under it')
}

function readLifetime(seconds = DEFAULT_RULES_LIFETIME): number {
  const isNumber = typeof seconds === 'number'
  if (isNumber && seconds >= 0 && seconds <= MAX_RULES_LIFETIME) return seconds
  throw new ConfigError('rulesLifetime', `must be 0 to ${MAX_RULES_LIFETIME} seconds`)
}
