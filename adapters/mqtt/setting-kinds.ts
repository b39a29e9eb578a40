/**
 * The kinds of values that settings have, as schemas.
 *
 * @module
 */
import * as v from 'valibot'
import { MAX_TEXT_BYTES } from '../../src/base/text.ts'
import { parseTopicFilter } from '../../src/topic/filter.ts'

/** A text of MQTT (MQTT 5, section 1.5.4) that is not empty. */
export const text: v.GenericSchema<string> = v.pipe(
  v.string('must be a string'),
  v.nonEmpty('must not be empty'),
  v.check((value) => !value.includes('\0'), 'must not hold the character NUL'),
  v.check(
    (value) => new TextEncoder().encode(value).length <= MAX_TEXT_BYTES,
    `must not be longer than ${MAX_TEXT_BYTES} bytes`,
  ),
)

/** PEM text, or a path. What it holds is checked by `parseTls`. */
export const pemOrPath: v.GenericSchema<string> = v.pipe(
  v.string('must be PEM text or the path of a file'),
  v.nonEmpty('must not be empty'),
  v.check((value) => !value.includes('\0'), 'must not hold the character NUL'),
)

/** A whole number in a range. */
export function whole(min: number, max: number): v.GenericSchema<number> {
  const message = `must be a whole number from ${min} to ${max}`
  return v.pipe(
    v.number(message),
    v.integer(message),
    v.minValue(min, message),
    v.maxValue(max, message),
  )
}

const timeoutMessage = 'must be a number of seconds above 0, up to 600'
/** In seconds. The longest is short enough to catch a number that was meant in milliseconds. */
export const timeout: v.GenericSchema<number> = v.pipe(
  v.number(timeoutMessage),
  v.gtValue(0, timeoutMessage),
  v.maxValue(600, timeoutMessage),
)

/** What can stand in `$share/<share name>/<filter>`. */
export const shareName: v.GenericSchema<string> = v.pipe(
  text,
  v.check(isShareName, 'must not hold "/", "+" or "#"'),
)

function isShareName(name: string): boolean {
  try {
    return parseTopicFilter(`$share/${name}/x`).share === name
  } catch {
    return false
  }
}
