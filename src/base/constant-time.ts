/**
 * Comparing what must not be guessed bit by bit.
 *
 * @module
 */

/**
 * Compares a text with what stands in another one from an index on, in time that depends on the length of
 * the first alone. Nothing is cut out to be compared: on V8 that takes half as long again.
 */
export function equalConstantTime(a: string, b: string, from = 0): boolean {
  let difference = a.length ^ (b.length - from)
  // One of another length is not equal already: it is only to take as long.
  const isLong = difference === 0
  const other = isLong ? b : a
  const start = isLong ? from : 0
  for (let i = 0; i < a.length; i++) difference |= a.charCodeAt(i) ^ other.charCodeAt(start + i)
  return difference === 0
}
