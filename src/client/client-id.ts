/**
 * Client ids where none is given.
 *
 * @module
 */

/** A client id that belongs to the user name, and that no other client has. */
export function makeClientId(username: string | undefined): string {
  return username === undefined ? `devicehub-${randomHex(16)}` : `${username}//${randomHex(8)}`
}

function randomHex(bytes: number): string {
  const digits = Array.from(crypto.getRandomValues(new Uint8Array(bytes)), (byte) =>
    byte.toString(16).padStart(2, '0'),
  )
  return digits.join('')
}
