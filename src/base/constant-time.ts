/**
 * Comparing what must not be guessed bit by bit.
 *
 * @module
 */

/** Compares two texts in time that depends on the length of the first alone. */
export function equalConstantTime(a: string, b: string): boolean {
  let difference = a.length ^ b.length
  // One of another length is not equal already: it is only to take as long.
  const other = difference === 0 ? b : a
  for (let i = 0; i < a.length; i++) difference |= a.charCodeAt(i) ^ other.charCodeAt(i)
  return difference === 0
}
