/**
 * What became of a revoked device's sessions.
 *
 * @module
 */
import { DeviceHubError } from '../base/errors.ts'
import { describeError } from '../base/log.ts'
import type { DeviceRef } from '../device/reference.ts'

/** A device that was revoked, as whoever ends its sessions is told. */
export interface RevokedDevice extends DeviceRef {
  readonly username: string
}

/** What became of a revoked device's sessions. Make it complete by revoking the device again. */
export interface RevocationReport extends RevokedDevice {
  /** The names of the listeners that ended what they had of the device, in the order they began. */
  readonly done: readonly string[]
  /** Those that could not, with their error. What they had of it may go on. */
  readonly failed: readonly RevocationFailure[]
}

/** A listener that could not end a revoked device's sessions. */
export interface RevocationFailure {
  readonly name: string
  readonly error: Error
}

/**
 * The device is revoked, but not all of its sessions could be ended: see `report`. Revoke it again
 * to repeat that.
 */
export class RevocationError extends DeviceHubError {
  override readonly name = 'RevocationError'
  readonly code = 'ERR_REVOCATION_INCOMPLETE'
  /** What was done, and what failed: one at least. */
  readonly report: RevocationReport

  constructor(report: RevocationReport) {
    const { type, id, failed } = report
    const problems = failed.map(({ name, error }) => `${name}: ${describeError(error)}`).join('; ')
    super(`Device ${type}/${id} is revoked, but its sessions may go on: ${problems}`, {
      cause: failed[0]?.error,
    })
    this.report = report
  }
}
