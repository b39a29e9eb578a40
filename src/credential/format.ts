/**
 * The slow formats a stored password can have, told apart by its beginning.
 *
 * @module
 */
import { ConfigError } from '../base/errors.ts'
import { isGeneratedHash } from './generated.ts'
import { type Pbkdf2Hash, parseDjango, parseMosquitto } from './pbkdf2.ts'
import { isRehashed } from './rehashed.ts'
import { parseScrypt, type ScryptHash } from './scrypt.ts'

/** A stored password in a slow format, read. */
export type SlowHash = Pbkdf2Hash | ScryptHash

const FORMATS: Readonly<Record<string, (stored: string) => SlowHash | undefined>> = {
  $scrypt$: parseScrypt,
  pbkdf2_sha256$: parseDjango,
  $7$: parseMosquitto,
}

/** Reads a stored password. Answers `undefined` if it is in no slow format, or asks for too much. */
export function parseSlowHash(stored: string): SlowHash | undefined {
  for (const [beginning, parse] of Object.entries(FORMATS)) {
    if (stored.startsWith(beginning)) return parse(stored)
  }
  return undefined
}

/**
 * Checks that a password hash from outside can be verified.
 *
 * @param key The setting it stands in.
 * @throws {ConfigError} If it cannot. The message does not hold it.
 */
export function checkPasswordHash(key: string, stored: unknown): string {
  if (typeof stored === 'string' && (isGeneratedHash(stored) || isRehashed(stored))) {
    throw new ConfigError(
      key,
      'begins with $dh-: a fleet writes such a hash itself, and it counts on its record alone, under the same pepper; give the hash it was made of, or move the whole record',
    )
  }
  if (typeof stored !== 'string' || !parseSlowHash(stored)) {
    throw new ConfigError(
      key,
      'must be a hash that begins with $scrypt$, pbkdf2_sha256$ or $7$, well formed and within bounds',
    )
  }
  return stored
}
