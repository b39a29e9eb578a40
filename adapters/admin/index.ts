/**
 * The operator's routes, for Hono.
 *
 * @module
 */
export { type DeviceAdminOptions, deviceAdmin } from './admin.ts'
export type { AdminAction, Audit, AuditEntry } from './audit.ts'
export type { CommandTargets } from './commands.ts'
export type { AdminAccess } from './guard.ts'
export type { ToJsonSchema } from './openapi.ts'
export type { Operator } from './operator.ts'
export type {
  CommandView,
  FieldView,
  MeView,
  PayloadSchema,
  TypesView,
  TypeView,
} from './type-views.ts'
export type { CredentialView, DeviceView } from './views.ts'
