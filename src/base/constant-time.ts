/**
 * Comparing what must not be guessed bit by bit.
 *
 * @module
 */

/** Compares two texts in time that depends on the length of the first alone. */
export function equalConstantTime(a: string, b: string): boolean {
  let difference = a.length ^ b.length
  for (let i = 0; i < a.length; i++) {
    difference |= a.charCodeAt(i) ^ b.charCodeAt(i % (b.length || 1))
  }
  return difference === 0
}
