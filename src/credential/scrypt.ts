/**
 * scrypt (RFC 7914) as a PHC string.
 *
 * @module
 */
import { scryptAsync } from '@noble/hashes/scrypt.js'
import { base64nopad } from '@scure/base'
import { tryDecode } from './decode.ts'
import { LOOP_SLICE } from './gate.ts'
import { findScrypt } from './native.ts'

/** Most blocks of 128 bytes that one hash may keep in memory: 128 MiB. */
const MAX_MEMORY_BLOCKS = 2 ** 20
/** Bytes that native scrypt may use: what such a hash needs, with a margin for its lanes. */
const NATIVE_MEMORY_LIMIT = 2 ** 29
/** Most blocks that one hash may fill, over all its lanes: seconds of work. */
const MAX_WORK_BLOCKS = 2 ** 22

/** A hash of scrypt: how to derive, and what comes out for the right password. */
export interface ScryptHash {
  readonly kind: 'scrypt'
  /** The logarithm to base 2 of the CPU and memory cost `N`. */
  readonly ln: number
  readonly r: number
  readonly p: number
  readonly salt: Uint8Array<ArrayBuffer>
  readonly key: Uint8Array<ArrayBuffer>
}

/**
 * Reads `$scrypt$ln=<ln>,r=<r>,p=<p>$<salt>$<key>`: the salt is 8 to 64 bytes, the key 16 to 64,
 * both in base64 without padding; it takes at most 128 MiB of memory.
 */
export function parseScrypt(stored: string): ScryptHash | undefined {
  const number = '([1-9]\\d{0,2})'
  const found = new RegExp(
    `^\\$scrypt\\$ln=${number},r=${number},p=${number}\\$([^$]{11,86})\\$([^$]{22,86})$`,
  ).exec(stored)
  if (!found) return undefined
  const [ln, r, p] = [Number(found[1]), Number(found[2]), Number(found[3])]
  const memory = 2 ** ln * r
  if (memory > MAX_MEMORY_BLOCKS || memory * p > MAX_WORK_BLOCKS) return undefined
  const [salt, key] = [tryDecode(base64nopad, found[4]!), tryDecode(base64nopad, found[5]!)]
  if (!salt || !key) return undefined
  return { kind: 'scrypt', ln, r, p, salt, key }
}

const native = /* @__PURE__ */ findScrypt()

/** Whether the runtime may derive it by itself. */
export const HAS_NATIVE_SCRYPT: boolean = native !== undefined

/**
 * Derives with the runtime's own scrypt, beside the event loop. Answers `undefined` if it has none, or
 * refuses.
 */
export async function nativeScrypt(
  password: Uint8Array,
  { ln, r, p, salt, key }: ScryptHash,
): Promise<Uint8Array | undefined> {
  if (!native) return undefined
  const options = { N: 2 ** ln, r, p, maxmem: NATIVE_MEMORY_LIMIT }
  try {
    return await new Promise((resolve, reject) => {
      native(password, salt, key.length, options, (error, derived) => {
        if (error) reject(error)
        else resolve(Uint8Array.from(derived))
      })
    })
  } catch {
    // Whatever the reason is, the same can be derived without it.
    return undefined
  }
}

/** Derives on the event loop, in slices. */
export function loopScrypt(
  password: Uint8Array,
  { ln, r, p, salt, key }: ScryptHash,
): Promise<Uint8Array> {
  return scryptAsync(password, salt, { N: 2 ** ln, r, p, dkLen: key.length, asyncTick: LOOP_SLICE })
}

/** Derives natively if the runtime can, else on the event loop. */
export async function deriveScrypt(password: Uint8Array, hash: ScryptHash): Promise<Uint8Array> {
  return (await nativeScrypt(password, hash)) ?? loopScrypt(password, hash)
}
