/**
 * Peppers: keys kept apart from the store, under which passwords are hashed. There may be several while one
 * takes the place of another, and what is stored says under which one it is.
 *
 * @module
 */
import { hkdf } from '@noble/hashes/hkdf.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'
import { ConfigError } from '../base/errors.ts'

const MIN_PEPPER_BYTES = 16
const MAX_PEPPERS = 8
/**
 * Two bytes tell a few peppers apart, and tell who has the store alone no more than that: of guesses at a
 * pepper that somebody made up, one in 65,536 still looks right.
 */
const ID_BYTES = 2

/** The pepper of a fleet, or several: the first one makes hashes, and all of them verify. */
export type PepperOption = string | Uint8Array | readonly (string | Uint8Array)[]

/** A pepper, ready to be used. */
export interface Pepper {
  /** What tells it apart on record: four hexadecimal digits. */
  readonly id: string
  readonly key: Uint8Array
}

/** How a stored text says under which pepper it is, behind the beginning of its format. */
export const PEPPER_ID = '(?:([0-9a-f]{4})\\$)?'

/**
 * Reads them, in their order. None if there is none.
 *
 * @throws {ConfigError} If one is shorter than 16 bytes, two are the same, or there are more than 8.
 */
export function readPeppers(option: PepperOption | undefined): readonly Pepper[] {
  if (option === undefined) return []
  const isList = Array.isArray(option)
  const given: readonly unknown[] = isList ? option : [option]
  if (given.length === 0 || given.length > MAX_PEPPERS) {
    throw new ConfigError('pepper', `must be one, or a list of 1 to ${MAX_PEPPERS}`)
  }
  const peppers: Pepper[] = []
  for (const [i, value] of given.entries()) {
    const name = isList ? `pepper.${i}` : 'pepper'
    const key = typeof value === 'string' ? utf8ToBytes(value) : value
    if (!(key instanceof Uint8Array)) throw new ConfigError(name, 'must be text or bytes')
    if (key.length < MIN_PEPPER_BYTES) {
      throw new ConfigError(name, `must have at least ${MIN_PEPPER_BYTES} bytes`)
    }
    const id = idOf(key)
    const same = peppers.findIndex((pepper) => pepper.id === id)
    if (same >= 0) {
      throw new ConfigError(name, `cannot be told from pepper.${same} on record: take another one`)
    }
    peppers.push({ id, key })
  }
  return peppers
}

function idOf(key: Uint8Array): string {
  return bytesToHex(hkdf(sha256, key, undefined, utf8ToBytes('devicehub pepper id 1'), ID_BYTES))
}
