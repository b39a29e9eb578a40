/**
 * Broker products, each as one value: how it asks and tells over HTTP, and what it can tell. Whoever uses
 * one imports it and hands it in; a bundler leaves the others out. One of your own is a value of the same
 * type, in a file of yours. Beside them are rules in the form of a product, and its configuration files.
 *
 * @module
 */
export type { BrokerFacts } from '../rule/facts.ts'
export type { RoutesAddress } from './configuration/address.ts'
export { type BrokerConfigOptions, brokerConfig } from './configuration/broker-config.ts'
export type { BrokerConfiguration, ConfigFile, GeneratedConfig } from './configuration/generated.ts'
export { SECRET_PLACEHOLDER } from './configuration/secret.ts'
export type { ConfiguredProduct } from './configurations.ts'
export {
  type EmqxAclRule,
  emqxAclList,
  emqxFileRules,
  emqxJwtClaim,
} from './emqx/rules.ts'
export type { Answer } from './http/answer.ts'
export type { BrokerEvent, BrokerUser, EventReader } from './http/event.ts'
export {
  type Fields,
  MalformedRequest,
  needText,
  readFlag,
  readQos,
  readText,
  readTime,
} from './http/fields.ts'
export type {
  Asked,
  AskedAccess,
  AskedAccesses,
  AskedBrokerObject,
  AskedLogin,
  AskedSuperuser,
  Question,
  QuestionOutcome,
  RequestHeaders,
} from './http/question.ts'
export { mosquittoAclFile } from './mosquitto/acl-file.ts'
export {
  type DynsecAcl,
  type DynsecRole,
  type DynsecRoles,
  mosquittoDynsecRoles,
} from './mosquitto/roles.ts'
export type { AskingProduct, Product, TellingProduct } from './product.ts'
export * from './products.ts'
export {
  type ExportCode,
  type ExportFinding,
  type RuleExport,
  RuleExportError,
  type RuleExportOptions,
} from './rules/rule-export.ts'
