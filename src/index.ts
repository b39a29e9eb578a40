/**
 * A typed fleet of MQTT devices on any JavaScript runtime: device types, access rules, credentials,
 * typed messages and commands. Adapters for brokers and frameworks are entry points of their own.
 *
 * @module
 */

export type { BrokerLogin } from './access/broker-login.ts'
export type {
  CompatibilityCode,
  CompatibilityFinding,
  DialectFacts,
} from './access/compatibility.ts'
export { type CompiledAccess, compileAccess } from './access/compile.ts'
export { SECRET_PREFIX } from './access/credential.ts'
export {
  type AccessRequest,
  type Decision,
  type DecisionReason,
  decide,
} from './access/decide.ts'
export {
  DEFAULT_PREFIX,
  DEFAULT_SHARE_NAME,
  deviceRules,
  hubRules,
} from './access/default-rules.ts'
export { type DevicePrincipalOptions, devicePrincipal } from './access/device-principal.ts'
export {
  type Explanation,
  explainDecision,
  type NearMiss,
  type NearMissCode,
} from './access/explain.ts'
export {
  type EmqxAclRule,
  emqxAclList,
  emqxFileRules,
  emqxJwtClaim,
} from './access/export/emqx.ts'
export {
  type ExportFinding,
  type ExportReason,
  type RuleExport,
  RuleExportError,
  type RuleExportOptions,
} from './access/export/finding.ts'
export { mosquittoAclFile } from './access/export/mosquitto-acl-file.ts'
export {
  type DynsecAcl,
  type DynsecRole,
  type DynsecRoles,
  mosquittoDynsecRoles,
} from './access/export/mosquitto-dynsec.ts'
export type { Principal } from './access/principal.ts'
export type { AccessAction, AccessRule, RuleValues } from './access/rule.ts'
export { hashPassword } from './access/secret/hash-password.ts'
export type { ServiceAccount, ServiceAccountBase, ServiceSecret } from './access/service-account.ts'
export {
  type IssuedToken,
  MAX_TOKEN_BYTES,
  MAX_TOKEN_LIFETIME,
  MAX_TOKEN_RULES,
  type TokenOptions,
} from './access/token.ts'
export type {
  Broker,
  BrokerCapabilities,
  BrokerStatus,
  ConnectOptions,
  Message,
  MessageHandler,
  MessageProperties,
  OutgoingMessage,
  Qos,
  Subscription,
  SubscriptionResult,
} from './broker/broker.ts'
export {
  authBackends,
  type BrokerEngine,
  type BrokerEngines,
  createBrokers,
  type NamedBroker,
  type NamedBrokers,
} from './broker/engine.ts'
export {
  type MemoryBrokerOptions,
  type MemoryServer,
  memoryBroker,
  memoryServer,
} from './broker/memory.ts'
export { StatusStream } from './broker/status-stream.ts'
export { memoryStore } from './device/memory-store.ts'
export { MAX_NAME_LENGTH } from './device/name.ts'
export type {
  InferInput,
  InferOutput,
  Schema,
  SchemaIssue,
  SchemaResult,
} from './device/schema.ts'
export type { DeviceSettings } from './device/settings.ts'
export type { DeviceRecord, DeviceStore, ListOptions, StoredCredential } from './device/store.ts'
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
export {
  AccessDeniedError,
  BrokerError,
  type BrokerErrorCode,
  CertificateError,
  type CertificateProblem,
  CommandError,
  type CommandFailure,
  ConfigError,
  DeviceExistsError,
  DeviceHubError,
  DeviceRevokedError,
  DeviceUnknownError,
  InvalidNameError,
  InvalidTopicError,
  MissingDependencyError,
  PayloadError,
  type PayloadIssue,
  RevisionConflictError,
  RevocationError,
  SealedSecretError,
  UnsupportedRuntimeError,
} from './errors.ts'
export { createFleet } from './fleet/create.ts'
export type {
  DeviceChange,
  DeviceRef,
  Fleet,
  FleetOptions,
  Login,
  LoginDenial,
  LoginRequest,
  NamedAccessRequest,
  ProvisionedDevice,
  ProvisionOptions,
  RecordedDevice,
  RevocationFailure,
  RevocationReport,
  RevokedDevice,
  RotateOptions,
} from './fleet/fleet.ts'
export type { SendOptions } from './hub/commands.ts'
export { createHub } from './hub/create.ts'
export type {
  DataEvent,
  DeadLetter,
  DeviceEvent,
  Rejection,
  RejectionCode,
  StatusEvent,
} from './hub/events.ts'
export type { Hub, HubDevice, HubOptions, SendArguments } from './hub/hub.ts'
export type { RetryOptions } from './hub/retry.ts'
export { memorySeenStore, type SeenStore } from './hub/seen.ts'
export type { BrokerState, HubStatus, ToldError } from './hub/status.ts'
export type { Logger } from './log.ts'
export type {
  ConnectedEvent,
  ConnectionRef,
  DisconnectedEvent,
  Presence,
  PresenceChange,
  PresenceOptions,
  PresenceTracker,
} from './presence/presence.ts'
export { presenceTracker } from './presence/tracker.ts'
export { parseTopicFilter, parseTopicName, type TopicFilter } from './topic/filter.ts'
export { covers, matches, overlaps } from './topic/relation.ts'
export { MAX_TOPIC_BYTES, MAX_TOPIC_LEVELS } from './topic/scan.ts'
export {
  type Channel,
  compileTemplate,
  DEFAULT_TEMPLATE,
  type TopicTemplate,
} from './topic/template.ts'
export { type FilterTree, filterTree } from './topic/tree.ts'
