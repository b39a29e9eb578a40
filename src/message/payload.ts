/**
 * From bytes to the value a device type declares.
 *
 * @module
 */
import { PayloadError } from '../base/errors.ts'
import { andThen, type MaybePromise, orElse } from '../base/maybe-promise.ts'
import { findings, type Schema, type SchemaIssue, validate, type Warn } from '../device/schema.ts'
import { readTimestamp, TIMESTAMP_FORMS } from '../device/timestamp.ts'
import type { DeviceType } from '../device/type.ts'
import { decodeJson } from './json.ts'
import { flattenReadings, inList } from './readings.ts'

/** A payload that could be read. */
export interface DecodedPayload {
  /** What the schema of its channel made of it. */
  readonly value: unknown
  /** The device's own time of measurement, when it sent one that can be read. */
  readonly timestamp: Date | undefined
}

type Fields = Readonly<Record<string, unknown>>

/** What the schema of the channel makes of a value. Fails with a {@link PayloadError}. */
type Check = (value: unknown) => MaybePromise<unknown>

/**
 * Reads a message of a device and validates it.
 *
 * Beside the plain form of `data` its readings may be a list, unless the schema knows a field `readings`
 * itself. Beside the fields of `data` and `status` there may be a `timestamp`, which a schema may declare.
 *
 * @throws {PayloadError} If the schema refuses it, the list is malformed, or the timestamp cannot be read
 * and the type does not ignore that.
 * @throws {MalformedPayloadError} If it is no JSON text.
 */
export function decodePayload(
  type: DeviceType,
  channel: 'data' | 'status',
  payload: Uint8Array,
  what: string,
  warn: Warn,
): MaybePromise<DecodedPayload> {
  const check: Check = (value) => validate(type[channel], value, what, warn)
  const json = decodeJson(payload, what)
  const hasTimestamp = isFields(json) && Object.hasOwn(json, 'timestamp')
  const hasReadings = isFields(json) && channel === 'data' && Object.hasOwn(json, 'readings')
  if (!hasTimestamp && !hasReadings) {
    return andThen(check(json), (value) => ({ value, timestamp: undefined }))
  }
  const timestamp = hasTimestamp ? timestampOf(type, json, what) : undefined
  const taken = hasReadings ? takeReadings(type.data, check, json, what) : take(check, json)
  return andThen(taken, (value) => ({ value, timestamp }))
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function timestampOf({ timestamp }: DeviceType, json: Fields, what: string): Date | undefined {
  const time = readTimestamp(json.timestamp, timestamp.zone)
  if (time || timestamp.unreadable === 'ignore') return time
  throw new PayloadError(what, [{ path: 'timestamp', message: TIMESTAMP_FORMS }])
}

/** A schema that refuses unknown keys has no place for the timestamp, so it may do without. */
function take(check: Check, json: Fields): MaybePromise<unknown> {
  if (!Object.hasOwn(json, 'timestamp')) return check(json)
  return orElse(
    () => check(json),
    (refusal) =>
      orElse(
        () => check(withoutTimestamp(json)),
        (other) => {
          throw countOf(other) < countOf(refusal) ? other : refusal
        },
      ),
  )
}

function withoutTimestamp({ timestamp: _, ...rest }: Fields): Fields {
  return rest
}

function countOf(refusal: unknown): number {
  return refusal instanceof PayloadError ? refusal.issues.length : 0
}

/** For a schema that does not know a field `readings` itself, the list is made flat. */
function takeReadings(
  schema: Schema,
  check: Check,
  json: Fields,
  what: string,
): MaybePromise<unknown> {
  return andThen(knowsReadings(schema, json), (isKnown) =>
    isKnown ? take(check, json) : takeFlat(check, json, what),
  )
}

/**
 * Whether a schema knows a field `readings`: it takes the message, and not with something else in that
 * place; or it finds something wrong inside the list.
 */
function knowsReadings(schema: Schema, json: Fields): MaybePromise<boolean> {
  return andThen(findings(schema, json), (found) => {
    if (!found) {
      const twin = { ...json, readings: Symbol('no JSON') }
      return andThen(findings(schema, twin), (other) => other !== undefined)
    }
    if (found.some(isInsideReadings)) return true
    return Object.hasOwn(json, 'timestamp') && knowsReadings(schema, withoutTimestamp(json))
  })
}

function isInsideReadings({ path = [] }: SchemaIssue): boolean {
  const [first, second] = path
  return second !== undefined && (typeof first === 'object' ? first.key : first) === 'readings'
}

function takeFlat(check: Check, json: Fields, what: string): MaybePromise<unknown> {
  const flat = flattenReadings(json, what)
  return orElse(
    () => take(check, flat.value),
    (refusal) => {
      throw refusal instanceof PayloadError ? inList(refusal, flat, what) : refusal
    },
  )
}
