/**
 * Text from outside in sentences for an operator.
 *
 * @module
 */

const MAX_QUOTED_LENGTH = 200
const MAX_LINE_LENGTH = 600

/** Cuts a text. An ellipsis stands for the rest. */
function cut(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length)}…` : text
}

function escapeCharacter(character: string): string {
  return `\\u{${character.codePointAt(0)?.toString(16)}}`
}

/**
 * A text as one line: control, format and line-separating characters and lone surrogates become
 * `\u{…}` escapes.
 *
 * @param length UTF-16 units that are kept at most; an ellipsis stands for the rest.
 */
export function printable(text: string, length: number = MAX_LINE_LENGTH): string {
  const escaped = cut(text, length).replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, escapeCharacter)
  return cut(escaped, length)
}

/**
 * Quotes a text, cut to 200 characters. What breaks or reorders a line of a log is escaped.
 */
export function quote(text: string): string {
  const quoted = JSON.stringify(cut(text, MAX_QUOTED_LENGTH))
  return quoted.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, escapeCharacter)
}
