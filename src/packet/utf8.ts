/**
 * Texts as MQTT has them (MQTT 5, section 1.5.4): well-formed UTF-8 without U+0000, of at most 65,535
 * bytes.
 *
 * @module
 */
import { isSurrogate, MAX_TEXT_BYTES } from '../base/text.ts'
import { malformed } from './error.ts'

/** Up to as many bytes, putting characters together is faster than asking a decoder. */
const SHORT = 15

/** Keeps U+FEFF at the beginning, which belongs to the text. */
const decoder = /* @__PURE__ */ new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Bytes of a text, and of the length before it.
 *
 * @throws {TypeError} If it holds U+0000 or a lone surrogate.
 * @throws {RangeError} If it takes more than 65,535 bytes.
 */
export function textSize(text: string): number {
  const { length } = text
  let bytes = length
  for (let i = 0; i < length && bytes <= MAX_TEXT_BYTES; i++) {
    const code = text.charCodeAt(i)
    if (code === 0) throw new TypeError('A text of MQTT holds no U+0000')
    if (code < 0x80) continue
    bytes += code < 0x800 ? 1 : 2
    if (!isSurrogate(code)) continue
    // A pair is two units, and four bytes.
    const next = text.charCodeAt(++i)
    if (code >= 0xdc00 || !(next >= 0xdc00 && next <= 0xdfff)) {
      throw new TypeError('A text of MQTT holds no lone surrogate')
    }
  }
  if (bytes > MAX_TEXT_BYTES) {
    throw new RangeError(`A text of MQTT takes at most ${MAX_TEXT_BYTES} bytes`)
  }
  return bytes + 2
}

/** Writes a text that {@link textSize} has seen, without its length. Returns where it ends. */
export function writeText(bytes: Uint8Array, start: number, text: string): number {
  const { length } = text
  let at = start
  for (let i = 0; i < length; i++) {
    let code = text.charCodeAt(i)
    if (code < 0x80) {
      bytes[at++] = code
      continue
    }
    if (code < 0x800) {
      bytes[at++] = 0xc0 | (code >> 6)
    } else {
      if (isSurrogate(code)) {
        code = text.codePointAt(i++)!
        bytes[at++] = 0xf0 | (code >> 18)
        bytes[at++] = 0x80 | ((code >> 12) & 0x3f)
      } else {
        bytes[at++] = 0xe0 | (code >> 12)
      }
      bytes[at++] = 0x80 | ((code >> 6) & 0x3f)
    }
    bytes[at++] = 0x80 | (code & 0x3f)
  }
  return at
}

/**
 * Reads a text without its length.
 *
 * @throws {PacketError} 0x81 if it is no UTF-8 or holds U+0000.
 */
export function readText(bytes: Uint8Array, start: number, end: number): string {
  let text = ''
  if (end - start <= SHORT) {
    let at = start
    for (; at < end && bytes[at]! < 0x80; at++) text += String.fromCharCode(bytes[at]!)
    if (at < end) text = decode(bytes, start, end)
  } else {
    text = decode(bytes, start, end)
  }
  if (text.includes('\0')) throw malformed('a text holds U+0000')
  return text
}

function decode(bytes: Uint8Array, start: number, end: number): string {
  try {
    return decoder.decode(bytes.subarray(start, end))
  } catch {
    throw malformed('a text is not well-formed UTF-8')
  }
}
