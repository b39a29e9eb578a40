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

const encoder = /* @__PURE__ */ new TextEncoder()

/** What keeps a value from being a text of MQTT (MQTT 5, section 1.5.4), as half a sentence. */
export function findTextProblem(value: unknown): string | undefined {
  if (typeof value !== 'string') return 'must be a string'
  // By units first, which takes a part of the time: few texts have any of these.
  if (/[\0\ud800-\udfff]/.test(value) && /\0|\p{Surrogate}/u.test(value)) {
    return 'must not hold the character NUL or a lone surrogate'
  }
  // A unit of UTF-16 is three bytes at most, so most texts need not be measured.
  const isLong =
    value.length * 3 > MAX_TEXT_BYTES &&
    (value.length > MAX_TEXT_BYTES || encoder.encode(value).length > MAX_TEXT_BYTES)
  return isLong ? `must not be longer than ${MAX_TEXT_BYTES} bytes` : undefined
}
