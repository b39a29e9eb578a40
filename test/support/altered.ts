/**
 * Texts that are nearly the right one.
 *
 * @module
 */

/**
 * A text with one character changed, so that it is another one whatever it was. What is put there is
 * a digit: hexadecimal digits and base64 have both that are used.
 *
 * @param at Where, from the end if negative. By default the last but one: the last character of
 * base64 may differ in bits that decoders drop.
 */
export function altered(text: string, at = -2): string {
  const index = at < 0 ? text.length + at : at
  if (index < 0 || index >= text.length) throw new RangeError(`a text without a place ${at}`)
  return text.slice(0, index) + (text[index] === '0' ? '1' : '0') + text.slice(index + 1)
}
