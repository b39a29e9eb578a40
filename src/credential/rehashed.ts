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
import { PEPPER_ID, type PepperOption, readPeppers } from './pepper.ts'

const FORMAT = '$dh-chosen-hmac-sha256$'
const FORM = /* @__PURE__ */ form()
const SALT_BYTES = 16
const NO_SALT = /* @__PURE__ */ base64nopad.encode(/* @__PURE__ */ new Uint8Array(SALT_BYTES))

/** A stored password of this format, read. */
export interface RehashedHash {
  readonly kind: 'rehashed'
  /** Under which pepper it is. Left out of what was stored before there could be several. */
  readonly pepperId: string | undefined
  readonly salt: string
  readonly key: string
}

/** Hashes chosen passwords anew, and compares them with what is stored, under the peppers of a fleet. */
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
  return found
    ? { kind: 'rehashed', pepperId: found[1], salt: found[2]!, key: found[3]! }
    : undefined
}

/** Whether a stored text has the beginning of this format. */
export function isRehashed(stored: string): boolean {
  return stored.startsWith(FORMAT)
}

/**
 * Makes a rehasher.
 *
 * @param pepper Keys of at least 16 bytes each: one or more.
 * @throws {ConfigError} If one is shorter.
 */
export function passwordRehasher(pepper: PepperOption): Rehasher {
  const keys = readPeppers(pepper).map(({ id, key }) => {
    // A key of its own: with its beginning changed, such a hash would pass for that of no generated one.
    const info = utf8ToBytes('devicehub chosen password 1')
    const mac = keyedHash(hkdf(sha256, key, undefined, info, 32))
    return { id, derive: (salt: string, password: string) => mac(`${salt}$${password}`) }
  })
  return {
    hash(password) {
      const [{ id, derive }] = keys as [(typeof keys)[0]]
      const salt = base64nopad.encode(crypto.getRandomValues(new Uint8Array(SALT_BYTES)))
      return `${FORMAT}${id}$${salt}$${derive(salt, password)}`
    },
    verify(password, stored) {
      let isRight = false
      // Under each of them in any case: what is wrong takes as long as what is not there.
      for (const { id, derive } of keys) {
        const actual = derive(stored?.salt ?? NO_SALT, password)
        const same = equalConstantTime(actual, stored?.key ?? actual)
        const isIts = stored !== undefined && (stored.pepperId ?? id) === id
        isRight = (same && isIts) || isRight
      }
      return isRight
    },
  }
}

function form(): RegExp {
  return new RegExp(`^\\$dh-chosen-hmac-sha256\\$${PEPPER_ID}([A-Za-z0-9+/]{22})\\$([0-9a-f]{64})$`)
}
