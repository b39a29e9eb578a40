/**
 * Checks for the words that become topic levels and user names. They are made where a value
 * enters, so that nothing behind them can change the shape of a topic.
 *
 * @module
 */
import { InvalidNameError } from '../base/errors.ts'
import { isControl, isSurrogate } from '../base/text.ts'

/** Most characters (code points) of a device id, type name or prefix. */
export const MAX_NAME_LENGTH = 128

/** Most names: what needs no closer look. */
const PLAIN = /^[\w.:~@=-]{1,128}$/
/** The same of user names. */
const PLAIN_USERNAME = /^[\w.:~@=-]{1,128}(?:\/[\w.:~@=-]{1,128})?$/

/**
 * Checks a device id, type name or prefix: 1 to {@link MAX_NAME_LENGTH} characters of well-formed
 * Unicode, without `/`, `+`, `#`, control characters and a leading `$`.
 *
 * @param field What the value is, for the error, such as `device id`.
 * @throws {InvalidNameError} If it is not.
 */
export function checkName(field: string, value: unknown): string {
  const problem = findNameProblem(value)
  if (problem) throw new InvalidNameError(field, problem)
  return value as string
}

/** What is wrong with a name, or `undefined`: {@link checkName} without the error. */
export function findNameProblem(value: unknown): string | undefined {
  if (typeof value !== 'string')
    return `must be a string, not ${value === null ? 'null' : typeof value}`
  if (PLAIN.test(value)) return undefined
  if (value === '') return 'is empty'
  // Two units make one character at most, so this bounds the work before any of it is done.
  if (value.length > 2 * MAX_NAME_LENGTH) return `is longer than ${MAX_NAME_LENGTH} characters`
  if (value.startsWith('$')) return 'must not begin with "$", which marks topics of the broker'
  let characters = 0
  for (const character of value) {
    const code = character.codePointAt(0)!
    if (isControl(code)) return 'holds a control character'
    if (isSurrogate(code)) return 'holds a lone surrogate'
    if (character === '/' || character === '+' || character === '#') return `holds "${character}"`
    if (++characters > MAX_NAME_LENGTH) return `is longer than ${MAX_NAME_LENGTH} characters`
  }
  return undefined
}

/** Whether a text can be a user name at all: a plain word, or `{type}/{deviceId}`. */
export function isUsername(text: string): boolean {
  if (PLAIN_USERNAME.test(text)) return true
  const slash = text.indexOf('/')
  if (slash < 0) return !findNameProblem(text)
  return !findNameProblem(text.slice(0, slash)) && !findNameProblem(text.slice(slash + 1))
}
