/**
 * A fleet: device types, a store and a prefix, and the answers to who a client is and what it may
 * do. It opens no connection and runs wherever JavaScript does.
 *
 * @module
 */
import type { BrokerLogin } from './access/broker-login.ts'
import {
  type CompatibilityFinding,
  type DialectFacts,
  findDeviceProblem,
  findIncompatibilities,
  type RuleOwner,
} from './access/compatibility.ts'
import { generateSecret, secretHasher } from './access/credential.ts'
import { type AccessRequest, type Decision, UNKNOWN_PRINCIPAL } from './access/decide.ts'
import { DEFAULT_PREFIX, deviceRules } from './access/default-rules.ts'
import { recordedPrincipal } from './access/device-principal.ts'
import { type Explanation, explainDecision } from './access/explain.ts'
import { type Principal, withClientId } from './access/principal.ts'
import { principalCache } from './access/principal-cache.ts'
import { type SecretOwner, secretSealer } from './access/sealed.ts'
import { checkPasswordHash } from './access/secret/format.ts'
import { secretVerifier } from './access/secret/verifier.ts'
import { compileServices, type ServiceAccount } from './access/service-account.ts'
import { loginThrottle } from './access/throttle.ts'
import {
  checkNoTokenUsername,
  type IssuedToken,
  isTokenUsername,
  type TokenOptions,
  tokenAuthority,
} from './access/token.ts'
import { activeDevices } from './device/active-devices.ts'
import { newestCredential, validCredentials, withCredential } from './device/credentials.ts'
import { checkName, findNameProblem, isUsername } from './device/name.ts'
import { type DeviceSettings, readSettings, withSettings } from './device/settings.ts'
import type { DeviceRecord, DeviceStore, StoredCredential } from './device/store.ts'
import { compileTemplates } from './device/templates.ts'
import type { DeviceType } from './device/type.ts'
import {
  ConfigError,
  DeviceExistsError,
  DeviceRevokedError,
  DeviceUnknownError,
  InvalidNameError,
  RevisionConflictError,
  SealedSecretError,
} from './errors.ts'
import { parseTopicName } from './topic/filter.ts'
import type { Channel, TopicTemplate } from './topic/template.ts'

/** What {@link createFleet} takes. */
export interface FleetOptions {
  /** The declared device types. Their topics must not overlap. */
  readonly types: readonly DeviceType[]
  /** Where device records are kept. */
  readonly store: DeviceStore
  /** First level of every topic. Default: `things`. */
  readonly prefix?: string
  /**
   * A key of at least 16 bytes under which secrets are hashed, kept apart from the store: a copy
   * of the store alone then verifies no guess. Tokens are signed under a key made of it. Changing it
   * invalidates every stored secret and every token.
   */
  readonly pepper?: string | Uint8Array | undefined
  /**
   * A key of at least 32 bytes, kept apart from the store, under which a copy of each generated
   * secret is sealed and put on record beside its hash. Only with it can a broker that keeps logins
   * itself be told them again. Whoever has both the store and this key has every such secret.
   * Changing it makes what was sealed before unreadable; the logins stay. Default: nothing is sealed.
   */
  readonly sealingKey?: string | Uint8Array | undefined
  /** Logins that are no devices. Default: none. */
  readonly services?: readonly ServiceAccount[]
  /**
   * Seconds for which {@link Fleet.authorize}, {@link Fleet.explain} and hubs take a device as it was
   * last read from the store: 0 to 3,600. A change that another process makes counts after that, or
   * after {@link Fleet.forget}; one made through this fleet counts at once. Default: 10.
   */
  readonly rulesLifetime?: number
}

/** What {@link Fleet.provision} takes beside the device's type and id. Default: no settings. */
export interface ProvisionOptions extends DeviceSettings {
  /**
   * An MQTT user name from elsewhere, without `/`, not the name of a device type, and not beginning
   * with `token:`. Default: `{type}/{deviceId}`.
   */
  readonly username?: string
}

/** A device that was put on record. */
export interface RecordedDevice {
  readonly type: string
  readonly id: string
  readonly username: string
  /** The device's topics. */
  readonly topics: Readonly<Record<Channel, string>>
}

