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
import { keyedHash } from './keyed-hash.ts'
import { type PepperOption, readPeppers } from './pepper.ts'

/** Begins every generated device password, so that a leaked one is recognised by scanners. */
export const PASSWORD_PREFIX = 'dhs_'

const PLAIN = '$dh-sha256$'
const PEPPERED = '$dh-hmac-sha256$'
const MARKED = /^\$dh-hmac-sha256\$([0-9a-f]{4})\$/

/** A key of a hasher. */
interface Key {
  /** What a stored text under it begins with. */
  readonly beginning: string
  readonly digest: (password: string) => string
}

/** Hashes passwords, and compares them with what is stored, under the peppers of a fleet. */
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

/** Whether a stored text is under a pepper, but does not say under which. */
export function isUnmarkedHash(stored: string): boolean {
  return stored.startsWith(PEPPERED) && !stored.includes('$', PEPPERED.length)
}

/** The id of the pepper in a stored text, if it is of this format and has one. */
export function generatedPepperId(stored: string): string | undefined {
  return MARKED.exec(stored)?.[1]
}

/**
 * Makes a hasher: HMAC-SHA-256 under the first pepper, or SHA-256 without one.
 *
 * @param pepper Keys kept apart from the store, each of at least 16 bytes.
 * @throws {ConfigError} If one is shorter.
 */
export function passwordHasher(pepper: PepperOption | undefined): PasswordHasher {
  const peppers = readPeppers(pepper)
  const keys =
    peppers.length > 0
      ? peppers.map(({ id, key }) => ({ beginning: `${PEPPERED}${id}$`, digest: keyedHash(key) }))
      : [{ beginning: PLAIN, digest: plainDigest }]
  const [first] = keys as [Key]
  return {
    hash: (password) => first.beginning + first.digest(password),
    verify(password, stored) {
      // A store may have handed out a null, whatever its type says: that is no hash either.
      const text = typeof stored === 'string' ? stored : ''
      let isRight = false
      // Under each of them in any case: what is wrong takes as long as what is not there.
      for (const { beginning, digest } of keys) {
        const actual = digest(password)
        const start = digestStart(text, beginning)
        const same = equalConstantTime(actual, start > 0 ? text : actual, start)
        isRight = (same && start > 0) || isRight
      }
      return isRight
    },
  }
}

/** Where in a stored text the digest under a key begins; 0 if it is not under that key. */
function digestStart(text: string, beginning: string): number {
  if (text.startsWith(beginning)) return beginning.length
  return beginning !== PLAIN && isUnmarkedHash(text) ? PEPPERED.length : 0
}

function plainDigest(password: string): string {
  return bytesToHex(sha256(utf8ToBytes(password)))
}
