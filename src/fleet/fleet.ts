/**
 * A fleet: device types, a store and a prefix, and the answers to who a client is and what it may
 * do. It opens no connection and runs wherever JavaScript does.
 *
 * @module
 */
import type { ChangeFeed } from '../base/change-feed.ts'
import type { ExpiringKeys } from '../base/expiring-keys.ts'
import type { Logger } from '../base/log.ts'
import type { PepperOption } from '../credential/pepper.ts'
import type { PepperMark } from '../credential/pepper-mark.ts'
import type { IssuedToken, TokenOptions } from '../credential/token.ts'
import type { DeviceRef } from '../device/reference.ts'
import type { DeviceSettings } from '../device/settings.ts'
import type { DeviceState } from '../device/states.ts'
import type {
  DevicePage,
  DeviceQuery,
  DeviceRecord,
  DeviceStore,
  StoredCredential,
} from '../device/store.ts'
import type { DeviceType } from '../device/type.ts'
import type { CompatibilityFinding } from '../rule/compatibility.ts'
import type { AccessRequest, Decision, DecisionCode } from '../rule/decision.ts'
import type { Explanation } from '../rule/explain.ts'
import type { BrokerFacts } from '../rule/facts.ts'
import type { Principal } from '../rule/principal.ts'
import type { Channel, TopicTemplate } from '../topic/template.ts'
import type { BrokerAccount } from './broker-account.ts'
import type { ChangeListener, ChangeListenerOptions, ChangeReport, TokenReport } from './changes.ts'
import type { DeniedEvent, DeniedListener } from './denied.ts'
import type { Observer } from './observer.ts'
import type { PepperUse } from './pepper-use.ts'
import type { ServiceAccount } from './service-account.ts'
import type { DatedToken } from './token-revocations.ts'
import type { Tracing } from './tracing.ts'

/** What `createFleet` takes. */
export interface FleetOptions<Types extends readonly DeviceType[] = readonly DeviceType[]> {
  /** The declared device types. Their topics must not overlap. */
  readonly types: Types
  /** Where device records are kept. */
  readonly store: DeviceStore
  /** First level of every topic. Default: `things`. */
  readonly prefix?: string
  /**
   * A key of at least 16 bytes under which passwords are hashed, kept apart from the store: a copy
   * of the store alone then verifies no guess. Tokens are signed under a key made of it. Without it every
   * stored password and every token is invalid.
   *
   * A list of up to 8 while one takes the place of another: the first hashes and signs, and what was under
   * one of the others counts as well. A right login under another one than the first, or of which the record
   * does not say under which, is hashed anew under the first, as {@link FleetOptions.rehash} does it. When
   * one can be dropped {@link Fleet.pepperUse} tells.
   */
  readonly pepper?: PepperOption | undefined
  /**
   * Hashes the chosen password of a device anew when a login with it was right, so that the next one
   * costs microseconds: `$scrypt$`, `pbkdf2_sha256$` (Django) or `$7$` (Mosquitto) on its record give
   * way to HMAC-SHA-256 under the pepper, for good. Guesses at it are counted and slowed down as
   * before. A login waits for that write for a quarter of a second at most, and stands if it fails.
   *
   * What is lost: whoever has both the store and the pepper guesses at such a password millions of
   * times a second, so it is worth no more than what is random in it; the hash that Django or Mosquitto
   * could read is gone; and with another pepper the password is wrong. Needs a
   * {@link FleetOptions.pepper}. With a {@link FleetOptions.sealingKey} the password of a `$7$` hash is
   * sealed as well, since Mosquitto could not be told it any more. Default: `false`.
   */
  readonly rehash?: boolean
  /**
   * A key of at least 32 bytes, kept apart from the store, under which a copy of each generated
   * password is sealed and put on record beside its hash. Only with it can a broker that keeps logins
   * itself be told them again. Whoever has both the store and this key has every such password.
   * Changing it makes what was sealed before unreadable; the logins stay. Of chosen passwords only
   * those are sealed that {@link FleetOptions.rehash} names. Default: nothing is sealed.
   */
  readonly sealingKey?: string | Uint8Array | undefined
  /**
   * What the processes of a fleet share for a while: which holders of tokens logged in, so that each
   * process answers for those that logged in at another, which tokens are revoked, and the failed logins that throttle guesses
   * at chosen passwords. It has neither passwords nor rules that would count without the pepper.
   * Default: each process knows its own, of holders the 10,000 that logged in last.
   */
  readonly keys?: ExpiringKeys
  /**
   * How the processes of a fleet tell each other of changes, such as `store.feed` of `devicehub/sql` or
   * `redisFeed` of `devicehub/redis`. Each change made through this fleet is sent there once it is on
   * record; what others send counts here while {@link watchFleet} listens. Default: nobody is told.
   */
  readonly feed?: ChangeFeed | undefined
  /** Logins that are no devices. Default: none. */
  readonly services?: readonly ServiceAccount[]
  /**
   * Seconds for which {@link Fleet.authorize}, {@link Fleet.explain} and hubs take a device as it was
   * last read from the store: 0 to 3,600. A change that another process makes counts after that, or
   * after {@link Fleet.forget}, or as soon as {@link watchFleet} hears of it; one made through this
   * fleet counts at once. The embedded broker reads
   * the devices that are connected to it as often, at least a second apart. Default: 10.
   */
  readonly rulesLifetime?: number
  /**
   * Is told of each login and each decision of this fleet, and of the messages, rejections and commands
   * of its hubs, such as `fleetMetrics().observer` of `devicehub/hono`. Default: nobody is told, which
   * costs nothing.
   */
  readonly observer?: Observer | undefined
  /**
   * Runs the handlers of messages, and commands, in contexts of a tracing system, such as
   * `openTelemetry().tracing` of `devicehub/otel`. Default: nothing is traced, which costs nothing.
   */
  readonly tracing?: Tracing | undefined
  /** Receives a line, within bounds, about what a login had written and could not be. Default: `console`. */
  readonly logger?: Logger
}

