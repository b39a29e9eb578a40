/**
 * What is new of devices and not written yet: of each what it told last.
 *
 * @module
 */
import type { DeviceRef } from '../device/reference.ts'
import type { StateReport } from '../device/states.ts'

type News = Omit<StateReport, 'type' | 'id'>
type Mutable = { -readonly [Key in keyof StateReport]: StateReport[Key] }

/** Most devices of which something waits. */
const MAX_DEVICES = 100_000
/** Most devices of a batch. */
const BATCH = 1_000

/** Gathers it, until it is taken to be written. */
export class StateNews {
  #waiting = new Map<string, Mutable>()
  #dropped = 0

  /** Of how many devices there is something. */
  get size(): number {
    return this.#waiting.size
  }

  /** How many batches that makes. */
  get batches(): number {
    return Math.ceil(this.#waiting.size / BATCH)
  }

  add({ type, id }: DeviceRef, news: News): void {
    const key = `${type}/${id}`
    const known = this.#waiting.get(key)
    if (known) {
      merge(known, news)
      return
    }
    if (this.#waiting.size >= MAX_DEVICES) this.#dropOldest()
    this.#waiting.set(key, { type, id, ...news })
  }

  /** Takes out a batch: what waits longest. */
  take(): readonly StateReport[] {
    const batch: StateReport[] = []
    for (const [key, report] of this.#waiting) {
      if (batch.length === BATCH) break
      batch.push(report)
      this.#waiting.delete(key)
    }
    // One that is filled and emptied all the time would keep its old tables on V8.
    if (this.#waiting.size === 0) this.#waiting = new Map()
    return batch
  }

  /** Puts a batch back that was not written. What came since counts more. */
  putBack(batch: readonly StateReport[]): void {
    const since = this.#waiting
    this.#waiting = new Map()
    for (const { type, id, ...news } of [...batch, ...since.values()]) this.add({ type, id }, news)
  }

  /** Of how many devices something was given up since this was asked last. */
  takeDropped(): number {
    const dropped = this.#dropped
    this.#dropped = 0
    return dropped
  }

  #dropOldest(): void {
    for (const key of this.#waiting.keys()) {
      this.#waiting.delete(key)
      this.#dropped++
      return
    }
  }
}

/** Times only grow; of words the last ones count. */
function merge(known: Mutable, { fields, ...news }: News): void {
  for (const key of [
    'lastHeard',
    'freshUntil',
    'connectedAt',
    'disconnectedAt',
    'endOf',
  ] as const) {
    const time = news[key]
    if (time !== undefined) known[key] = Math.max(known[key] ?? time, time)
  }
  if (news.status !== undefined) known.status = news.status
  if (news.battery !== undefined) known.battery = news.battery
  if (news.firmware !== undefined) known.firmware = news.firmware
  if (fields) known.fields = { ...known.fields, ...fields }
}
