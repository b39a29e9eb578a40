/**
 * Chosen passwords that were hashed anew after a login with them was right.
 *
 * They are hashed once, under a key made of the pepper, so that a login costs microseconds. Whoever has
 * the store alone can try no guess on them; whoever has the pepper as well tries millions a second. And
 * they are no generated ones: what somebody chose can be guessed at a login too, so it is counted there.
 *
 * @module
 */
import { hkdf } from '@noble/hashes/hkdf.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { utf8ToBytes } from '@noble/hashes/utils.js'
import { base64nopad } from '@scure/base'
import { equalConstantTime } from '../base/constant-time.ts'
import { keyedHash } from './keyed-hash.ts'

const FORMAT = '$dh-chosen-hmac-sha256$'
const FORM = /^\$dh-chosen-hmac-sha256\$([A-Za-z0-9+/]{22})\$([0-9a-f]{64})$/
const SALT_BYTES = 16
const NO_SALT = base64nopad.encode(new Uint8Array(SALT_BYTES))

/** A stored password of this format, read. */
export interface RehashedHash {
  readonly kind: 'rehashed'
  readonly salt: string
  readonly key: string
}

/** Hashes chosen passwords anew, and compares them with what is stored, under one pepper. */
export interface Rehasher {
  /** The text to store for a password. Each call makes another one, so that equal ones do not show. */
  hash(password: string): string
  /**
   * Whether a password is the stored one, in time that depends on neither. Without a stored one it does
   * the same work and answers `false`.
   */
  verify(password: string, stored: RehashedHash | undefined): boolean
}

/** Reads a stored password. Answers `undefined` if it is in another format. */
export function parseRehashed(stored: string): RehashedHash | undefined {
  const found = FORM.exec(stored)
  return found ? { kind: 'rehashed', salt: found[1]!, key: found[2]! } : undefined
}

/** Whether a stored text has the beginning of this format. */
export function isRehashed(stored: string): boolean {
  return stored.startsWith(FORMAT)
}

/** Makes a rehasher. @param pepper A key of at least 16 bytes. */
export function passwordRehasher(pepper: string | Uint8Array): Rehasher {
  const input = typeof pepper === 'string' ? utf8ToBytes(pepper) : pepper
  // A key of its own: with its beginning changed, such a hash would pass for that of no generated one.
  const mac = keyedHash(
    hkdf(sha256, input, undefined, utf8ToBytes('devicehub chosen password 1'), 32),
  )
  const derive = (salt: string, password: string) => mac(`${salt}$${password}`)
  return {
    hash(password) {
      const salt = base64nopad.encode(crypto.getRandomValues(new Uint8Array(SALT_BYTES)))
      return `${FORMAT}${salt}$${derive(salt, password)}`
    },
    verify(password, stored) {
      const actual = derive(stored?.salt ?? NO_SALT, password)
      const same = equalConstantTime(actual, stored?.key ?? actual)
      return same && stored !== undefined
    },
  }
}
