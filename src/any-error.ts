/**
 * All errors of the core as one type, so that a `code` says which of them it is.
 *
 * @module
 */
import {
  AdapterError,
  type BrokerError,
  type BrokerErrorCode,
  type CertificateError,
  type CommandError,
  type ConfigError,
  type CredentialUnknownError,
  type DeviceExistsError,
  DeviceHubError,
  type DeviceRevokedError,
  type DeviceTypeUnknownError,
  type DeviceUnknownError,
  type InvalidNameError,
  type InvalidTopicError,
  type MissingDependencyError,
  type PayloadError,
  type RevisionConflictError,
  type SealedPasswordError,
  type UnsupportedRuntimeError,
} from './base/errors.ts'
import type { TokenLoginError } from './credential/token-login.ts'
import type { QueryUnsupportedError } from './device/query.ts'
import type { ChangeError } from './fleet/changes.ts'
import type { RuleExportError } from './product/rules/rule-export.ts'
import type { AccessDeniedError } from './rule/access-denied.ts'

/** Any error that the library throws on purpose, save for those of one adapter alone. Its `code` tells which it is. */
export type AnyDeviceHubError =
  | AccessDeniedError
  | BrokerError<Exclude<BrokerErrorCode, CertificateError['code']>>
  | CertificateError
  | CommandError
  | ConfigError
  | CredentialUnknownError
  | DeviceExistsError
  | DeviceRevokedError
  | DeviceTypeUnknownError
  | DeviceUnknownError
  | InvalidNameError
  | InvalidTopicError
  | MissingDependencyError
  | PayloadError
  | QueryUnsupportedError
  | RevisionConflictError
  | ChangeError
  | RuleExportError
  | SealedPasswordError
  | TokenLoginError
  | UnsupportedRuntimeError

/** The code of any such error. Stable, to switch on. */
export type ErrorCode = AnyDeviceHubError['code']

/**
 * Tells an error of this library from any other. One that an adapter alone throws is an `AdapterError`,
 * and none of these.
 *
 * @example
 * ```ts
 * import { hashPassword, isDeviceHubError } from 'devicehub'
 *
 * try {
 *   await hashPassword('words that somebody chose')
 * } catch (error) {
 *   if (isDeviceHubError(error) && error.code === 'ERR_CONFIG') console.error(error.key)
 *   else throw error
 * }
 * ```
 */
export function isDeviceHubError(error: unknown): error is AnyDeviceHubError {
  return error instanceof DeviceHubError && !(error instanceof AdapterError)
}
