/**
 * The audit trail of a fleet: who did what to which device, when, and with what result; and the contract of
 * what keeps it beside the devices.
 *
 * @module
 */
import { clock } from '../base/clock.ts'
import { ConfigError } from '../base/errors.ts'
import { checkOptions, optionsNamed } from '../base/options.ts'
import { isControl, isSurrogate } from '../base/text.ts'
import { findNameProblem } from '../topic/name.ts'
import type { DeviceRef } from './reference.ts'

/** For how many days an entry is kept, at least. */
export const TRAIL_DAYS = 400

/** Most entries that are written at once, and most of a page. */
export const MAX_TRAIL_ENTRIES = 1_000

const DEFAULT_LIMIT = 100
const MAX_OPERATOR = 256
const MAX_WORD = 64
/** Longest attributes, as JSON: who may see an entry is told by few of them. */
const MAX_ATTRIBUTES = 4_096

/** One deed. It holds no password, hash or payload. */
export interface TrailEntry {
  /** Tells entries apart: 1 to 64 characters, such as a UUID. */
  readonly id: string
  /** Milliseconds since the Unix epoch. */
  readonly at: number
  /** Who did it: 1 to 256 characters without control characters. */
  readonly operator: string
  /** What was done, such as `revoke`: 1 to 64 characters. */
  readonly action: string
  /** To which device. Left out for what is about no single one. */
  readonly device?: DeviceRef
  /** The attributes that the device had then. They say whose it was. Left out where that is not known. */
  readonly attributes?: Readonly<Record<string, string>>
  /**
   * `done`, or the code of what went wrong: 1 to 64 characters. `begun` until that is known, and for good
   * where it was never told: the deed may have been done or not.
   */
  readonly result: string
}

/** What somebody is about to do. */
export type Deed = Omit<TrailEntry, 'id' | 'at' | 'result'>

/** What a trail is narrowed to: what is given has to hold all at once. */
export interface TrailQuery {
  /** Only deeds on devices of this type. Default: all. */
  readonly type?: string
  /** Only deeds on devices with this id. Default: all. */
  readonly id?: string
  /** Only what this operator did. Default: all. */
  readonly operator?: string
  /** Only such deeds. Default: all. */
  readonly action?: string
  /** Only from this time on, in milliseconds since the Unix epoch. Default: from the beginning. */
  readonly from?: number
  /** Only before this time, in milliseconds since the Unix epoch. Default: to the end. */
  readonly until?: number
  /** Where to go on: of the page before, which was asked for with the same filter. */
  readonly cursor?: string
  /** Most entries to return, 1 to 1,000. Default: 100. */
  readonly limit?: number
}

/** A part of a trail. */
export interface TrailPage {
  /** What was written last comes first. */
  readonly entries: readonly TrailEntry[]
  /** Where to go on; left out at the end. */
  readonly cursor?: string
}

/**
 * Keeps a trail. Nothing takes an entry out, or changes it once it has a result, but time: what is older
 * than {@link TRAIL_DAYS} may be gone, and in memory all but the last 10,000.
 */
export interface DeviceTrail {
  /**
   * Writes entries, each id once in a call, at most 1,000 of them. Of an id that is there already the
   * result is written where it was `begun`, and nothing else: to write an entry again does no harm. Settles
   * when they are on record, all of them, or rejects.
   * @throws {ConfigError} If one is not as it has to be. Nothing is written then.
   */
  write(entries: readonly TrailEntry[]): Promise<void>
  /**
   * Lists entries, a page at a time.
   * @throws {ConfigError} If the query is not as it has to be, or the cursor is none of this trail.
   */
  list(query?: TrailQuery): Promise<TrailPage>
}

/** The entry of a deed that is about to be done. */
export function begunEntry(deed: Deed): TrailEntry {
  return { id: crypto.randomUUID(), at: clock().date(), ...deed, result: 'begun' }
}

/**
 * Does something, and has it on a trail: that it was begun before it is done, and what came of it after
 * that. Settles as `work` does.
 *
 * @param lost Is told of an entry whose result could not be written, and why. The trail says of it that it
 * was begun.
 * @throws What `trail.write` does, if the beginning could not be written: nothing was done then.
 *
 * @example
 * ```ts
 * import { createFleet, defineDeviceType, memoryStore, recordDeed } from 'devicehub'
 * import * as v from 'valibot'
 *
 * const pump = defineDeviceType('pump', { data: v.object({ rpm: v.number() }) })
 * const store = memoryStore()
 * const fleet = createFleet({ types: [pump], store })
 * await fleet.provision(pump, 'P-1')
 * const deed = { operator: 'night shift', action: 'revoke', device: { type: 'pump', id: 'P-1' } }
 * await recordDeed(store.trail!, deed, () => fleet.revoke(pump, 'P-1'), console.error)
 * ```
 */
