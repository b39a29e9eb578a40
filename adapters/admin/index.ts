/**
 * The operator's routes, for Hono.
 *
 * @module
 */
export { type DeviceAdminOptions, deviceAdmin } from './admin.ts'
export type { AdminAction, Audit, AuditEntry } from './audit.ts'
export type { AdminAccess } from './guard.ts'
export type { Operator } from './operator.ts'
export type { CredentialView, DeviceView } from './views.ts'