/** What {@link Fleet.provision} takes beside the device's type and id. Default: no settings. */
export interface ProvisionOptions extends DeviceSettings {
  /**
   * An MQTT user name from elsewhere, without `/`, not the name of a device type, and not beginning
   * with `token:`. Default: `{type}/{deviceId}`.
   */
  readonly username?: string
}

/** A device that is on record. */
export interface RecordedDevice extends ChangeReport {
  /** The device's topics. */
  readonly topics: Readonly<Record<Channel, string>>
}

/** One of many devices that are put on record. */
export interface NewDevice extends ProvisionOptions {
  readonly id: string
  /** The hash of the password that it has already, as {@link Fleet.importDevice} takes it. Default: a password is generated. */
  readonly passwordHash?: string
  /**
   * What its credential is called on record: 1 to 64 letters, digits, `-`, `_`, `.` and `:`. By a name of
   * its own a program that was stopped knows which devices it has put on record. Default: one at random.
   */
  readonly credentialId?: string
  /** Puts it on record as one that is revoked, which {@link Fleet.restore} takes back. Default: `false`. */
  readonly revoked?: boolean
}

/** What became of one of them. */
export type ProvisionOutcome =
  | { readonly id: string; readonly device: RecordedDevice; readonly error?: undefined }
  | { readonly id: string; readonly error: Error; readonly device?: undefined }

/** What {@link Fleet.rotate} takes beside the device's type and id. */
export interface RotateOptions {
  /**
   * Seconds for which the passwords before stay good: a whole number, 0 to 2,592,000 (30 days).
   * Default: 0, they end at once.
   */
  readonly overlap?: number
  /**
   * From when on the new password is good, in milliseconds since the Unix epoch: at most 30 days ahead.
   * Those before stay good until then, and for the overlap after it. Default: from now on.
   */
  readonly notBefore?: number
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
  readonly facts?: BrokerFacts
  /**
   * Lets everybody in under any client id, although the broker finds sessions by it alone: whoever has
   * a login then has the sessions of all others, with the messages and commands that wait in them.
   * Default: `false`.
   */
  readonly anyClientId?: boolean
}

