/**
 * Bytes out of texts from outside.
 *
 * @module
 */
import type { BytesCoder } from '@scure/base'

/**
 * The bytes of a text, or `undefined` for anything else. Each row of bytes has one text: padding is
 * there or not, as the coder has it, and no bit is set that no byte has.
 */
export function tryDecode(coder: BytesCoder, text: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Uint8Array.from(coder.decode(text))
  } catch {
    return undefined
  }
}
