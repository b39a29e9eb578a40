/**
 * What of a message is kept as the last that a device told.
 *
 * @module
 */
import { printable } from '../base/quote.ts'
import type { JsonValue } from '../device/states.ts'
import type { DeviceType } from '../device/type.ts'
import type { LastWords } from '../presence/stored.ts'

/** Most characters of a status or a firmware, and of a field in JSON. */
const MAX_WORD = 128
const MAX_FIELD = 1_000

/**
 * Finds it in a message that is valid: of `status` the names that a default status has, of `data` the fields
 * that the type keeps. `undefined` if there is none.
 *
 * @param leftOut Told of a field that is too long, or cannot be written as JSON.
 */
export function lastWordsOf(
  type: DeviceType,
  channel: 'data' | 'status',
  value: unknown,
  leftOut: (field: string) => void,
): LastWords | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const words = value as Readonly<Record<string, unknown>>
  return channel === 'data' ? fieldsOf(type.stateFields, words, leftOut) : statusOf(words)
}

function statusOf(words: Readonly<Record<string, unknown>>): LastWords | undefined {
  const { status, battery_level: battery, firmware_version: firmware } = words
  const found: LastWords = {
    ...(typeof status === 'string' && { status: printable(status, MAX_WORD) }),
    ...(Number.isFinite(battery) && { battery: battery as number }),
    ...(typeof firmware === 'string' && { firmware: printable(firmware, MAX_WORD) }),
  }
  return Object.keys(found).length === 0 ? undefined : found
}

function fieldsOf(
  names: readonly string[],
  words: Readonly<Record<string, unknown>>,
  leftOut: (field: string) => void,
): LastWords | undefined {
  const fields: Record<string, JsonValue> = {}
  let isNews = false
  for (const name of names) {
    if (!Object.hasOwn(words, name) || words[name] === undefined) continue
    const text = jsonOf(words[name])
    if (text === undefined || text.length > MAX_FIELD) {
      leftOut(name)
      continue
    }
    fields[name] = JSON.parse(text)
    isNews = true
  }
  return isNews ? { fields } : undefined
}

function jsonOf(value: unknown): string | undefined {
  try {
    return JSON.stringify(value)
  } catch {
    // A schema may make something of it that is none, such as a bigint.
    return undefined
  }
}
