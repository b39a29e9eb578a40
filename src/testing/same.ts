/**
 * Whether two values have the same in them.
 *
 * @module
 */

/**
 * Compares plain values in every depth: objects and arrays by what is in them and by their prototypes,
 * bytes by each byte, all else as `Object.is`. A key whose value is `undefined` is not one that is left out.
 */
export function isSame(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return false
  if (a instanceof Error) return false
  const keys = Object.keys(a)
  if (keys.length !== Object.keys(b).length) return false
  return keys.every(
    (key) =>
      Object.hasOwn(b, key) &&
      isSame((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]),
  )
}
