/**
 * What operators do, told as it is done: to the trail of the store, and to the application.
 *
 * @module
 */
import { clock } from '../../src/base/clock.ts'
import { withinDeadline } from '../../src/base/deadline.ts'
import { describeError } from '../../src/base/log.ts'
import type { QuietLog } from '../../src/base/quiet-log.ts'
import type { DeviceRef } from '../../src/device/reference.ts'
import {
  begunEntry,
  type DeviceTrail,
  type TrailEntry,
  trailAttributes,
} from '../../src/device/trail.ts'
import { findNameProblem, MAX_NAME_LENGTH } from '../../src/topic/name.ts'
import type { Operator } from './operator.ts'
import { ProblemError } from './problem.ts'

/** What an operator does. Stable, to switch on. */
export type AdminAction =
  | 'list'
  | 'show'
  | 'audit'
  | 'describe'
  | 'me'
  | 'types'
  | 'provision'
  | 'rotate'
  | 'retire'
  | 'update'
  | 'revoke'
  | 'restore'
  | 'delete'
  | 'kick'
  | 'revoke-tokens'
  | 'explain'
  | 'command'

/** One deed. It holds no password, hash or payload. */
export interface AuditEntry {
  /** When it was begun, in milliseconds since the Unix epoch. */
  readonly at: number
  /** The name of the operator. Left out where nobody was let in. */
  readonly operator?: string
  readonly action: AdminAction
  /** Left out for what is about no single device, or about one whose id could be none. */
  readonly device?: DeviceRef
  /** Whose tokens were revoked. Left out for any other deed. */
  readonly subject?: string
  /** `done`, or the code of the problem that was answered. */
  readonly result: string
}

/** Takes what operators did: each deed that changes something, and each request that was refused. */
export type Audit = (entry: AuditEntry) => void | Promise<void>

/** Who is told. */
export interface AuditOptions {
  /** Keeps it. Default: it is not kept. */
  readonly trail: DeviceTrail | undefined
  /** The application. Default: it is not told. */
  readonly audit: Audit | undefined
  /** Where it is said that one of them failed. */
  readonly log: QuietLog
}

/** Milliseconds for the trail to be written, and for the application to be told. */
const LIMIT_MS = 5_000
/** What changes nothing. */
const READS: readonly AdminAction[] = [
  ...(['list', 'show', 'audit', 'describe'] as const),
  ...(['me', 'types', 'explain'] as const),
]

/** One request, as far as somebody is to be told of it. */
export class AuditedDeed {
  readonly #options: AuditOptions
  readonly #action: AdminAction
  readonly #at = clock().date()
  readonly #results = new Map<number, string>()
  #operator: Operator | undefined
  #devices: readonly Omit<TrailEntry, 'id' | 'at' | 'operator' | 'action' | 'result'>[] = [{}]
  #begun: readonly TrailEntry[] | undefined
  #subject: string | undefined

  constructor(action: AdminAction, options: AuditOptions) {
    this.#action = action
    this.#options = options
  }

  /** Whether it changes something. */
  get isDeed(): boolean {
    return !READS.includes(this.#action)
  }

  /** Says whose it is. */
  by(operator: Operator): void {
    this.#operator = operator
  }

  /** Says which devices it is about, with the attributes that tell whose they are, as far as is known. */
  about(devices: readonly (DeviceRef & { readonly attributes?: unknown })[]): void {
    if (devices.length === 0) return
    this.#devices = devices.map(({ type, id, attributes }) =>
      findNameProblem(id) ? {} : { device: { type, id }, ...trailAttributes(attributes) },
    )
  }

  /** Says whose tokens it is about. A trail has it as an attribute, where it can be one. */
  aboutSubject(subject: string): void {
    this.#subject = subject
    this.#devices = [trailAttributes({ subject: nameOf(subject) })]
  }

  /**
   * Has it on the trail before it is done.
   *
   * @throws {ProblemError} If it could not be written: then it is not to be done.
   */
  async begin(): Promise<void> {
    const { trail } = this.#options
    if (!trail || !this.isDeed) return
    const begun = this.#entries()
    if (await this.#write(trail, begun)) this.#begun = begun
    else {
      const detail = 'The audit trail could not be written, so nothing was done'
      throw new ProblemError(503, 'trail-failed', detail)
    }
  }

  /** Says what became of one of its devices, where they differ. */
  settle(index: number, result: string): void {
    this.#results.set(index, result)
  }

  /** Tells what came of it. Settles when everybody was told, or had the time. */
  async end(result: string): Promise<void> {
    if (!this.isDeed && result === 'done') return
    const ended = (this.#begun ?? this.#entries()).map((entry, i) => ({
      ...entry,
      result: this.#results.get(i) ?? result,
    }))
    const { trail } = this.#options
    // Whoever is let in by nobody could write as much as they like.
    if (trail && this.#operator) await this.#write(trail, ended)
    await this.#tell(ended)
  }

  #entries(): readonly TrailEntry[] {
    const operator = this.#operator?.name ?? ''
    return this.#devices.map((about) => ({
      ...begunEntry({ operator, action: this.#action, ...about }),
      at: this.#at,
    }))
  }

  async #write(trail: DeviceTrail, entries: readonly TrailEntry[]): Promise<boolean> {
    try {
      await withinDeadline(LIMIT_MS, () => trail.write(entries), undefined, 'answer')
      return true
    } catch (error) {
      const [{ operator, action, device, result } = entries[0]!] = entries
      const what = [operator, action, device && `${device.type}/${device.id}`, result].join(' ')
      const others = entries.length > 1 ? ` and ${entries.length - 1} more` : ''
      const text = `The audit trail could not be written: ${describeError(error)}: ${what}${others}`
      this.#options.log.write('error', 'trail', text)
      return false
    }
  }

  async #tell(entries: readonly TrailEntry[]): Promise<void> {
    const { audit, log } = this.#options
    if (!audit) return
    const operator = this.#operator && { operator: this.#operator.name }
    const all = async () => {
      for (const { at, device, result } of entries) {
        const about = {
          ...(device && { device }),
          ...(this.#subject !== undefined && { subject: this.#subject }),
        }
        await audit({ at, ...operator, action: this.#action, ...about, result })
      }
    }
    try {
      await withinDeadline(LIMIT_MS, all, undefined, 'answer')
    } catch (error) {
      log.write('error', 'audit', `The audit trail failed: ${describeError(error)}`)
    }
  }
}

/** A subject as an attribute can have it: as it is, or as far as it goes in the way that URLs write it. */
function nameOf(subject: string): string {
  if (!findNameProblem(subject)) return subject
  try {
    return encodeURIComponent(subject).slice(0, MAX_NAME_LENGTH)
  } catch {
    // A lone surrogate: the fleet refuses it.
    return ''
  }
}
