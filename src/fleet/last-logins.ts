/**
 * Which credential each device logged in with last, written in batches that no login waits for.
 *
 * @module
 */
import { clock } from '../base/clock.ts'
import { withinDeadline } from '../base/deadline.ts'
import { describeError } from '../base/log.ts'
import type { QuietLog } from '../base/quiet-log.ts'
import { type RecentMap, recentMap } from '../base/recent-map.ts'
import type { DeviceLogin, DeviceStates } from '../device/states.ts'
import type { DeviceRecord } from '../device/store.ts'

/** Milliseconds from the first login to the write, and the longest pause after one that failed. */
export const LOGIN_WRITE_PAUSE_MS = 1_000
const MAX_PAUSE_MS = 30_000
/** Milliseconds for a write, after which it is tried again. */
const WRITE_LIMIT_MS = 5_000
/** Most devices of which something waits. */
const MAX_DEVICES = 100_000
const BATCH = 1_000
/** Milliseconds in which a further login with the same credential is no news. */
export const SAME_LOGIN_MS = 60_000
/** Of how many devices it is known what was told last. */
const MAX_TOLD = 20_000

/** Gathers logins, and has them written. */
export class LastLogins {
  readonly #states: DeviceStates
  readonly #log: QuietLog
  /** By user name, the one that waits longest first. */
  #waiting = new Map<string, DeviceLogin>()
  /** What was told last, by user name: who comes again and again is not written each time. */
  readonly #told: RecentMap<string, DeviceLogin> = recentMap(MAX_TOLD)
  #dropped = 0
  #pause = LOGIN_WRITE_PAUSE_MS
  /** When they are to be written, by the clock for durations. */
  #due = Number.NEGATIVE_INFINITY

  constructor(states: DeviceStates, log: QuietLog) {
    this.#states = states
    this.#log = log
  }

  /** Notes a login. Most of the time that is a look at a map, and nothing is waited for. */
  note({ username, type, id }: DeviceRecord, credentialId: string, at: number): void {
    const told = this.#told.get(username)
    if (told && isSame(told, credentialId, at)) return
    const login = { type, id, at, credentialId }
    this.#told.set(username, login)
    if (this.#waiting.size >= MAX_DEVICES && !this.#waiting.has(username)) this.#dropOldest()
    this.#waiting.set(username, login)
    this.#schedule()
  }

  #schedule(): void {
    const now = clock().now()
    // An edge worker drops the timers of a request that has its answer.
    if (now < this.#due + MAX_PAUSE_MS) return
    this.#due = now + this.#pause
    clock().after(this.#pause, () => void this.#write(), true)
  }

  async #write(): Promise<void> {
    const { size } = this.#waiting
    if (this.#dropped > 0) {
      const text = `The last logins of ${this.#dropped} devices are not kept`
      this.#log.write('error', 'logins-dropped', text)
      this.#dropped = 0
    }
    let batch: ReadonlyMap<string, DeviceLogin> = new Map()
    try {
      for (let left = size; left > 0; left -= BATCH) {
        // A store in memory answers in the same turn, and logins have to have theirs.
        if (left < size) await new Promise<void>((resolve) => clock().soon(resolve))
        batch = this.#take()
        const logins = [...batch.values()]
        const write = () => this.#states.writeLogins(logins, clock().date())
        await withinDeadline(WRITE_LIMIT_MS, write, undefined, 'answer of the store')
      }
      this.#pause = LOGIN_WRITE_PAUSE_MS
    } catch (error) {
      this.#putBack(batch)
      this.#pause = Math.min(this.#pause * 2, MAX_PAUSE_MS)
      const text = `Writing the last logins of devices failed: ${describeError(error)}`
      this.#log.write('error', 'logins', text)
    }
    this.#due = Number.NEGATIVE_INFINITY
    if (this.#waiting.size > 0) this.#schedule()
  }

  #take(): ReadonlyMap<string, DeviceLogin> {
    const batch = new Map<string, DeviceLogin>()
    for (const [username, login] of this.#waiting) {
      if (batch.size === BATCH) break
      batch.set(username, login)
      this.#waiting.delete(username)
    }
    // One that is filled and emptied all the time would keep its old tables on V8.
    if (this.#waiting.size === 0) this.#waiting = new Map()
    return batch
  }

  /** Those that were not written wait on, unless there was another login since. */
  #putBack(batch: ReadonlyMap<string, DeviceLogin>): void {
    for (const [username, login] of batch) {
      if (this.#waiting.has(username)) continue
      if (this.#waiting.size < MAX_DEVICES) this.#waiting.set(username, login)
      else {
        this.#told.delete(username)
        this.#dropped++
      }
    }
  }

  #dropOldest(): void {
    for (const username of this.#waiting.keys()) {
      this.#waiting.delete(username)
      this.#told.delete(username)
      this.#dropped++
      return
    }
  }
}

/** Whether a login says nothing that another one did not say a moment before. */
function isSame(told: DeviceLogin, credentialId: string, at: number): boolean {
  return told.credentialId === credentialId && at >= told.at && at < told.at + SAME_LOGIN_MS
}