/** The outcome of a login. The reason is for the log; a client is only told that it failed. */
export type Login =
  | { readonly effect: 'allow'; readonly principal: Principal }
  | { readonly effect: 'deny'; readonly code: LoginDenial }

/** Why a login failed. Stable, to switch on. */
export type LoginDenial =
  | 'credentials-missing'
  | 'principal-unknown'
  | 'password-wrong'
  | 'token-expired'
  /** The device, or the tokens of a subject. */
  | 'revoked'
  /** Too many slow password checks are waiting already; it can be tried again. */
  | 'busy'
  /** Too many logins failed of late, under this user name or from this peer. */
  | 'throttled'
  /** The password is right, but the broker that asks does not keep the device's topics apart. */
  | 'device-unsupported'
  /**
   * The password is right, but the client id may be another login's, and the broker finds sessions by
   * it alone. It has to be the user name, or the user name, `//` and a suffix, or one of its list.
   */
  | 'client-id-foreign'

/** An access request of somebody a broker knows by user name. */
export interface NamedAccessRequest extends AccessRequest {
  readonly username: string | undefined
  readonly clientId?: string | undefined
}

/** A request that was not granted. */
export interface AccessDenial {
  /** Stable, to switch on. */
  readonly code: DecisionCode
  /** Says why: of this very decision, which asking again might not give. */
  explain(): Explanation
}

