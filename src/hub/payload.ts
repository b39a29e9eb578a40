/**
 * From bytes to the value a device type declares.
 *
 * @module
 */
import { andThen, type MaybePromise, orElse } from '../base/maybe-promise.ts'
import { type InferOutput, type Schema, validate } from '../device/schema.ts'
import { decodeJson } from './json.ts'

/** A payload that could be read. */
export interface DecodedPayload<T> {
  readonly value: T
  /** The device's own time of measurement, when it sent one that can be read. */
  readonly timestamp: Date | undefined
}

/**
 * Reads a message of a device and validates it.
 *
 * Two forms are understood beside the plain one: a `timestamp` (ISO 8601) next to the declared
 * fields, and readings as a list, `{"readings":[{"type":"temperature","value":21.5}]}`.
 *
 * @throws {PayloadError} If the schema refuses it.
 * @throws {MalformedPayloadError} If it is no JSON text.
 */
export function decodePayload<S extends Schema>(
  schema: S,
  payload: Uint8Array,
  what: string,
): MaybePromise<DecodedPayload<InferOutput<S>>> {
  const json = decodeJson(payload, what)
  const decodeWith = (timestamp: Date | undefined, candidate: unknown) =>
    andThen(
      validate(schema, candidate, what),
      (value): DecodedPayload<InferOutput<S>> => ({ value, timestamp }),
    )
  const isPlain = !isObject(json) || !('timestamp' in json || 'readings' in json)
  if (isPlain) return decodeWith(undefined, json)
  const flat = flattenReadings(json) ?? json
  const timestamp = readTimestamp(flat)
  const decode = (candidate: unknown) => decodeWith(timestamp, candidate)
  // A schema that refuses unknown keys has no place for the timestamp, and one that declares
  // `readings` itself means the list.
  const others: unknown[] = []
  if (isObject(flat) && 'timestamp' in flat) others.push(withoutTimestamp(flat))
  if (flat !== json) others.push(json)
  if (others.length === 0) return decode(flat)
  return orElse(
    () => decode(flat),
    (refusal) => firstOf(others, decode, refusal),
  )
}

/** What the first candidate that is not refused gives. @throws The refusal, if there is none. */
function firstOf<T>(
  [candidate, ...others]: readonly unknown[],
  decode: (candidate: unknown) => MaybePromise<T>,
  refusal: unknown,
): MaybePromise<T> {
  return orElse(
    () => decode(candidate),
    () => {
      if (others.length === 0) throw refusal
      return firstOf(others, decode, refusal)
    },
  )
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function withoutTimestamp({ timestamp: _, ...rest }: Record<string, unknown>): unknown {
  return rest
}

function readTimestamp(value: unknown): Date | undefined {
  const text = isObject(value) ? value.timestamp : undefined
  if (typeof text !== 'string') return undefined
  const date = new Date(text)
  return Number.isNaN(date.getTime()) ? undefined : date
}

/** The list form as a flat object, or `undefined` if this is no list form. */
function flattenReadings(value: unknown): Record<string, unknown> | undefined {
  if (!isObject(value) || !Array.isArray(value.readings)) return undefined
  const { readings, ...rest } = value
  // A map first: a reading named `__proto__` then becomes a key like any other.
  const entries = new Map(Object.entries(rest))
  for (const reading of readings) {
    if (!isObject(reading) || typeof reading.type !== 'string' || !('value' in reading)) {
      return undefined
    }
    entries.set(reading.type, reading.value)
  }
  return Object.fromEntries(entries)
}