export async function recordDeed<T>(
  trail: DeviceTrail,
  deed: Deed,
  work: () => Promise<T>,
  lost: (entry: TrailEntry, error: unknown) => void,
): Promise<T> {
  const begun = begunEntry(deed)
  await trail.write([begun])
  let result = 'done'
  try {
    return await work()
  } catch (error) {
    result = resultOf(error)
    throw error
  } finally {
    const ended = { ...begun, result }
    await trail.write([ended]).catch((error: unknown) => lost(ended, error))
  }
}

/** What an entry says of an error: its code, or that it failed. */
export function resultOf(error: unknown): string {
  const { code } = (error ?? {}) as { readonly code?: unknown }
  return typeof code === 'string' && /^[\w-]{1,64}$/.test(code) ? code : 'failed'
}

/** The attributes of a device as an entry has them: none where they are no attributes, or too long. */
export function trailAttributes(attributes: unknown): Pick<TrailEntry, 'attributes'> {
  if (typeof attributes !== 'object' || attributes === null) return {}
  const isPlain = Object.entries(attributes).every((entry) => entry.every(isWord))
  if (!isPlain || JSON.stringify(attributes).length > MAX_ATTRIBUTES) return {}
  return { attributes: attributes as Readonly<Record<string, string>> }
}

/** @throws {ConfigError} If one is not as it has to be. */
export function checkEntries(entries: readonly TrailEntry[]): void {
  if (entries.length > MAX_TRAIL_ENTRIES) {
    throw new ConfigError('entries', `must be at most ${MAX_TRAIL_ENTRIES}`)
  }
  for (const [i, entry] of entries.entries()) {
    const { id, at, operator, action, device, attributes, result } = entry
    const refuse = (field: string) => {
      throw new ConfigError(`entries.${i}.${field}`, 'is not as an entry of a trail has it')
    }
    if (!isText(id, MAX_WORD)) refuse('id')
    if (typeof at !== 'number' || !Number.isFinite(at)) refuse('at')
    if (!isOperatorName(operator)) refuse('operator')
    if (!isText(action, MAX_WORD)) refuse('action')
    if (!isText(result, MAX_WORD)) refuse('result')
    if (device && !(isWord(device.type) && isWord(device.id))) refuse('device')
    if (attributes && !trailAttributes(attributes).attributes) refuse('attributes')
  }
}

const KINDS: Readonly<Record<keyof TrailQuery, 'string' | 'number'>> = {
  type: 'string',
  id: 'string',
  operator: 'string',
  action: 'string',
  from: 'number',
  until: 'number',
  cursor: 'string',
  limit: 'number',
}
const OPTIONS: Readonly<Record<string, true>> = /* @__PURE__ */ optionsNamed(
  /* @__PURE__ */ Object.keys(KINDS),
)

/** A query with its cursor as a place in the trail. */
export type PlacedQuery = Omit<TrailQuery, 'cursor' | 'limit'> & {
  readonly before: number | undefined
  readonly limit: number
}

/** @throws {ConfigError} If it is not as it has to be, or its cursor is no place in a trail. */
export function readTrailQuery(query: TrailQuery = {}): PlacedQuery {
  checkOptions(query, OPTIONS)
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined) continue
    const kind = KINDS[name as keyof TrailQuery]
    // PostgreSQL has no place for U+0000.
    if (typeof value !== kind || Number.isNaN(value) || `${value}`.includes('\0')) {
      throw new ConfigError(name, `must be a ${kind}`)
    }
  }
  const { cursor, limit = DEFAULT_LIMIT, ...filter } = query
  if (!(Number.isInteger(limit) && limit >= 1 && limit <= MAX_TRAIL_ENTRIES)) {
    throw new ConfigError('limit', `must be a whole number, 1 to ${MAX_TRAIL_ENTRIES}`)
  }
  if (cursor === undefined) return { ...filter, before: undefined, limit }
  if (!/^[1-9][0-9]{0,14}$/.test(cursor)) throw new ConfigError('cursor', 'is none of this trail')
  return { ...filter, before: Number(cursor), limit }
}

/** Whether a text can name an operator. */
export function isOperatorName(value: unknown): value is string {
  return isText(value, MAX_OPERATOR)
}

function isText(value: unknown, longest: number): value is string {
  if (typeof value !== 'string' || value === '' || value.length > longest) return false
  return [...value].every((character) => {
    const code = character.codePointAt(0)!
    return !isControl(code) && !isSurrogate(code)
  })
}

function isWord(value: unknown): boolean {
  return findNameProblem(value) === undefined
}