/** A fleet. Make one with `createFleet`. */
export interface Fleet<Types extends readonly DeviceType[] = readonly DeviceType[]> {
  readonly prefix: string
  readonly types: Types
  readonly store: DeviceStore
  /** See {@link FleetOptions.rulesLifetime}. */
  readonly rulesLifetime: number
  /** {@link FleetOptions.observer}, which never throws here; left out where there is none. */
  readonly observer?: Observer
  /** {@link FleetOptions.tracing}, for hubs; left out where there is none. */
  readonly tracing?: Tracing
  /**
   * Puts a device on record and makes its login. Settles when the record is written and everything
   * registered with {@link Fleet.onChange} is done with it.
   * @throws {InvalidNameError} If the id, user name or an attribute could change a topic's shape.
   * @throws {DeviceExistsError} If the device or its user name is there already.
   * @throws {ConfigError} If the type is not of this fleet, an option is unknown, a rule is not valid,
   * or a client id of its list is none, or another login's.
   * @throws {ChangeError} If a listener failed, after all were told. The device is on record, and the
   * report of the error has its password.
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
   * Puts many devices of a type on record, a thousand by one statement where the store can. Each is a
   * matter of its own: one that is refused keeps no other from being put on record. Settles when all are
   * written and told.
   *
   * @returns What became of each, in their order: the device with its password, where one was generated,
   * or the error that {@link Fleet.provision} or {@link Fleet.importDevice} would have rejected with.
   * Where the store fails nothing more is tried: the thousand it failed with may be on record all the
   * same, under passwords that nobody has, so they are to be rotated; those before them are.
   * @throws {ConfigError} If the type is not of this fleet, or no list is given.
   */
  provisionMany(
    type: DeviceType,
    devices: readonly NewDevice[],
  ): Promise<readonly ProvisionOutcome[]>
  /**
   * What a device told last; `undefined` if nothing was ever told, or there is no such device. Rejects as
   * the store does.
   * @throws {ConfigError} If the type is not of this fleet, or the store keeps no states.
   */
  lastState(type: DeviceType, id: string): Promise<DeviceState | undefined>
  /**
   * Gives a device a new generated password. Those before it end at once, or after an overlap; a
   * connection that stands is not ended by it. At most 8 passwords of a device are good at a time,
   * and the oldest give way. Settles as {@link Fleet.provision} does. Of several rotations at once,
   * the one written last counts.
   * @throws {DeviceUnknownError} If there is no such device.
   * @throws {DeviceRevokedError} If it is revoked.
   * @throws {ConfigError} If the type is not of this fleet, an option is unknown, or the overlap is out
   * of range.
   * @throws {RevisionConflictError} If other writers were in between five times.
   * @throws {ChangeError} If a listener failed, after all were told. The new password counts, and the
   * report of the error has it.
   */
  rotate(type: DeviceType, id: string, options?: RotateOptions): Promise<ProvisionedDevice>
  /**
   * Ends one password of a device by the id of its credential, as the record names it, and keeps the
   * others. A connection that stands is not ended by it. Settles as {@link Fleet.provision} does. A device
   * without a password is on record still, and can be rotated.
   * @throws {CredentialUnknownError} If it has no such credential.
   * @throws {DeviceUnknownError} If there is no such device.
   * @throws {DeviceRevokedError} If it is revoked.
   * @throws {ConfigError} If the type is not of this fleet.
   * @throws {RevisionConflictError} If other writers were in between five times.
   * @throws {ChangeError} If a listener failed, after all were told. The password has ended.
   */
  retire(type: DeviceType, id: string, credentialId: string): Promise<ChangeReport>
  /**
   * Changes a device's rules, its attributes, its list of client ids, or several of them; its login
   * stays. What is left out stays as it is, and what is given takes the place of all there was:
   * `rules: []` leaves only the type's rules, `attributes: {}` no attribute, `clientIds: []` only the
   * client ids made of its user name. Either all of it is written or nothing. It counts for the next
   * question to this fleet; a connection that stands is not ended by it. Settles as
   * {@link Fleet.provision} does. Of several updates at once, the one written last counts, for each
   * of them by itself; a rotation or revocation beside it is never undone.
   * @throws {DeviceUnknownError} If there is no such device.
   * @throws {DeviceRevokedError} If it is revoked.
   * @throws {ConfigError} If the type is not of this fleet, a setting is unknown, a rule, an
   * attribute's name or a client id is not valid, a client id is another login's, or nothing is given.
   * @throws {InvalidTopicError} If a rule's filter is not well formed.
   * @throws {InvalidNameError} If an attribute's value could change a topic's shape.
   * @throws {RevisionConflictError} If other writers were in between five times.
   * @throws {ChangeError} If a listener failed, after all were told. The settings count.
   */
  update(type: DeviceType, id: string, settings: DeviceSettings): Promise<ChangeReport>
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
   * The password a device has, of several the newest. `undefined` if no copy of it was sealed: the
   * fleet had no `sealingKey` then, or the password came as a hash and none of Mosquitto's that
   * {@link FleetOptions.rehash} took the place of.
   * @throws {DeviceUnknownError} If there is no such device.
   * @throws {DeviceRevokedError} If it is revoked.
   * @throws {SealedPasswordError} If the copy cannot be opened: under another key, or damaged.
   */
  openPassword(type: DeviceType, id: string): Promise<string | undefined>
  /**
   * What a broker that keeps logins itself has to know of a device: of several passwords the newest.
   * `undefined` if the device can log in nowhere: revoked, not well formed, without a password that
   * is good, or of a type that is not of this fleet.
   * @param record As the store returned it.
   */
  brokerAccount(record: DeviceRecord): BrokerAccount | undefined
  /** The same of the service accounts. */
  serviceAccounts(): readonly BrokerAccount[]
  /**
   * Revokes a device: it can neither log in nor do anything from now on, and everything registered
   * with {@link Fleet.onChange} ends the sessions it has of it. Settles when the record is written and
   * each of them is done. Repeating it tells them again.
   * @throws {DeviceUnknownError} If there is no such device.
   * @throws {ConfigError} If the type is not of this fleet.
   * @throws {RevisionConflictError} If other writers were in between five times; nobody is told then.
   * @throws {ChangeError} If a listener failed, after all were told. The device is revoked, and the
   * report of the error says whose sessions of it may go on.
   */
  revoke(type: DeviceType, id: string): Promise<ChangeReport>
  /**
   * Takes a revocation back. The passwords on record are good again: where somebody may know one, rotate.
   * Settles as {@link Fleet.provision} does. Of a device that is not revoked nothing is written, and
   * everybody is told again.
   * @throws {DeviceUnknownError} If there is no such device.
   * @throws {ConfigError} If the type is not of this fleet.
   * @throws {RevisionConflictError} If other writers were in between five times.
   * @throws {ChangeError} If a listener failed, after all were told. The device is not revoked any more.
   */
  restore(type: DeviceType, id: string): Promise<ChangeReport>
  /**
   * Takes a device off record: revokes it, and then deletes its record. Its id and its user name are
   * free then. Where its sessions may go on it stays on record, revoked. Settles as
   * {@link Fleet.revoke} does, twice: listeners are told `revoked`, and then `removed`.
   * @throws {DeviceUnknownError} If there is no such device, or another call removed it meanwhile.
   * @throws {ConfigError} If the type is not of this fleet.
   * @throws {RevisionConflictError} If other writers were in between five times, or one took the
   * revocation back.
   * @throws {ChangeError} If a listener failed, after all were told. Of the kind `revoked`: the device
   * is revoked and on record, to be removed again. Of the kind `removed`: it is removed.
   */
  remove(type: DeviceType, id: string): Promise<ChangeReport>
  /**
   * Lists the devices on record, revoked ones too, a page at a time: pass `cursor` of one page to get
   * the next, until there is none. The order is the store's. A record that is there all the time is
   * listed once. Rejects as the store does.
   * @throws {ConfigError} If a key of the query is unknown or of a wrong kind.
   * @throws {QueryUnsupportedError} If the store cannot narrow a listing by one of them.
   */
  list(query?: DeviceQuery): Promise<DevicePage>
  /**
   * Under which {@link FleetOptions.pepper} the hash of a credential is; `undefined` if under none, as a
   * slow one, or one of a fleet without a pepper.
   */
  pepperOf(credential: Pick<StoredCredential, 'hash'>): PepperMark | undefined
  /**
   * Counts the devices by the peppers of their passwords, reading all records, a thousand at a time. An
   * older pepper can be dropped once `older` and `unmarked` are 0; until then those counted there could not
   * log in any more. Rejects as the store does.
   */
  pepperUse(): Promise<PepperUse>
  /**
   * Calls a listener for each change made through this fleet, once it is on record: to end the
   * sessions of a revoked device or of revoked tokens, or to tell a broker of a login. All listeners are called at the same
   * time, whether others fail or not. Whoever made the change waits for them, and is told of each that
   * failed by a {@link ChangeError}, so one is to bound its own time. Returns how to stop that.
   *
   * While {@link watchFleet} listens it is also called for changes of other processes, as
   * {@link ChangeListenerOptions.holds} says. Nobody waits for it then: that it failed is logged.
   * @param name What it is called in reports, such as `emqx`.
   * @throws {ConfigError} If the name is no text or empty, the listener no function, or an option not
   * valid.
   */
  onChange(name: string, listener: ChangeListener, options?: ChangeListenerOptions): () => void
  /**
   * Makes a login that ends by itself and may do what its rules grant, and nothing else. It is
   * in no store: it cannot be listed. One with a `subject` can be revoked before it expires, by
   * {@link Fleet.revokeTokens}; any other cannot. Every fleet with the same pepper and prefix accepts it.
   * @throws {ConfigError} If the fleet has no pepper, an option is unknown or out of range, a rule is not valid
   * or holds a placeholder without a value, or the token would be too long.
   * @throws {InvalidTopicError} If a rule's filter is not well formed.
   * @throws {InvalidNameError} If a value could change a topic's shape.
   */
  issueToken(options: TokenOptions): IssuedToken
  /**
   * Revokes all tokens of a subject that were issued until now: they log in no more, grant nothing to
   * whoever asks, and everything registered with {@link Fleet.onChange} ends the sessions it has of them.
   * Those issued from now on are good: whether there are any is the application's to decide. Nobody needs
   * to have issued one. Repeating it revokes those issued meanwhile, and tells everybody again.
   *
   * It is kept in the {@link FleetOptions.keys} for a day, which is as long as any token lasts, and counts
   * for each process that shares them at the next login, and for other questions after its
   * {@link FleetOptions.rulesLifetime}; at once for those that hear of it by {@link watchFleet}, which
   * need no keys in common. As much as is lost there comes back until it expires. A process that does not
   * know of it yet issues tokens that are refused for 5 seconds, since clocks may differ by as much.
   *
   * Settles when the keys have it, and each listener is done. Rejects if the keys fail: it counts in this
   * process alone then, no session is ended, and it is to be done again.
   * @throws {ConfigError} If the fleet has no pepper, or the subject is not a text of 1 to 1,024 characters.
   * @throws {ChangeError} If a listener failed, after all were told. The tokens are revoked, and the report
   * of the error says whose sessions of them may go on.
   */
  revokeTokens(subject: string): Promise<TokenReport>
  /**
   * Whether a token was revoked after it was issued: at once, or once the keys have answered. Rejects if
   * they fail. Of what is no token it says `false`.
   * @param token A principal as it logged in, or an issued token.
   */
  isTokenRevoked(token: DatedToken): boolean | Promise<boolean>
  /**
   * Decides a login: at once where the store answers at once, as one in memory does, and the password is a
   * generated one. Rejects only if the store does, or for a token the keys.
   *
   * From the tenth failure within a minute under one user name, or the hundredth from one peer,
   * until that minute is over, only generated passwords and tokens are verified: they cannot be
   * guessed, so nobody keeps a device out by failing under its name.
   */
  authenticate(login: LoginRequest): Login | Promise<Login>
  /**
   * Who has this user name, or `undefined`: nobody, a revoked device, or the holder of a token that
   * has expired, or did not log in at a fleet with the same {@link FleetOptions.keys}.
   */
  findPrincipal(username: string): Promise<Principal | undefined>
  /**
   * Which rules of the device types and the service accounts a broker cannot honour as they are
   * written, and whether it keeps sessions apart. Rules of single devices and of tokens are not looked
   * at here: each decision is closed by itself, and denies what the broker hides.
   * @param product One of `devicehub/products`, or the facts of a broker alone.
   */
  compatibility(product: { readonly facts: BrokerFacts }): readonly CompatibilityFinding[]
  /** Decides what a connected client may do. Rejects only if the store or the keys do. */
  authorize(request: NamedAccessRequest): Promise<Decision>
  /**
   * Decides as {@link Fleet.authorize} does, at once where the principal is known. `undefined` if the
   * request is granted; else what was decided, to be explained where somebody reads it.
   */
  findDenial(
    request: NamedAccessRequest,
  ): AccessDenial | undefined | Promise<AccessDenial | undefined>
  /**
   * Calls a listener for each login, publish and subscription that this fleet denies, or that something
   * denies by its rules and tells, as the embedded broker does. Nobody waits for it, and what it throws is
   * dropped; it is to return soon. {@link Fleet.explain} tells nobody. Without a listener it costs nothing.
   * Returns how to stop that.
   */
  onDenied(listener: DeniedListener): () => void
  /**
   * Tells the listeners of {@link Fleet.onDenied} what was denied by the rules of this fleet without asking
   * it, now. For brokers that decide by themselves.
   */
  tellDenied(denied: Omit<DeniedEvent, 'at'>): void
  /** Decides as {@link Fleet.authorize} does, and says why, whatever comes of it. */
  explain(request: NamedAccessRequest): Promise<Explanation>
  /**
   * The device type of a name that comes as a text, such as in the path of a route: what every call that
   * takes a type, here and at a hub or a presence tracker, then takes.
   * @throws {DeviceTypeUnknownError} If none of the fleet has this name.
   */
  type(name: string): DeviceType
  /** The topics of a type. @throws {ConfigError} If the type is not of this fleet. */
  topics(type: DeviceType): TopicTemplate
  /** Whose topic a name is, or `undefined`. @throws {InvalidTopicError} If it is malformed. */
  route(topic: string): { type: DeviceType; deviceId: string; channel: Channel } | undefined
}
