/**
 * The fields of a broker's request. Brokers fill in templates, so every value may come as text, and an
 * empty text stands for a value the client does not have.
 *
 * @module
 */

/** The request cannot be read. The message is fit for a log: it holds nothing that was sent. */
export class MalformedRequest extends Error {}

/** Fields by name, not yet checked. */
export type Fields = Readonly<Record<string, unknown>>

const QOS: readonly unknown[] = [0, 1, 2]

/** A QoS as a number or as text; `undefined` if there is none. @throws {MalformedRequest} */
export function readQos(fields: Fields, name: string): 0 | 1 | 2 | undefined {
  const value = readField(fields, name)
  if (value === undefined) return undefined
  const qos = typeof value === 'string' ? ['0', '1', '2'].indexOf(value) : value
  if (!QOS.includes(qos)) throw new MalformedRequest(`"${name}" is not 0, 1 or 2`)
  return qos as 0 | 1 | 2
}

/** A truth value or its name; `undefined` if there is none. @throws {MalformedRequest} */
export function readFlag(fields: Fields, name: string): boolean | undefined {
  const value = readField(fields, name)
  if (value === undefined || typeof value === 'boolean') return value
  if (value === 'true') return true
  if (value === 'false') return false
  throw new MalformedRequest(`"${name}" is not true or false`)
}

/** A text; `undefined` if there is none. @throws {MalformedRequest} If it is something else. */
export function readText(fields: Fields, name: string): string | undefined {
  const value = readField(fields, name)
  if (value === undefined || typeof value === 'string') return value
  throw new MalformedRequest(`"${name}" is not a text`)
}

/** A text that must be there. @throws {MalformedRequest} If it is not. */
export function needText(fields: Fields, name: string): string {
  const text = readText(fields, name)
  if (text === undefined) throw new MalformedRequest(`"${name}" is missing`)
  return text
}

/** A field's value; empty, `null` and absent are all `undefined`. */
function readField(fields: Fields, name: string): unknown {
  const value = Object.hasOwn(fields, name) ? fields[name] : undefined
  return value === '' || value === null ? undefined : value
}

/** A rule or template of a broker fills in this where a client has no such value. */
const UNDEFINED = 'undefined'

const MIN_TIME = 100_000_000_000
const MAX_TIME = 100_000_000_000_000

/** A text; `undefined` if there is none, or the word for it. @throws {MalformedRequest} */
export function readOptional(fields: Fields, name: string): string | undefined {
  const text = readText(fields, name)
  return text === UNDEFINED ? undefined : text
}

/**
 * A time in milliseconds since the epoch, as a number or as digits; `undefined` if there is none.
 * A number of seconds or microseconds is none of these.
 *
 * @throws {MalformedRequest} If it is something else.
 */
export function readTime(fields: Fields, name: string): number | undefined {
  const value = typeof fields[name] === 'number' ? fields[name] : readOptional(fields, name)
  if (value === undefined) return undefined
  const time = typeof value === 'string' && /^\d{12,14}$/.test(value) ? Number(value) : value
  if (typeof time === 'number' && Number.isInteger(time) && time >= MIN_TIME && time <= MAX_TIME) {
    return time
  }
  throw new MalformedRequest(`"${name}" is not a time in milliseconds`)
}
