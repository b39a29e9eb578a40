/**
 * Checks of the values that stand for placeholders in rules.
 *
 * @module
 */
import { ConfigError } from '../base/errors.ts'
import { checkName } from '../topic/name.ts'

const WORD = /^[A-Za-z][A-Za-z0-9_]*$/

/**
 * Checks attributes that are given.
 *
 * @param reserved The placeholders that have values of their own.
 * @throws {ConfigError} If they are no object, or one is no word, or is named like such a placeholder.
 * @throws {InvalidNameError} If a value could change a topic's shape.
 */
export function checkAttributes(attributes: unknown, reserved: readonly string[]): void {
  if (typeof attributes !== 'object' || attributes === null || Array.isArray(attributes)) {
    throw new ConfigError('attributes', 'must be an object of strings')
  }
  for (const [name, value] of Object.entries(attributes)) {
    if (!WORD.test(name) || reserved.includes(name)) {
      throw new ConfigError(`attributes.${name}`, 'must be a word of its own, such as "site"')
    }
    checkName(`attribute ${name}`, value)
  }
}
