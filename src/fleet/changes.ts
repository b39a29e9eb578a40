/**
 * Changes of devices, and who acts on them.
 *
 * @module
 */
import { ConfigError, DeviceHubError, toError } from '../base/errors.ts'
import { describeError } from '../base/log.ts'
import { checkOptions } from '../base/options.ts'
import type { DeviceRef } from '../device/reference.ts'

/** A change of a device that was made through a fleet, and is on record. */
export interface DeviceChange extends DeviceRef {
  readonly kind:
    | 'provisioned'
    | 'updated'
    | 'rotated'
    | 'retired'
    | 'revoked'
    | 'restored'
    | 'removed'
  readonly username: string
}

/** All tokens of a subject that were issued until now are revoked. It is about no device. */
export interface TokenChange {
  readonly kind: 'tokens-revoked'
  readonly type?: undefined
  readonly id?: undefined
  /** That of the tokens. */
  readonly username: string
  /** Up to when they were issued, in seconds since the epoch, a few of them ahead. */
  readonly issuedUntil: number
}

/** A change that was made through a fleet. */
export type FleetChange = DeviceChange | TokenChange

/** A change as a listener is told of it. */
export type HeardChange = FleetChange & {
  /** Set where another process made it. Left out where it was made through this fleet. */
  readonly elsewhere?: true
}

/** Whether after a change somebody may do nothing any more: what ends sessions ends those of that user name. */
export function isRevocation(kind: FleetChange['kind']): boolean {
  return kind === 'revoked' || kind === 'tokens-revoked'
}

/** Acts on a change: ends sessions, or tells a broker a password. */
export type ChangeListener = (change: HeardChange) => void | Promise<void>

/** What `fleet.onChange` takes beside the listener. */
export interface ChangeListenerOptions {
  /**
   * What the listener acts on, which says whose changes it is told while `watchFleet` listens:
   *
   * - `shared`: something that all processes reach, such as a broker's API. Listeners of one name in
   *   several processes are ways to the same, and each change is one's to act on: that of whoever made
   *   it, or if it has none of this name, that of one of the others.
   * - `own`: something that this process alone holds, such as the connections to it. It is told every
   *   change, whoever made it.
   *
   * Default: `shared`.
   */
  readonly holds?: 'shared' | 'own'
  /**
   * Called where changes that others made may have been missed: when `watchFleet` begins to listen,
   * and each time it does so again. Default: nothing.
   */
  readonly onMissed?: () => void
}

/** A change, and what became of it where something had to act on it. */
export interface ChangeReport extends DeviceChange {
  /** The names of the listeners that are done with it, in the order they began. */
  readonly done: readonly string[]
  /** Those that failed, with their error. Empty where a promise resolves with the report. */
  readonly failed: readonly ChangeFailure[]
  /** Of a device that was provisioned or rotated: its new password, shown here once. */
  readonly password?: string
}

/** What became of a revocation of tokens. */
export interface TokenReport extends TokenChange, Pick<ChangeReport, 'done' | 'failed'> {
  readonly password?: undefined
}

/** A listener that could not act on a change. */
export interface ChangeFailure {
  readonly name: string
  readonly error: Error
}

/** What may be amiss after each kind of change that something could not act on. */
export const CHANGE_PROBLEMS: Readonly<Record<FleetChange['kind'], string>> = {
  provisioned: 'is provisioned, but not everything was told',
  updated: 'is updated, but not everything was told',
  rotated: 'has a new password, but not everything was told',
  retired: 'has a password less, but not everything was told',
  revoked: 'is revoked, but its sessions may go on',
  restored: 'is no longer revoked, but not everything was told',
  removed: 'is removed, but not everything was told',
  'tokens-revoked': 'are revoked, but sessions of them may go on',
}

/**
 * A change is on record, but something that had to act on it failed: see `report`, which is all that
 * the call would have resolved with. A device that was revoked may be revoked again, which tells all
 * of them again.
 */
export class ChangeError extends DeviceHubError {
  override readonly name = 'ChangeError'
  readonly code = 'ERR_CHANGE_INCOMPLETE'
  readonly kind: FleetChange['kind']
  /** The device's. `undefined` where tokens were revoked. */
  readonly type: string | undefined
  readonly id: string | undefined
  /** The listeners that failed: one at least. */
  readonly failed: readonly ChangeFailure[]
  // Out of the reach of logs and JSON: it may hold a password.
  readonly #report: ChangeReport | TokenReport

