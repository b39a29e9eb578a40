/**
 * A typed fleet of MQTT devices on any JavaScript runtime: device types, access rules, credentials,
 * typed messages and commands. Adapters for brokers and frameworks are entry points of their own.
 *
 * @module
 */
// biome-ignore-all assist/source/organizeImports: by room, from the ground.

// base: errors, and what a logger is
export type { AbortSignalLike } from './base/abort-signal.ts'
export type { ChangeFeed, FeedConnection } from './base/change-feed.ts'
export {
  AdapterError,
  BrokerError,
  type BrokerErrorCode,
  CertificateError,
  type CertificateProblem,
  CommandError,
  type CommandErrorCode,
  ConfigError,
  CredentialUnknownError,
  DeviceExistsError,
  DeviceHubError,
  DeviceRevokedError,
  DeviceTypeUnknownError,
  DeviceUnknownError,
  InvalidNameError,
  InvalidTopicError,
  MissingDependencyError,
  PayloadError,
  type PayloadIssue,
  RevisionConflictError,
  SealedPasswordError,
  UnsupportedRuntimeError,
} from './base/errors.ts'
export type { ExpiringKeys } from './base/expiring-keys.ts'
export type { Logger } from './base/log.ts'
export { type MemoryKeys, memoryKeys } from './base/memory-keys.ts'

// topic: names, filters, templates
export { parseTopicFilter, parseTopicName, type TopicFilter } from './topic/filter.ts'
export { MAX_NAME_LENGTH } from './topic/name.ts'
export { covers, matches, overlaps } from './topic/relation.ts'
export { MAX_TOPIC_BYTES, MAX_TOPIC_LEVELS } from './topic/scan.ts'
export {
  type Channel,
  compileTemplate,
  DEFAULT_PREFIX,
  DEFAULT_TEMPLATE,
  type TopicTemplate,
} from './topic/template.ts'
export { type FilterTree, filterTree } from './topic/tree.ts'

// rule: what somebody may do, and why
export { AccessDeniedError } from './rule/access-denied.ts'
export type { CompatibilityCode, CompatibilityFinding } from './rule/compatibility.ts'
export { type CompiledAccess, compileAccess } from './rule/compile.ts'
export { decide } from './rule/decide.ts'
export type { AccessRequest, Decision, DecisionCode } from './rule/decision.ts'
export {
  type Explanation,
  explainDecision,
  type NearMiss,
  type NearMissCode,
} from './rule/explain.ts'
export type { BrokerFacts } from './rule/facts.ts'
export type { Principal } from './rule/principal.ts'
export type { AccessAction, AccessRule, Attributes } from './rule/rule.ts'

// device: types, records, and where they are kept
export { DEFAULT_SHARE_NAME, deviceRules, hubRules } from './device/default-rules.ts'
export {
  type DjangoData,
  type DjangoReading,
  type DjangoReadings,
  type DjangoReadingType,
  type DjangoStatus,
  djangoReadings,
  djangoStatus,
} from './device/django.ts'
export { memoryStore } from './device/memory-store.ts'
export { type DevicePrincipalOptions, devicePrincipal } from './device/principal.ts'
export { QueryUnsupportedError } from './device/query.ts'
export type { DeviceRef } from './device/reference.ts'
export type { InferInput, InferOutput, Schema } from './device/schema.ts'
export type { DeviceSettings } from './device/settings.ts'
export type {
  DeviceLogin,
  DeviceState,
  DeviceStates,
  JsonValue,
  PresenceTurn,
  StateReport,
} from './device/states.ts'
export type {
  DeviceFilter,
  DevicePage,
  DeviceQuery,
  DeviceRecord,
  DeviceStore,
  ListedDevice,
  StoredCredential,
  TakenRecord,
} from './device/store.ts'
export {
  type Deed,
  type DeviceTrail,
  recordDeed,
  TRAIL_DAYS,
  type TrailEntry,
  type TrailPage,
  type TrailQuery,
} from './device/trail.ts'
export type { TimestampOptions, TimestampSettings } from './device/timestamp.ts'
export {
  type Command,
  type Commands,
  command,
  type DataOf,
  type DefaultStatus,
  type DeviceType,
  type DeviceTypeDefinition,
  defineDeviceType,
  type PayloadOf,
  type ReplyOf,
  type StatusOf,
} from './device/type.ts'

// credential: passwords and tokens
export { PASSWORD_PREFIX } from './credential/generated.ts'
export { hashPassword } from './credential/hash-password.ts'
export type { ConnectionDetails } from './credential/connection-details.ts'
export type { PepperOption } from './credential/pepper.ts'
export type { PepperMark } from './credential/pepper-mark.ts'
export {
  type IssuedToken,
  MAX_TOKEN_BYTES,
  MAX_TOKEN_LIFETIME,
  MAX_TOKEN_RULES,
  type TokenOptions,
} from './credential/token.ts'