/** What {@link Fleet.rotate} takes beside the device's type and id. */
export interface RotateOptions {
  /**
   * Seconds for which the passwords before stay good: a whole number, 0 to 2,592,000 (30 days).
   * Default: 0, they end at once.
   */
  readonly overlap?: number
}

/** A device's new login. The password is shown here once; only its hash is kept. */
export interface ProvisionedDevice extends RecordedDevice {
  readonly password: string
}

/** What a client says of itself when it connects. */
export interface LoginRequest {
  readonly username: string | undefined
  readonly password: string | undefined
  readonly clientId?: string | undefined
  /** Where the client connects from, such as its IP address, if the broker tells. */
  readonly peer?: string | undefined
  /** What the broker that asks tells and keeps apart. Default: everything. */
  readonly broker?: DialectFacts
}

/** The outcome of a login. The reason is for the log; a client is only told that it failed. */
export type Login =
  | { readonly effect: 'allow'; readonly principal: Principal }
  | { readonly effect: 'deny'; readonly reason: LoginDenial }

/** Why a login failed. Stable, to switch on. */
export type LoginDenial =
  | 'credentials-missing'
  | 'principal-unknown'
  | 'secret-wrong'
  | 'token-expired'
  | 'revoked'
  /** Too many slow password checks are waiting already; it can be tried again. */
  | 'busy'
  /** Too many logins failed of late, under this user name or from this peer. */
  | 'throttled'
  /** The password is right, but the broker that asks does not keep the device's topics apart. */
  | 'device-unsupported'

/** An access request of somebody a broker knows by user name. */
export interface NamedAccessRequest extends AccessRequest {
  readonly username: string | undefined
  readonly clientId?: string | undefined
}

/** A device, by type and id. */
export interface DeviceRef {
  readonly type: string
  readonly id: string
}

/** A change of a device that was made through a fleet, and is on record. */
export interface DeviceChange extends DeviceRef {
  readonly kind: 'provisioned' | 'updated' | 'rotated' | 'revoked'
}

