/**
 * What MQTT calls a text, and what in one does not show.
 *
 * @module
 */

/** Longest text of MQTT, in bytes of UTF-8 (MQTT 5, section 1.5.4). */
export const MAX_TEXT_BYTES = 65_535

/** Whether a code point is a control character: C0, DEL or C1. */
export function isControl(code: number): boolean {
  return code < 0x20 || (code >= 0x7f && code < 0xa0)
}

/** Whether a code point is half of a surrogate pair: alone it is no character, and no UTF-8. */
export function isSurrogate(code: number): boolean {
  return code >= 0xd800 && code <= 0xdfff
}

/**
 * A text of its own: a part of a text may keep the whole of it in memory, and is slower to compare.
 */
export function copyOf(text: string): string {
  return text.split('').join('')
}
