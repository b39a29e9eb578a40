/**
 * From bytes to the value a device type declares.
 *
 * @module
 */
import { PayloadError } from '../base/errors.ts'
import { andThen, type MaybePromise, orElse } from '../base/maybe-promise.ts'
import { findings, type Schema, type SchemaIssue, validate } from '../device/schema.ts'
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
): MaybePromise<DecodedPayload> {
  const schema = type[channel]
  const json = decodeJson(payload, what)
  const hasTimestamp = isFields(json) && Object.hasOwn(json, 'timestamp')
  const hasReadings = isFields(json) && channel === 'data' && Object.hasOwn(json, 'readings')
  if (!hasTimestamp && !hasReadings) {
    return andThen(validate(schema, json, what), (value) => ({ value, timestamp: undefined }))
  }
  const timestamp = hasTimestamp ? timestampOf(type, json, what) : undefined
  const taken = hasReadings ? takeReadings(schema, json, what) : take(schema, json, what)
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
function take(schema: Schema, json: Fields, what: string): MaybePromise<unknown> {
  if (!Object.hasOwn(json, 'timestamp')) return validate(schema, json, what)
  return orElse(
    () => validate(schema, json, what),
    (refusal) =>
      orElse(
        () => validate(schema, withoutTimestamp(json), what),
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
function takeReadings(schema: Schema, json: Fields, what: string): MaybePromise<unknown> {
  return andThen(knowsReadings(schema, json), (isKnown) =>
    isKnown ? take(schema, json, what) : takeFlat(schema, json, what),
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

function takeFlat(schema: Schema, json: Fields, what: string): MaybePromise<unknown> {
  const flat = flattenReadings(json, what)
  return orElse(
    () => take(schema, flat.value, what),
    (refusal) => {
      throw refusal instanceof PayloadError ? inList(refusal, flat, what) : refusal
    },
  )
}
