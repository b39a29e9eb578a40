/**
 * What values have to be, for callers that no compiler checks.
 *
 * @module
 */

/** What keeps a value from being of a kind, as half a sentence; `undefined` if nothing does. */
export type Kind = (value: unknown) => string | undefined

/** An object that is no array. */
export const isObject: Kind = (value) =>
  typeof value === 'object' && value && !Array.isArray(value) ? undefined : 'must be an object'

/** A value of a type, by its name. */
export function isA(type: 'boolean' | 'function'): Kind {
  return (value) => (typeof value === type ? undefined : `must be a ${type}`)
}

/** A whole number. @param of What it counts, such as ` of seconds`. Default: nothing that has to be said. */
export function isWhole(min: number, max: number, of = ''): Kind {
  return (value) =>
    Number.isInteger(value) && (value as number) >= min && (value as number) <= max
      ? undefined
      : `must be a whole number${of} from ${min} to ${max}`
}