/** A fleet. Make one with {@link createFleet}. */
export interface Fleet {
  readonly prefix: string
  readonly types: readonly DeviceType[]
  readonly store: DeviceStore
  /**
   * Puts a device on record and makes its login. Settles when the record is written and everything
   * registered with {@link Fleet.onChanged} has been told.
   * @throws {InvalidNameError} If the id, user name or an attribute could change a topic's shape.
   * @throws {DeviceExistsError} If the device or its user name is there already.
   * @throws {ConfigError} If the type is not of this fleet, or a rule is not valid.
   */
  provision(type: DeviceType, id: string, options?: ProvisionOptions): Promise<ProvisionedDevice>
  /**
   * Puts a device on record that has a password already.
   * @param passwordHash Its hash, of `hashPassword` (`$scrypt$…`), of Django (`pbkdf2_sha256$…`) or
   * of Mosquitto (`$7$…`). No message holds it.
   * @throws As {@link Fleet.provision} does, and {@link ConfigError} with the key `passwordHash` if
   * that is none of these, or asks for too much work.
   */
  importDevice(
    type: DeviceType,
    id: string,
    passwordHash: string,
    options?: ProvisionOptions,
  ): Promise<RecordedDevice>
  /**
   * Gives a device a new generated secret. Those before it end at once, or after an overlap; a
   * connection that stands is not ended by it. At most 8 passwords of a device are good at a time,
   * and the oldest give way. Settles as {@link Fleet.provision} does. Of several rotations at once,
   * the one written last counts.
   * @throws {DeviceUnknownError} If there is no such device.
   * @throws {DeviceRevokedError} If it is revoked.
   * @throws {ConfigError} If the type is not of this fleet, or the overlap is out of range.
   * @throws {RevisionConflictError} If other writers were in between five times.
   */
  rotate(type: DeviceType, id: string, options?: RotateOptions): Promise<ProvisionedDevice>
  /**
   * Changes a device's rules, its attributes, or both; its login stays. What is left out stays as it
   * is, and what is given takes the place of all there was: `rules: []` leaves only the type's
   * rules, `attributes: {}` no attribute. Either all of it is written or nothing. It counts for the next
   * question to this fleet; a connection that stands is not ended by it. Settles as
   * {@link Fleet.provision} does. Of several updates at once, the one written last counts, for each
   * of the two by itself; a rotation or revocation beside it is never undone.
   * @throws {DeviceUnknownError} If there is no such device.
   * @throws {DeviceRevokedError} If it is revoked.
   * @throws {ConfigError} If the type is not of this fleet, a rule or an attribute's name is not
   * valid, or neither rules nor attributes are given.
   * @throws {InvalidTopicError} If a rule's filter is not well formed.
   * @throws {InvalidNameError} If an attribute's value could change a topic's shape.
   * @throws {RevisionConflictError} If other writers were in between five times.
   */
  update(type: DeviceType, id: string, settings: DeviceSettings): Promise<void>
  /**
   * Has the next question about a user name read the store, for a record that something else changed
   * there. This fleet object alone forgets it, and nobody is told; others go by their
   * {@link FleetOptions.rulesLifetime}. A name that is nobody's is no error.
   */
  forget(username: string): void
  /**
   * Whether a device is on record and not revoked, as it was read at most
   * {@link FleetOptions.rulesLifetime} ago: at once if that is known.
   */
  isActive(device: DeviceRef): boolean | Promise<boolean>
  /**
   * The generated secret a device has, of several the newest. `undefined` if no copy of it was
   * sealed: the fleet had no `sealingKey` then, or the password came as a hash.
   * @throws {DeviceUnknownError} If there is no such device.
   * @throws {DeviceRevokedError} If it is revoked.
   * @throws {SealedSecretError} If the copy cannot be opened: under another key, or damaged.
   */
  openSecret(type: DeviceType, id: string): Promise<string | undefined>
  /**
   * What a broker that keeps logins itself has to know of a device: of several passwords the newest.
   * `undefined` if the device can log in nowhere: revoked, not well formed, without a password that
   * is good, or of a type that is not of this fleet.
   * @param record As the store returned it.
   */
  brokerLogin(record: DeviceRecord): BrokerLogin | undefined
  /** The same of the service accounts. */
  serviceLogins(): readonly BrokerLogin[]
  /**
   * Revokes a device: it can neither log in nor do anything from now on. Settles when the record
   * is written and everything registered with {@link Fleet.onRevoked} has been told; rejects with
   * the error of a listener that failed, after all were told. Repeating it tells them again.
   * @throws {DeviceUnknownError} If there is no such device.
   */
  revoke(type: DeviceType, id: string): Promise<void>
  /** Calls a listener for each device revoked through this fleet. Returns how to stop that. */
  onRevoked(listener: (device: DeviceRef) => void | Promise<void>): () => void
  /**
   * Calls a listener for each change made through this fleet, once it is on record. Whoever made it
   * waits for the listener, and hears nothing of its failure: the change stands, and a password must
   * not be lost over it. Returns how to stop that.
   */
  onChanged(listener: (change: DeviceChange) => void | Promise<void>): () => void
  /**
   * Makes a login that ends by itself and may do what its rules grant, and nothing else. It is
   * stored nowhere: it cannot be listed, and not be revoked before it expires. Every fleet with the
   * same pepper and prefix accepts it.
   * @throws {ConfigError} If the fleet has no pepper, a setting is out of range, a rule is not valid
   * or holds a placeholder without a value, or the token would be too long.
   * @throws {InvalidTopicError} If a rule's filter is not well formed.
   * @throws {InvalidNameError} If a value could change a topic's shape.
   */
  issueToken(options: TokenOptions): IssuedToken
  /**
   * Decides a login. Rejects only if the store does.
   *
   * From the tenth failure within a minute under one user name, or the hundredth from one peer,
   * until that minute is over, only generated secrets and tokens are verified: they cannot be
   * guessed, so nobody keeps a device out by failing under its name.
   */
  authenticate(login: LoginRequest): Promise<Login>
  /**
   * Who has this user name, or `undefined`: nobody, a revoked device, or the holder of a token that
   * has expired or was not seen logging in through this fleet. The 10,000 holders that logged in
   * last are known.
   */
  findPrincipal(username: string): Promise<Principal | undefined>
  /**
   * Which rules of the device types and the service accounts a broker cannot honour as they are
   * written. Rules of single devices and of tokens are not looked at here: each decision is closed
   * by itself, and denies what the broker hides.
   * @param dialect One of the `dialects` of `devicehub/hono`, or the facts of a broker alone.
   */
  compatibility(dialect: { readonly facts: DialectFacts }): readonly CompatibilityFinding[]
  /** Decides what a connected client may do. Rejects only if the store does. */
  authorize(request: NamedAccessRequest): Promise<Decision>
  /** Decides as {@link Fleet.authorize} does, and says why. */
  explain(request: NamedAccessRequest): Promise<Explanation>
  /** The topics of a type. @throws {ConfigError} If the type is not of this fleet. */
  topics(type: DeviceType): TopicTemplate
  /** Whose topic a name is, or `undefined`. @throws {InvalidTopicError} If it is malformed. */
  route(topic: string): { type: DeviceType; deviceId: string; channel: Channel } | undefined
}