export { type TokenLogin, TokenLoginError, tokenLogin } from './credential/token-login.ts'

// fleet: who is who
export type { BrokerAccount } from './fleet/broker-account.ts'
export {
  ChangeError,
  type ChangeFailure,
  type ChangeListener,
  type ChangeListenerOptions,
  type ChangeReport,
  type DeviceChange,
  type FleetChange,
  type HeardChange,
  type TokenChange,
  type TokenReport,
} from './fleet/changes.ts'
export type { DeniedEvent, DeniedListener } from './fleet/denied.ts'
export type { Kick } from './fleet/kick.ts'
export type { DatedToken } from './fleet/token-revocations.ts'
export type { ObservedEvent, Observer } from './fleet/observer.ts'
export type { ContextCarrier, TracedCommand, TracedMessage, Tracing } from './fleet/tracing.ts'
export { createFleet } from './fleet/create.ts'
export type {
  AccessDenial,
  Fleet,
  FleetOptions,
  Login,
  LoginDenial,
  LoginRequest,
  NamedAccessRequest,
  NewDevice,
  ProvisionedDevice,
  ProvisionOptions,
  ProvisionOutcome,
  RecordedDevice,
  RotateOptions,
} from './fleet/fleet.ts'
export type { PepperUse } from './fleet/pepper-use.ts'
export type {
  ServiceAccount,
  ServiceAccountBase,
  ServicePassword,
} from './fleet/service-account.ts'
export { type FleetWatch, type WatchOptions, watchFleet } from './fleet/watch.ts'

// broker: connections to message brokers
export type {
  Broker,
  BrokerCapabilities,
  BrokerStatus,
  ConnectOptions,
  Message,
  MessageHandler,
  MessageProperties,
  OutgoingMessage,
  Publisher,
  Qos,
  Subscription,
  SubscriptionResult,
  Will,
} from './broker/broker.ts'
export {
  checkFilters,
  checkMessage,
  checkSubscriptions,
  checkWill,
} from './broker/check.ts'
export {
  type BrokerEngine,
  type BrokerEngines,
  createBrokers,
  type NamedBroker,
  type NamedBrokers,
  productsOf,
} from './broker/engine.ts'
export {
  type MemoryBrokerOptions,
  type MemoryServer,
  memoryBroker,
  memoryServer,
} from './broker/memory.ts'
export { type Grants, type GuardOptions, guardedBroker } from './broker/guarded.ts'
export { StatusStream } from './broker/status-stream.ts'

// message: what devices say and are told
export type { RejectionOptions } from './message/rejections.ts'

// watch: what devices say, for a page that shows it
export { sendCommands, type WatcherCommands } from './watch/commands.ts'
export { createWatcher } from './watch/create.ts'
export type {
  DeviceSnapshot,
  DeviceWatch,
  Store,
  StreamOptions,
  WatchedChannel,
  WatchedData,
  WatchedMessage,
  WatchedPresence,
  WatchedStatus,
  Watcher,
  WatcherConnection,
  WatcherOptions,
  WatchRejection,
  WatchRejectionCode,
} from './watch/watcher.ts'

// presence: which devices are there
export type {
  ConnectedEvent,
  ConnectionRef,
  DisconnectedEvent,
  DevicePresence,
  Presence,
  PresenceChange,
  PresenceOptions,
  PresenceQuery,
  PresenceTracker,
} from './presence/presence.ts'
export {
  type LastWords,
  type StoredPresence,
  type StoredPresenceOptions,
  storedPresence,
} from './presence/stored.ts'
export { presenceTracker } from './presence/tracker.ts'

// command: what is asked of a device
export type { SendArguments, SendOptions } from './command/call.ts'

// hub: messages and commands
export { createHub } from './hub/create.ts'
export type {
  DataEvent,
  DeadLetter,
  DeviceEvent,
  Rejection,
  RejectionCode,
  StatusEvent,
} from './hub/events.ts'
export type {
  DataHandler,
  Hub,
  HubDevice,
  HubOptions,
  NeededBrokers,
  RejectionHandler,
  StatusHandler,
} from './hub/hub.ts'
export type { RetryOptions } from './hub/retry.ts'
export {
  type CommandSender,
  type CommandSenderOptions,
  type CommandTarget,
  commandSender,
} from './hub/sender.ts'
export type { BrokerState, HubStatus, ToldError } from './hub/status.ts'

// All errors as one type.
export { type AnyDeviceHubError, type ErrorCode, isDeviceHubError } from './any-error.ts'
