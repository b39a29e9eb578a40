/**
 * What anyone can read in a token. It stands apart from what makes and verifies tokens, which a
 * client has no need of.
 *
 * @module
 */

/** What the user name of every token begins with, and no other. */
export const TOKEN_USERNAME_PREFIX = 'token:'

/** What a token says of its time, in milliseconds since the epoch. */
export interface TokenTimes {
  readonly issuedAt: number
  readonly expiresAt: number
}

/**
 * When a login says that it was issued and expires. Nothing is verified.
 *
 * @returns `undefined` if it is no token.
 */
export function readTokenTimes(username: string, password: string): TokenTimes | undefined {
  if (!username.startsWith(TOKEN_USERNAME_PREFIX)) return undefined
  try {
    const { iat, exp } = JSON.parse(decodeBase64Url(password.split('.')[1]!))
    const isTime = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0
    if (!isTime(exp)) return undefined
    return { issuedAt: (isTime(iat) ? iat : exp) * 1000, expiresAt: exp * 1000 }
  } catch {
    return undefined
  }
}

/** When a login says that it expires, as {@link readTokenTimes} does. */
export function readTokenExpiry(username: string, password: string): number | undefined {
  return readTokenTimes(username, password)?.expiresAt
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