const MAX_UPDATE_TRIES = 5
/** Longest overlap of a rotation, in seconds: 30 days. */
const MAX_OVERLAP = 2_592_000
const DEFAULT_RULES_LIFETIME = 10
const MAX_RULES_LIFETIME = 3_600
/** What a guess at a login ends in. */
const GUESSES: readonly LoginDenial[] = ['principal-unknown', 'secret-wrong', 'throttled']

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
  const hasher = secretHasher(options.pepper)
  const verifier = secretVerifier(hasher)
  const sealer = options.sealingKey === undefined ? undefined : secretSealer(options.sealingKey)
  const tokens = options.pepper === undefined ? undefined : tokenAuthority(options.pepper, prefix)
  const templates = compileTemplates(types, prefix)
  const byName = new Map(types.map((type) => [type.name, type]))
  const defaults = new Map(types.map((t) => [t.name, [...deviceRules(t, prefix), ...t.rules]]))
  const services = compileServices(options.services ?? [], types, prefix, hasher)
  for (const [i, username] of [...services.keys()].entries()) {
    const key = `services.${i}.username`
    checkNoTokenUsername(key, username)
    // It would be the parent of every user name of that type: see `provision`.
    if (byName.has(username)) throw new ConfigError(key, 'is the name of a device type')
  }
  const throttle = loginThrottle()
  const lifetime = readLifetime(options.rulesLifetime) * 1_000
  const known = principalCache(lifetime)
  const active = activeDevices(store, lifetime)
  const revocations = new Set<(device: DeviceRef) => void | Promise<void>>()
  const changes = new Set<(change: DeviceChange) => void | Promise<void>>()

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

  function topicsOf(type: DeviceType, id: string): RecordedDevice['topics'] {
    const topic = (channel: Channel) => templates.get(type.name)!.name(id, channel)
    return {
      data: topic('data'),
      status: topic('status'),
      cmd: topic('cmd'),
      reply: topic('reply'),
    }
  }

  /** A generated secret, ready to be put on record. */
  async function generated(
    type: DeviceType,
    id: string,
  ): Promise<{ readonly password: string; readonly credential: StoredCredential }> {
    const password = generateSecret()
    const plain = credentialOf(hasher.hash(password))
    if (!sealer) return { password, credential: plain }
    const owner: SecretOwner = { type: type.name, id, credentialId: plain.id }
    return { password, credential: { ...plain, sealed: await sealer.seal(owner, password) } }
  }

  async function openSealed(
    { type, id }: DeviceRecord,
    credential: StoredCredential,
  ): Promise<string | undefined> {
    const { sealed, id: credentialId } = credential
    if (sealed === undefined) return undefined
    if (!sealer) throw new SealedSecretError(type, id, 'this fleet has no sealing key')
    const secret = await sealer.open({ type, id, credentialId }, sealed)
    if (secret !== undefined) return secret
    throw new SealedSecretError(type, id, 'it is damaged, or was sealed under another key')
  }

  async function record(
    type: DeviceType,
    id: string,
    makeCredential: () => StoredCredential | Promise<StoredCredential>,
    { username, ...settings }: ProvisionOptions = {},
  ): Promise<RecordedDevice> {
    checkType(type)
    checkName('device id', id)
    if (username !== undefined) {
      checkName('user name', username)
      checkNoTokenUsername('user name', username)
    }
    // It would be the parent of every `{username}` of that type, and "{username}/#" reach them all.
    if (username !== undefined && byName.has(username)) {
      throw new InvalidNameError('user name', `is the name of a device type, "${username}"`)
    }
    const { rules = [], attributes = {} } = readSettings(settings)
    const login = username ?? `${type.name}/${id}`
    if (services.has(login)) throw new DeviceExistsError(type.name, id, 'user name')
    const credential = await makeCredential()
    await store.insert({
      type: type.name,
      id,
      username: login,
      credentials: [credential],
      rules,
      attributes,
      revoked: false,
      createdAt: credential.createdAt,
      revision: 1,
    })
    await tellChanged({ kind: 'provisioned', type: type.name, id })
    return { type: type.name, id, username: login, topics: topicsOf(type, id) }
  }

  /**
   * Writes a change of a record, and again on what another writer wrote in between. Returns the
   * record as it is then.
   *
   * @param change Makes the new record, or `undefined` where there is nothing to write.
   */
  async function rewrite(
    type: DeviceType,
    id: string,
    change: (record: DeviceRecord) => DeviceRecord | undefined,
  ): Promise<DeviceRecord> {
    checkType(type)
    for (let tries = 1; ; tries++) {
      const record = await store.get(type.name, id)
      if (!record) throw new DeviceUnknownError(type.name, id)
      try {
        const changed = change(record)
        if (changed) await store.update(changed)
        return changed ?? record
      } catch (error) {
        if (!(error instanceof RevisionConflictError) || tries === MAX_UPDATE_TRIES) throw error
      } finally {
        // After a failure as well: it may have been written, or somebody else revoked the device.
        forget(record.username)
      }
    }
  }

  async function tellChanged(change: DeviceChange): Promise<void> {
    await Promise.allSettled([...changes].map(async (tell) => tell(change)))
  }

  /** Who logs in, or why it fails. */
  async function findLogin(
    username: string,
    password: string,
    isThrottled: boolean,
  ): Promise<Principal | LoginDenial> {
    const service = services.get(username)
    if (!service && tokens && isTokenUsername(username)) {
      return tokens.verify(username, password, Date.now())
    }
    const record = service ? undefined : await findRecord(username)
    const hashes = service
      ? [service.hash]
      : record
        ? validCredentials(record, Date.now()).map((credential) => credential.hash)
        : []
    const verdict = await verifier.verify(username, password, hashes, isThrottled)
    if (typeof verdict === 'string') return verdict
    if (!service && !record) return 'principal-unknown'
    if (!verdict) return 'secret-wrong'
    if (service) return service.principal
    if (record!.revoked) return 'revoked'
    return devicePrincipal(record!) ?? 'principal-unknown'
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
    findPrincipal,

    async provision(type, id, provisionOptions) {
      let password = ''
      const recorded = await record(
        type,
        id,
        async () => {
          const made = await generated(type, id)
          password = made.password
          return made.credential
        },
        provisionOptions,
      )
      return { ...recorded, password }
    },

    async importDevice(type, id, passwordHash, provisionOptions) {
      const hash = checkPasswordHash('passwordHash', passwordHash)
      return record(type, id, () => credentialOf(hash), provisionOptions)
    },

    async rotate(type, id, { overlap = 0 } = {}) {
      checkType(type)
      if (!(Number.isInteger(overlap) && overlap >= 0 && overlap <= MAX_OVERLAP)) {
        throw new ConfigError('overlap', `must be a whole number of seconds, 0 to ${MAX_OVERLAP}`)
      }
      const { password, credential } = await generated(type, id)
      const { username } = await rewrite(type, id, (record) => {
        if (record.revoked) throw new DeviceRevokedError(type.name, id)
        return withCredential(record, credential, overlap * 1_000, Date.now())
      })
      await tellChanged({ kind: 'rotated', type: type.name, id })
      return { type: type.name, id, username, topics: topicsOf(type, id), password }
    },

    async update(type, id, settings) {
      checkType(type)
      const given = readSettings(settings)
      // A misspelt name would leave the device with the rules that were to be replaced.
      if (Object.keys(given).length === 0) {
        throw new ConfigError('settings', 'has neither "rules" nor "attributes"')
      }
      await rewrite(type, id, (record) => {
        if (record.revoked) throw new DeviceRevokedError(type.name, id)
        return withSettings(record, given)
      })
      await tellChanged({ kind: 'updated', type: type.name, id })
    },

    forget,

    isActive: ({ type, id }) => active.has(type, id, Date.now()),

    async openSecret(type, id) {
      checkType(type)
      const record = await store.get(type.name, id)
      if (!record) throw new DeviceUnknownError(type.name, id)
      if (record.revoked) throw new DeviceRevokedError(type.name, id)
      const credential = newestCredential(record, Date.now())
      return credential && openSealed(record, credential)
    },

    brokerLogin(record) {
      const { username } = record
      if (services.has(username) || isTokenUsername(username)) return undefined
      const principal = devicePrincipal(record)
      const credential = newestCredential(record, Date.now())
      if (!principal || !credential) return undefined
      return {
        principal,
        credentialId: credential.id,
        hash: credential.hash,
        openSecret: () => openSealed(record, credential),
      }
    },

    serviceLogins() {
      return [...services.values()].map(({ principal, hash, password }) => {
        return {
          principal,
          credentialId: sealer?.mark(`${principal.username} ${password ?? hash}`) ?? 'service',
          hash,
          openSecret: async () => (sealer ? password : undefined),
        }
      })
    },

    async revoke(type, id) {
      await rewrite(type, id, (record) =>
        record.revoked ? undefined : { ...record, revoked: true, revision: record.revision + 1 },
      )
      const changed = tellChanged({ kind: 'revoked', type: type.name, id })
      // One that fails keeps no other from being told: each may hold a session to end.
      const told = await Promise.allSettled(
        [...revocations].map(async (tell) => tell({ type: type.name, id })),
      )
      await changed
      const failed = told.find((result) => result.status === 'rejected')
      if (failed) throw failed.reason
    },

    onRevoked(listener) {
      revocations.add(listener)
      return () => {
        revocations.delete(listener)
      }
    },

    onChanged(listener) {
      changes.add(listener)
      return () => {
        changes.delete(listener)
      }
    },

    issueToken(tokenOptions) {
      if (!tokens) throw new ConfigError('pepper', 'is missing: tokens are signed under it')
      return tokens.issue(tokenOptions, Date.now())
    },

    async authenticate({ username, password, clientId, peer, broker }) {
      if (!username || password === undefined) {
        return { effect: 'deny', reason: 'credentials-missing' }
      }
      const source = { username, peer }
      const outcome = await findLogin(username, password, throttle.isThrottled(source, Date.now()))
      if (typeof outcome !== 'string') {
        throttle.forget(username)
        if (broker && findDeviceProblem(outcome, broker)) {
          return { effect: 'deny', reason: 'device-unsupported' }
        }
        return { effect: 'allow', principal: withClientId(outcome, clientId) }
      }
      if (GUESSES.includes(outcome)) throttle.addFailure(source, Date.now())
      return { effect: 'deny', reason: outcome }
    },

    compatibility({ facts }) {
      const owners: RuleOwner[] = types.map(({ name }) => {
        return { kind: 'type', name, rules: defaults.get(name)!, values: { prefix, type: name } }
      })
      for (const { principal } of services.values()) {
        const { username: name, rules, values } = principal
        owners.push({ kind: 'service', name, rules, values })
      }
      return findIncompatibilities(owners, facts)
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

function credentialOf(hash: string): StoredCredential {
  return { id: crypto.randomUUID(), kind: 'password', hash, createdAt: Date.now() }
}

function readLifetime(seconds = DEFAULT_RULES_LIFETIME): number {
  const isNumber = typeof seconds === 'number'
  if (isNumber && seconds >= 0 && seconds <= MAX_RULES_LIFETIME) return seconds
  throw new ConfigError('rulesLifetime', `must be 0 to ${MAX_RULES_LIFETIME} seconds`)
}