  constructor(report: ChangeReport | TokenReport, problem: string = CHANGE_PROBLEMS[report.kind]) {
    const { kind, type, id, username, failed } = report
    const failures = failed.map(({ name, error }) => `${name}: ${describeError(error)}`).join('; ')
    const what = type === undefined ? `The tokens of ${username}` : `Device ${type}/${id}`
    super(`${what} ${problem}: ${failures}`, { cause: failed[0]?.error })
    this.kind = kind
    this.type = type
    this.id = id
    this.failed = failed
    this.#report = report
  }

  /** What was done, the new password included. It is in neither JSON nor what a log shows of this. */
  get report(): ChangeReport | TokenReport {
    return this.#report
  }
}

/** Tells other processes of a change. Settles when they are told. */
export type Announce = (change: FleetChange, ways: readonly string[]) => Promise<void>

/** What telling other processes is called in reports. */
export const OTHER_PROCESSES = 'other processes'

/** A listener that is told of changes. */
export interface Registered extends Required<ChangeListenerOptions> {
  readonly name: string
  readonly listener: ChangeListener
  /** What it was told last of each user name, while it is at it. */
  readonly hearing: Map<string, Promise<void>>
}

/** Who acts on the changes of one fleet. */
export class Changes {
  readonly #listeners = new Set<Registered>()
  readonly #announce: Announce | undefined

  /** @param announce Default: there are no other processes. */
  constructor(announce?: Announce) {
    this.#announce = announce
  }

  /** Those who are told. */
  get listeners(): ReadonlySet<Registered> {
    return this.#listeners
  }

  /** See `Fleet.onChange`. */
  listen(name: string, listener: ChangeListener, options: ChangeListenerOptions = {}): () => void {
    if (typeof name !== 'string' || name === '') {
      throw new ConfigError('name', 'must say what the listener is called in reports')
    }
    if (typeof listener !== 'function') throw new ConfigError('listener', 'must be a function')
    checkOptions(options, { holds: true, onMissed: true })
    const { holds = 'shared', onMissed = () => {} } = options
    if (holds !== 'shared' && holds !== 'own') {
      throw new ConfigError('holds', 'must be "shared" or "own"')
    }
    if (typeof onMissed !== 'function') throw new ConfigError('onMissed', 'must be a function')
    const added: Registered = { name, listener, holds, onMissed, hearing: new Map() }
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
  async tell<Change extends FleetChange & { readonly password?: string }>(
    change: Change,
    problem?: string,
  ): Promise<Change & Pick<ChangeReport, 'done' | 'failed'>> {
    const bare = withoutMore(change)
    const told: Pick<Registered, 'name' | 'listener'>[] = [...this.#listeners]
    const announce = this.#announce
    if (announce) {
      const ways = [...this.#listeners].filter(isShared).map(({ name }) => name)
      const listener = (told: FleetChange) => announce(told, [...new Set(ways)])
      told.push({ name: OTHER_PROCESSES, listener })
    }
    // One that fails keeps no other from being told: each may hold a session to end.
    const outcomes = await Promise.allSettled(told.map(async ({ listener }) => listener(bare)))
    const done: string[] = []
    const failed: ChangeFailure[] = []
    for (const [i, outcome] of outcomes.entries()) {
      const { name } = told[i]!
      if (outcome.status === 'fulfilled') done.push(name)
      else failed.push({ name, error: toError(outcome.reason) })
    }
    const report = { ...change, done, failed } as Change & Pick<ChangeReport, 'done' | 'failed'>
    // A session that goes on must not be overlooked.
    if (failed.length > 0) throw new ChangeError(report as ChangeReport | TokenReport, problem)
    return report
  }
}

/** Without a password: not the object of whoever made the change, for each listener. */
function withoutMore(change: FleetChange): FleetChange {
  const { kind, username } = change
  if (kind === 'tokens-revoked') return { kind, username, issuedUntil: change.issuedUntil }
  return { kind, type: change.type, id: change.id, username }
}

function isShared({ holds }: Registered): boolean {
  return holds === 'shared'
}
