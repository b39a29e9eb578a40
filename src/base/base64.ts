/**
 * Base64 (RFC 4648, section 4) as password formats write it, read strictly.
 *
 * @module
 */

/** Bytes as base64, without padding. */
export function encodeBase64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes)).replace(/=+$/, '')
}

/** The bytes of a base64 text with its padding, or `undefined` for anything else. */
export function decodePadded(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (text.length % 4 !== 0) return undefined
  const bytes = decodeBase64(text.replace(/={1,2}$/, ''))
  return bytes && encodeBase64(bytes).length + paddingOf(bytes) === text.length ? bytes : undefined
}

/** The bytes of a base64 text without padding, or `undefined` for anything else. */
export function decodeBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (!/^[A-Za-z0-9+/]*$/.test(text) || text.length % 4 === 1) return undefined
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
  // Otherwise bits that no byte has could be set, and one hash be written in several ways.
  return encodeBase64(bytes) === text ? bytes : undefined
}

function paddingOf(bytes: Uint8Array): number {
  return (3 - (bytes.length % 3)) % 3
}
