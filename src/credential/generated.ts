/**
 * Generated passwords and how they are kept.
 *
 * A generated password has 256 random bits, so it is hashed once: a slow hash would add nothing to
 * it, and would turn a reconnect of the whole fleet into hours of CPU.
 *
 * @module
 */
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'
import { equalConstantTime } from '../base/constant-time.ts'
import { ConfigError } from '../base/errors.ts'
import { keyedHash } from './keyed-hash.ts'

/** Begins every generated device password, so that a leaked one is recognised by scanners. */
export const PASSWORD_PREFIX = 'dhs_'

const PLAIN = '$dh-sha256$'
const PEPPERED = '$dh-hmac-sha256$'
const MIN_PEPPER_BYTES = 16

/** Hashes passwords, and compares them with what is stored, under one pepper. */
export interface PasswordHasher {
  /** The text to store for a password. */
  hash(password: string): string
  /**
   * Whether a password is the stored one, in time that depends on neither. Without a stored one, or
   * with one in another format, it does the same work and answers `false`.
   */
  verify(password: string, stored: string | undefined): boolean
}

/** A new device password: {@link PASSWORD_PREFIX} and 64 hexadecimal digits (256 random bits). */
export function generatePassword(): string {
  return PASSWORD_PREFIX + bytesToHex(crypto.getRandomValues(new Uint8Array(32)))
}

/** Whether a stored text is in the format of a generated password, with a pepper or without. */
export function isGeneratedHash(stored: string): boolean {
  return stored.startsWith(PLAIN) || stored.startsWith(PEPPERED)
}

/**
 * Makes a hasher: HMAC-SHA-256 under the pepper, or SHA-256 without one.
 *
 * @param pepper A key kept apart from the store, of at least 16 bytes.
 * @throws {ConfigError} If it is shorter.
 */
export function passwordHasher(pepper: string | Uint8Array | undefined): PasswordHasher {
  const key = typeof pepper === 'string' ? utf8ToBytes(pepper) : pepper
  if (key !== undefined && key.length < MIN_PEPPER_BYTES) {
    throw new ConfigError('pepper', `must have at least ${MIN_PEPPER_BYTES} bytes`)
  }
  const format = key ? PEPPERED : PLAIN
  const digest = key
    ? keyedHash(key)
    : (password: string) => bytesToHex(sha256(utf8ToBytes(password)))
  return {
    hash: (password) => format + digest(password),
    verify(password, stored) {
      const actual = digest(password)
      // A store may have handed out a null, whatever its type says: that is no hash either.
      const known = typeof stored === 'string' && stored.startsWith(format)
      const same = equalConstantTime(actual, known ? stored.slice(format.length) : actual)
      return same && known
    },
  }
}
