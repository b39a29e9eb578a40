/**
 * HMAC-SHA-256 under a key that is prepared once: the work of every login.
 *
 * @module
 */
import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'
import { findHash } from './native.ts'

type NativeHash = NonNullable<ReturnType<typeof findHash>>

/** SHA-256 works on blocks of so many bytes (FIPS 180-4, section 5.1.1). */
const BLOCK = 64
const DIGEST = 32

/**
 * Makes HMAC-SHA-256 (RFC 2104) under one key: of a text in UTF-8, in hexadecimal digits. By the
 * runtime itself where it can do so at once, which takes a third of the time.
 */
export function keyedHash(key: Uint8Array): (text: string) => string {
  const hash = findHash()
  return hash ? nativeHash(hash, key) : portableHash(key)
}

/** {@link keyedHash} by the runtime. Hashes twice: an HMAC object would be made for each text. */
function nativeHash(hash: NativeHash, key: Uint8Array): (text: string) => string {
  const block = new Uint8Array(BLOCK)
  block.set(key.length > BLOCK ? hash('sha256', key, 'buffer') : key)
  const innerPad = block.map((byte) => byte ^ 0x36)
  const outer = new Uint8Array(BLOCK + DIGEST)
  outer.set(block.map((byte) => byte ^ 0x5c))
  return function mac(text) {
    const bytes = utf8ToBytes(text)
    const inner = new Uint8Array(BLOCK + bytes.length)
    inner.set(innerPad)
    inner.set(bytes, BLOCK)
    outer.set(hash('sha256', inner, 'buffer'), BLOCK)
    return hash('sha256', outer, 'hex')
  }
}

/** {@link keyedHash} anywhere. Begun with the key once, which is a third of the work. */
function portableHash(key: Uint8Array): (text: string) => string {
  const keyed = hmac.create(sha256, key)
  return function mac(text) {
    return bytesToHex(keyed.clone().update(utf8ToBytes(text)).digest())
  }
}
