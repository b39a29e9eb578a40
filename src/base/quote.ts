/**
 * Text from outside in sentences for an operator.
 *
 * @module
 */

/**
 * Quotes a text, cut to 200 characters. What breaks or reorders a line of a log is escaped.
 */
export function quote(text: string): string {
  const cut = text.length > 200 ? `${text.slice(0, 200)}…` : text
  return JSON.stringify(cut).replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`,
  )
}
