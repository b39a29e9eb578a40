/**
 * Changes of devices, and who acts on them.
 *
 * @module
 */
import { ConfigError, DeviceHubError, toError } from '../base/errors.ts'
import { describeError } from '../base/log.ts'
import type { DeviceRef } from '../device/reference.ts'

/** A change of a device that was made through a fleet, and is on record. */
export interface DeviceChange extends DeviceRef {
  readonly kind: 'provisioned' | 'updated' | 'rotated' | 'revoked' | 'removed'
  readonly username: string
}

/** Acts on a change: ends sessions, or tells a broker a password. */
export type ChangeListener = (change: DeviceChange) => void | Promise<void>

/** A change, and what became of it where something had to act on it. */
export interface ChangeReport extends DeviceChange {
  /** The names of the listeners that are done with it, in the order they began. */
  readonly done: readonly string[]
  /** Those that failed, with their error. Empty where a promise resolves with the report. */
  readonly failed: readonly ChangeFailure[]
  /** Of a device that was provisioned or rotated: its new password, shown here once. */
  readonly password?: string
}

/** A listener that could not act on a change. */
export interface ChangeFailure {
  readonly name: string
  readonly error: Error
}

/** What may be amiss after each kind of change that something could not act on. */
const PROBLEMS: Readonly<Record<DeviceChange['kind'], string>> = {
  provisioned: 'is provisioned, but not everything was told',
  updated: 'is updated, but not everything was told',
  rotated: 'has a new password, but not everything was told',
  revoked: 'is revoked, but its sessions may go on',
  removed: 'is removed, but not everything was told',
}

/**
 * A change is on record, but something that had to act on it failed: see `report`, which is all that
 * the call would have resolved with. A device that was revoked may be revoked again, which tells all
 * of them again.
 */
export class ChangeError extends DeviceHubError {
  override readonly name = 'ChangeError'
  readonly code = 'ERR_CHANGE_INCOMPLETE'
  readonly kind: DeviceChange['kind']
  readonly type: string
  readonly id: string
  /** The listeners that failed: one at least. */
  readonly failed: readonly ChangeFailure[]
  // Out of the reach of logs and JSON: it may hold a password.
  readonly #report: ChangeReport

  constructor(report: ChangeReport, problem: string = PROBLEMS[report.kind]) {
    const { kind, type, id, failed } = report
    const failures = failed.map(({ name, error }) => `${name}: ${describeError(error)}`).join('; ')
    super(`Device ${type}/${id} ${problem}: ${failures}`, { cause: failed[0]?.error })
    this.kind = kind
    this.type = type
    this.id = id
    this.failed = failed
    this.#report = report
  }

  /** What was done, the new password included. It is in neither JSON nor what a log shows of this. */
  get report(): ChangeReport {
    return this.#report
  }
}

/** Who acts on the changes of one fleet. */
export class Changes {
  readonly #listeners = new Set<{ readonly name: string; readonly listener: ChangeListener }>()

  /** See `Fleet.onChange`. */
  listen(name: string, listener: ChangeListener): () => void {
    if (typeof name !== 'string' || name === '') {
      throw new ConfigError('name', 'must say what the listener is called in reports')
    }
    if (typeof listener !== 'function') throw new ConfigError('listener', 'must be a function')
    const added = { name, listener }
    this.#listeners.add(added)
    return () => {
      this.#listeners.delete(added)
    }
  }

  /**
   * Tells everybody at the same time, and resolves with the report when all are done.
   *
   * @param change What is on record now, and what else whoever made it is to learn.
   * @param problem What is amiss if one fails. Default: by the kind of change.
   * @throws {ChangeError} If one failed, after all were told.
   */
  async tell<Change extends DeviceChange & { readonly password?: string }>(
    change: Change,
    problem?: string,
  ): Promise<Change & Pick<ChangeReport, 'done' | 'failed'>> {
    const { kind, type, id, username } = change
    const told = [...this.#listeners]
    // One that fails keeps no other from being told: each may hold a session to end.
    const outcomes = await Promise.allSettled(
      told.map(async ({ listener }) => listener({ kind, type, id, username })),
    )
    const done: string[] = []
    const failed: ChangeFailure[] = []
    for (const [i, outcome] of outcomes.entries()) {
      const { name } = told[i]!
      if (outcome.status === 'fulfilled') done.push(name)
      else failed.push({ name, error: toError(outcome.reason) })
    }
    const report = { ...change, done, failed }
    // A session that goes on must not be overlooked.
    if (failed.length > 0) throw new ChangeError(report, problem)
    return report
  }
}
