/**
 * From bytes to the value a device type declares.
 *
 * @module
 */
import { PayloadError } from '../base/errors.ts'
import { andThen, type MaybePromise, orElse } from '../base/maybe-promise.ts'
import { accepts, type Schema, validate } from '../device/schema.ts'
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

/** Something a schema took, as it was given to it. */
interface Taken {
  readonly value: unknown
  readonly given: Fields
}

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
  return andThen(taken, ({ value }) => ({ value, timestamp }))
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
function take(schema: Schema, json: Fields, what: string): MaybePromise<Taken> {
  const takeAs = (given: Fields) =>
    andThen(validate(schema, given, what), (value): Taken => ({ value, given }))
  if (!Object.hasOwn(json, 'timestamp')) return takeAs(json)
  return orElse(
    () => takeAs(json),
    (refusal) => {
      const { timestamp: _, ...rest } = json
      return orElse(
        () => takeAs(rest),
        (other) => {
          throw findingsOf(other).length < findingsOf(refusal).length ? other : refusal
        },
      )
    },
  )
}

function takeReadings(schema: Schema, json: Fields, what: string): MaybePromise<Taken> {
  return andThen(takeList(schema, json, what), (taken) => taken ?? takeFlat(schema, json, what))
}

/**
 * A schema that knows a field `readings` itself takes the message, and not with something else in that
 * place. `undefined` for any other.
 */
function takeList(schema: Schema, json: Fields, what: string): MaybePromise<Taken | undefined> {
  return orElse(
    () =>
      andThen(take(schema, json, what), (taken) =>
        andThen(accepts(schema, { ...taken.given, readings: Symbol('no JSON') }), (isBlind) =>
          isBlind ? undefined : taken,
        ),
      ),
    (refusal) => {
      const hasLookedInside = findingsOf(refusal).some(({ path }) => path.startsWith('readings.'))
      if (hasLookedInside) throw refusal
      return undefined
    },
  )
}

function takeFlat(schema: Schema, json: Fields, what: string): MaybePromise<Taken> {
  const flat = flattenReadings(json, what)
  return orElse(
    () => take(schema, flat.value, what),
    (refusal) => {
      throw refusal instanceof PayloadError ? inList(refusal, flat, what) : refusal
    },
  )
}

function findingsOf(refusal: unknown): PayloadError['issues'] {
  return refusal instanceof PayloadError ? refusal.issues : []
}
