/**
 * HMAC-SHA-256 under a key that is prepared once: the work of every login.
 *
 * @module
 */
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex } from '@noble/hashes/utils.js'
import { findHash, findKeyedHasher } from './native.ts'
import { BLOCK_BYTES, beginSha256, DIGEST_BYTES, finishSha256 } from './sha256.ts'

type NativeHash = NonNullable<ReturnType<typeof findHash>>

/** What a key is made different by, before the text and before its hash. */
const INNER = 0x36
const OUTER = 0x5c

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
  const inner = bytesBehind(keyBlock(key, INNER))
  const outer = new Uint8Array(BLOCK_BYTES + DIGEST_BYTES)
  outer.set(keyBlock(key, OUTER))
  return function mac(text) {
    // A text with a character for each byte: a buffer takes three times as long to make.
    const digest = hash('sha256', inner(text), 'latin1')
    for (let i = 0; i < DIGEST_BYTES; i++) outer[BLOCK_BYTES + i] = digest.charCodeAt(i)
    return hash('sha256', outer, 'hex')
  }
}

/** {@link keyedHash} anywhere. Begun with the key once, which is two fifths of the work. */
function portableHash(key: Uint8Array): (text: string) => string {
  const inner = beginSha256(keyBlock(key, INNER))
  const outer = beginSha256(keyBlock(key, OUTER))
  const state = inner.slice()
  const bytes = bytesBehind(new Uint8Array())
  const digest = new Uint8Array(DIGEST_BYTES)
  return function mac(text) {
    state.set(inner)
    finishSha256(state, bytes(text), digest)
    state.set(outer)
    finishSha256(state, digest, digest)
    return bytesToHex(digest)
  }
}

/** The key as a block (RFC 2104, section 2), with one of {@link INNER} and {@link OUTER} in each byte. */
function keyBlock(key: Uint8Array, difference: number): Uint8Array {
  const block = new Uint8Array(BLOCK_BYTES)
  block.set(key.length > BLOCK_BYTES ? sha256(key) : key)
  return block.map((byte) => byte ^ difference)
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
