/**
 * PBKDF2 (RFC 8018, section 5.2) as Django and Mosquitto store it.
 *
 * @module
 */
import { pbkdf2Async } from '@noble/hashes/pbkdf2.js'
import { sha256, sha512 } from '@noble/hashes/sha2.js'
import { base64 } from '@scure/base'
import { tryDecode } from './decode.ts'
import { LOOP_SLICE } from './gate.ts'

/** Most rounds of a stored hash that are run: several times what is usual, and seconds of work. */
export const MAX_PBKDF2_ROUNDS = 10_000_000

/** A hash of PBKDF2: how to derive, and what comes out for the right password. */
export interface Pbkdf2Hash {
  readonly kind: 'pbkdf2'
  readonly digest: 'SHA-256' | 'SHA-512'
  readonly rounds: number
  readonly salt: Uint8Array<ArrayBuffer>
  readonly key: Uint8Array<ArrayBuffer>
}

/**
 * Reads `pbkdf2_sha256$<rounds>$<salt>$<key>`, as Django writes it: the salt is text, the key 32
 * bytes in base64.
 */
export function parseDjango(stored: string): Pbkdf2Hash | undefined {
  const found = /^pbkdf2_sha256\$([1-9]\d{0,7})\$([^$]{1,128})\$([^$]{44})$/.exec(stored)
  if (!found) return undefined
  const salt = Uint8Array.from(new TextEncoder().encode(found[2]!))
  return pbkdf2Hash('SHA-256', Number(found[1]), salt, tryDecode(base64, found[3]!))
}

/**
 * Reads `$7$<rounds>$<salt>$<key>`, as mosquitto_passwd writes it: the salt is 8 to 64 bytes, the
 * key 64, both in base64.
 */
export function parseMosquitto(stored: string): Pbkdf2Hash | undefined {
  const found = /^\$7\$([1-9]\d{0,7})\$([^$]{12,88})\$([^$]{88})$/.exec(stored)
  if (!found) return undefined
  const salt = tryDecode(base64, found[2]!)
  if (!salt || salt.length < 8 || salt.length > 64) return undefined
  return pbkdf2Hash('SHA-512', Number(found[1]), salt, tryDecode(base64, found[3]!))
}

function pbkdf2Hash(
  digest: Pbkdf2Hash['digest'],
  rounds: number,
  salt: Uint8Array<ArrayBuffer>,
  key: Uint8Array<ArrayBuffer> | undefined,
): Pbkdf2Hash | undefined {
  if (rounds > MAX_PBKDF2_ROUNDS || key?.length !== (digest === 'SHA-256' ? 32 : 64)) {
    return undefined
  }
  return { kind: 'pbkdf2', digest, rounds, salt, key }
}

/**
 * Derives with the runtime's own PBKDF2, beside the event loop. Answers `undefined` if the runtime
 * refuses: Cloudflare Workers runs at most 100,000 rounds.
 */
export async function nativePbkdf2(
  password: Uint8Array<ArrayBuffer>,
  { digest, rounds, salt, key }: Pbkdf2Hash,
): Promise<Uint8Array | undefined> {
  try {
    const imported = await crypto.subtle.importKey('raw', password, 'PBKDF2', false, ['deriveBits'])
    const algorithm = { name: 'PBKDF2', hash: digest, salt, iterations: rounds }
    return new Uint8Array(await crypto.subtle.deriveBits(algorithm, imported, key.length * 8))
  } catch {
    // Whatever the reason is, the same can be derived without it.
    return undefined
  }
}

/** Derives on the event loop, in slices. */
export function loopPbkdf2(
  password: Uint8Array,
  { digest, rounds, salt, key }: Pbkdf2Hash,
): Promise<Uint8Array> {
  return pbkdf2Async(digest === 'SHA-256' ? sha256 : sha512, password, salt, {
    c: rounds,
    dkLen: key.length,
    asyncTick: LOOP_SLICE,
  })
}
