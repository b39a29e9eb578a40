/**
 * What anyone can read in a token. It stands apart from what makes and verifies tokens, which a
 * client has no need of.
 *
 * @module
 */

/** What the user name of every token begins with, and no other. */
export const TOKEN_USERNAME_PREFIX = 'token:'

/**
 * When a login says that it expires, in milliseconds since the epoch. Nothing is verified.
 *
 * @returns `undefined` if it is no token.
 */
export function readTokenExpiry(username: string, password: string): number | undefined {
  if (!username.startsWith(TOKEN_USERNAME_PREFIX)) return undefined
  try {
    const { exp } = JSON.parse(decodeBase64Url(password.split('.')[1]!))
    return Number.isSafeInteger(exp) && exp >= 0 ? exp * 1000 : undefined
  } catch {
    return undefined
  }
}

/**
 * UTF-8 out of base64url. Not by a package: that would be a quarter of a small client.
 * @throws If it is not.
 */
function decodeBase64Url(text: string): string {
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'))
  const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0))
  return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
}
