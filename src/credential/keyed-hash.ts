/**
 * HMAC-SHA-256 under a key that is prepared once: the work of every login.
 *
 * @module
 */
import { hmac } from '@noble/hashes/hmac.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex } from '@noble/hashes/utils.js'
import { findHash, findKeyedHasher } from './native.ts'

type NativeHash = NonNullable<ReturnType<typeof findHash>>

/** SHA-256 works on blocks of so many bytes (FIPS 180-4, section 5.1.1). */
const BLOCK = 64
const DIGEST = 32

/**
 * Makes HMAC-SHA-256 (RFC 2104) under one key: of a text in UTF-8, in hexadecimal digits. By the
 * runtime itself where it can do so at once and is faster.
 */
export function keyedHash(key: Uint8Array): (text: string) => string {
  const KeyedHasher = findKeyedHasher()
  if (KeyedHasher) {
    const begun = new KeyedHasher('sha256', key)
    return (text) => begun.copy().update(text).digest('hex')
  }
  const hash = findHash()
  return hash ? nativeHash(hash, key) : portableHash(key)
}

/** {@link keyedHash} by the runtime. Hashes twice: an HMAC object would be made for each text. */
function nativeHash(hash: NativeHash, key: Uint8Array): (text: string) => string {
  const block = new Uint8Array(BLOCK)
  block.set(key.length > BLOCK ? hash('sha256', key, 'buffer') : key)
  const inner = bytesBehind(block.map((byte) => byte ^ 0x36))
  const outer = new Uint8Array(BLOCK + DIGEST)
  outer.set(block.map((byte) => byte ^ 0x5c))
  return function mac(text) {
    // A text with a character for each byte: a buffer takes three times as long to make.
    const digest = hash('sha256', inner(text), 'latin1')
    for (let i = 0; i < DIGEST; i++) outer[BLOCK + i] = digest.charCodeAt(i)
    return hash('sha256', outer, 'hex')
  }
}

/** {@link keyedHash} anywhere. Begun with the key once, which is a third of the work. */
function portableHash(key: Uint8Array): (text: string) => string {
  const begun = hmac.create(sha256, key)
  const copy = begun.clone()
  const bytes = bytesBehind(new Uint8Array())
  const digest = new Uint8Array(DIGEST)
  return function mac(text) {
    begun._cloneInto(copy).update(bytes(text)).digestInto(digest)
    return bytesToHex(digest)
  }
}

/** Longest text that is written where the last one was, in characters: passwords are short. */
const MAX_SHORT = 256

/**
 * Makes a function that gives the bytes of a text in UTF-8 behind the same beginning. They are there
 * until it is called again.
 */
function bytesBehind(beginning: Uint8Array): (text: string) => Uint8Array {
  const start = beginning.length
  const bytes = new Uint8Array(start + MAX_SHORT)
  bytes.set(beginning)
  const encoder = new TextEncoder()
  // Most texts are as long as the last one, and a view takes as long to make as to hash.
  let view = bytes

  function encode(text: string): Uint8Array {
    const encoded = encoder.encode(text)
    const all = new Uint8Array(start + encoded.length)
    all.set(beginning)
    all.set(encoded, start)
    return all
  }

  return (text) => {
    const { length } = text
    if (length > MAX_SHORT) return encode(text)
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i)
      if (code > 0x7f) return encode(text)
      bytes[start + i] = code
    }
    if (view.length !== start + length) view = bytes.subarray(0, start + length)
    return view
  }
}
