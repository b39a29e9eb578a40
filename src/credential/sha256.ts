/**
 * SHA-256 (FIPS 180-4) that goes on from a state: what begins many messages alike is hashed once. By
 * hand, since the package for it takes three times as long to copy a state and to finish it.
 *
 * @module
 */

/** Bytes of a block (section 5.1.1). */
export const BLOCK_BYTES = 64

/** Bytes of a digest. */
export const DIGEST_BYTES = 32

/** Eight words: what was hashed so far, in whole blocks. */
export type Sha256State = Int32Array<ArrayBuffer>

const ROUNDS = 64
const STATE_WORDS = 8

const primes: readonly number[] = /* @__PURE__ */ findPrimes(ROUNDS)
/** Section 4.2.2. */
const CONSTANTS: Int32Array = /* @__PURE__ */ fractions(primes.map(Math.cbrt))
/** Section 5.3.3. */
const INITIAL: Sha256State = /* @__PURE__ */ fractions(primes.slice(0, STATE_WORDS).map(Math.sqrt))

// Nothing runs while a block is added or a message finished, so one of each is enough for all.
const schedule = /* @__PURE__ */ new Int32Array(ROUNDS)
const end = /* @__PURE__ */ new Uint8Array(2 * BLOCK_BYTES)

function findPrimes(count: number): number[] {
  const found: number[] = []
  for (let n = 2; found.length < count; n++) {
    if (found.every((prime) => n % prime !== 0)) found.push(n)
  }
  return found
}

/** The first 32 bits behind the point of each number. */
function fractions(numbers: readonly number[]): Int32Array<ArrayBuffer> {
  return Int32Array.from(numbers, (number) => (number % 1) * 2 ** 32)
}

/** The state after a first block. */
export function beginSha256(block: Uint8Array): Sha256State {
  const state = INITIAL.slice()
  addBlock(state, block, 0)
  return state
}

/**
 * Adds the last bytes of a message to the state of its first block, and writes the digest. The state is
 * of no use after that.
 */
export function finishSha256(state: Sha256State, bytes: Uint8Array, digest: Uint8Array): void {
  const { length } = bytes
  let at = 0
  for (; at + BLOCK_BYTES <= length; at += BLOCK_BYTES) addBlock(state, bytes, at)
  // Section 5.1.1: a bit, zeros, and the length in bits at the end of a block.
  const rest = length - at
  const size = rest + 9 <= BLOCK_BYTES ? BLOCK_BYTES : 2 * BLOCK_BYTES
  for (let i = 0; i < rest; i++) end[i] = bytes[at + i]!
  end.fill(0, rest, size)
  end[rest] = 0x80
  const bits = (BLOCK_BYTES + length) * 8
  for (let i = 0; i < 4; i++) end[size - 1 - i] = bits >>> (8 * i)
  for (let i = 0; i < size; i += BLOCK_BYTES) addBlock(state, end, i)
  for (let i = 0; i < DIGEST_BYTES; i++) digest[i] = state[i >> 2]! >>> (24 - 8 * (i & 3))
}

/** Adds a block (section 6.2.2), in the letters of the standard. */
function addBlock(state: Sha256State, bytes: Uint8Array, start: number): void {
  for (let t = 0, at = start; t < 16; t++, at += 4) {
    const high = (bytes[at]! << 24) | (bytes[at + 1]! << 16)
    schedule[t] = high | (bytes[at + 2]! << 8) | bytes[at + 3]!
  }
  for (let t = 16; t < ROUNDS; t++) {
    const x = schedule[t - 15]!
    const y = schedule[t - 2]!
    const s0 = rotate(x, 7) ^ rotate(x, 18) ^ (x >>> 3)
    const s1 = rotate(y, 17) ^ rotate(y, 19) ^ (y >>> 10)
    schedule[t] = (s1 + schedule[t - 7]! + s0 + schedule[t - 16]!) | 0
  }
  let a = state[0]!
  let b = state[1]!
  let c = state[2]!
  let d = state[3]!
  let e = state[4]!
  let f = state[5]!
  let g = state[6]!
  let h = state[7]!
  for (let t = 0; t < ROUNDS; t++) {
    const s1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)
    const t1 = (h + s1 + ((e & f) ^ (~e & g)) + CONSTANTS[t]! + schedule[t]!) | 0
    const s0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)
    const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0
    h = g
    g = f
    f = e
    e = (d + t1) | 0
    d = c
    c = b
    b = a
    a = (t1 + t2) | 0
  }
  state[0]! += a
  state[1]! += b
  state[2]! += c
  state[3]! += d
  state[4]! += e
  state[5]! += f
  state[6]! += g
  state[7]! += h
}

/** Rotated to the right. */
function rotate(word: number, bits: number): number {
  return (word >>> bits) | (word << (32 - bits))
}
