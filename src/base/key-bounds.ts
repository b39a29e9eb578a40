/**
 * The bounds of `ExpiringKeys`, for callers that no compiler checks.
 *
 * @module
 */

const MAX_KEY_LENGTH = 1_024
const MAX_VALUE_LENGTH = 8_192
const MAX_LIFETIME = 86_400

/** @throws {TypeError} If a key is too long, or has half of a surrogate pair: as UTF-8 all are one. */
export function checkKey(key: string): void {
  if (typeof key !== 'string') throw new TypeError('The key must be a string')
  // Two units make one character at most, so this bounds the work before any of it is done.
  const isLong = key.length > 2 * MAX_KEY_LENGTH || [...key].length > MAX_KEY_LENGTH
  if (isLong) throw new TypeError(`The key is longer than ${MAX_KEY_LENGTH} characters`)
  if (/\p{Surrogate}/u.test(key)) throw new TypeError('The key holds a lone surrogate')
}

/**
 * @param field What the value is, for the error.
 * @throws {TypeError} If a value is too long, or not of ASCII.
 */
export function checkValue(field: 'value' | 'expected value', value: string): void {
  if (typeof value !== 'string') throw new TypeError(`The ${field} must be a string`)
  if (value.length > MAX_VALUE_LENGTH) {
    throw new TypeError(`The ${field} is longer than ${MAX_VALUE_LENGTH} characters`)
  }
  if (/\P{ASCII}/u.test(value)) throw new TypeError(`The ${field} holds more than ASCII`)
}

/** @throws {TypeError} If a lifetime is no whole number of seconds, 1 to a day. */
export function checkLifetime(lifetime: number): void {
  if (Number.isInteger(lifetime) && lifetime >= 1 && lifetime <= MAX_LIFETIME) return
  throw new TypeError(`The lifetime must be 1 to ${MAX_LIFETIME} whole seconds`)
}
