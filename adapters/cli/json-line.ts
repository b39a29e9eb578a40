/**
 * Values as lines of JSON.
 *
 * @module
 */

/** One JSON object, of printable characters alone: a terminal shows what it holds, and obeys none of it. */
export function jsonLine(value: unknown): string {
  return jsonText(value).replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, escapeUnits)
}

/** JSON of whatever a schema may have made of a payload. */
export function jsonText(value: unknown): string {
  const text = JSON.stringify(value, (_, part) => (typeof part === 'bigint' ? String(part) : part))
  return text ?? 'null'
}

/** A character as JSON escapes it: by its UTF-16 code units. */
function escapeUnits(character: string): string {
  return character
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('')
}
