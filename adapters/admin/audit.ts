/**
 * The audit trail: who did what to which device, when, and with what result.
 *
 * @module
 */
import type { DeviceRef } from '../../src/device/reference.ts'

/** What an operator does. Stable, to switch on. */
export type AdminAction =
  | 'list'
  | 'show'
  | 'provision'
  | 'rotate'
  | 'retire'
  | 'update'
  | 'revoke'
  | 'restore'
  | 'delete'
  | 'explain'
  | 'command'

/** One deed. It holds no password, hash or payload. */
export interface AuditEntry {
  /** Milliseconds since the Unix epoch. */
  readonly at: number
  /** The name of the operator. Left out where nobody was let in. */
  readonly operator?: string
  readonly action: AdminAction
  /** Left out for what is about no single device. */
  readonly device?: DeviceRef
  /** `done`, or the code of the problem that was answered. */
  readonly result: string
}

/** Takes what operators did: each deed that changes something, and each that was refused. */
export type Audit = (entry: AuditEntry) => void | Promise<void>
