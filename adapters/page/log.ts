/**
 * What was refused since it was told last, as far as an operator may know of it.
 *
 * @module
 */
import { monotonicNow } from '../../src/base/clock.ts'
import { recentMap } from '../../src/base/recent-map.ts'
import type { DeviceRef } from '../../src/device/reference.ts'
import type { DeviceRecord } from '../../src/device/store.ts'
import type { Fleet } from '../../src/fleet/fleet.ts'
import { type Operator, sees, seesAll } from '../admin/operator.ts'
import { keyOf } from './query.ts'
import type { Refused } from './source.ts'
import type { LogEntry, LogEvent } from './wire.ts'

/** Most entries that are told at once. */
const MAX_ENTRIES = 50
/** Of so many it is looked up whose they are: what others have a flood of hides little of one's own. */
const MAX_CANDIDATES = 500
/** Most questions to the store at once, and how long its answers hold, in milliseconds. */
const MAX_QUESTIONS = 50
const ANSWER_MS = 30_000
const MAX_ANSWERS = 1_000

/** Of which device something is, where the operator sees it. */
interface Answer {
  readonly device: DeviceRef | undefined
  readonly until: number
}

/** See the module. */
export class RefusedLog {
  readonly #fleet: Fleet
  readonly #operator: Operator
  readonly #seesAll: boolean
  readonly #answers = recentMap<string, Answer>(MAX_ANSWERS)
  #waiting: Refused[] = []
  #dropped = 0

  constructor(fleet: Fleet, operator: Operator) {
    this.#fleet = fleet
    this.#operator = operator
    this.#seesAll = seesAll(operator)
  }

  /** Something was refused: the first of a second are kept. */
  add(refused: Refused): void {
    if (this.#waiting.length < (this.#seesAll ? MAX_ENTRIES : MAX_CANDIDATES)) {
      this.#waiting.push(refused)
    } else this.#dropped++
  }

  /** What came since it was asked last; `undefined` if nothing that may be told. Rejects as the store does. */
  async take(at: number): Promise<LogEvent | undefined> {
    const waiting = this.#waiting
    const dropped = this.#seesAll ? this.#dropped : 0
    this.#waiting = []
    this.#dropped = 0
    const entries = this.#seesAll ? waiting.map((one) => toEntry(one)) : await this.#own(waiting)
    return entries.length === 0 ? undefined : { at, entries, dropped }
  }

  /** Those about devices that the operator sees. */
  async #own(waiting: readonly Refused[]): Promise<readonly LogEntry[]> {
    const entries: LogEntry[] = []
    let questions = 0
    for (const refused of waiting) {
      if (entries.length === MAX_ENTRIES) break
      const subject = subjectOf(refused)
      if (subject === undefined) continue
      let answer = this.#answers.get(subject)
      if (!answer || answer.until <= monotonicNow()) {
        if (questions++ === MAX_QUESTIONS) break
        answer = { device: await this.#find(refused), until: monotonicNow() + ANSWER_MS }
        this.#answers.set(subject, answer)
      }
      if (answer.device) entries.push(toEntry(refused, answer.device))
    }
    return entries
  }

  async #find(refused: Refused): Promise<DeviceRef | undefined> {
    const record = await recordOf(this.#fleet, refused)
    return record && sees(this.#operator, record) ? { type: record.type, id: record.id } : undefined
  }
}

/** Whom it is about, as a key: of a denial whoever logged in, whose topic that was or not. */
function subjectOf({ kind, username, device }: Refused): string | undefined {
  if (kind === 'denial') return username === undefined ? undefined : `user ${username}`
  return device && `device ${keyOf(device)}`
}

async function recordOf(
  { store }: Fleet,
  { kind, username, device }: Refused,
): Promise<DeviceRecord | undefined> {
  if (kind === 'denial') return username === undefined ? undefined : store.findByUsername(username)
  return device && store.get(device.type, device.id)
}

function toEntry({ explain, ...refused }: Refused, device = refused.device): LogEntry {
  return { ...refused, text: explain(), ...(device && { device }) }
}
