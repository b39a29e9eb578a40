/**
 * Passwords as Mosquitto stores them: PBKDF2-HMAC-SHA512 with a key of 64 bytes.
 *
 * @module
 */
import { SealedPasswordError, UnsupportedRuntimeError } from '../../src/base/errors.ts'
import { isGeneratedHash } from '../../src/credential/generated.ts'
import { nativePbkdf2, parseMosquitto } from '../../src/credential/pbkdf2.ts'
import { isRehashed } from '../../src/credential/rehashed.ts'
import type { BrokerAccount } from '../../src/fleet/broker-account.ts'
import type { LoginFinding } from './finding.ts'

/** Mosquitto's own number: more would add nothing to a secret of 256 random bits. */
const GENERATED_ROUNDS = 101
/** Some milliseconds of Mosquitto's only thread at each login. */
const CHOSEN_ROUNDS = 10_000
const SALT_BYTES = 12
const KEY_BYTES = 64

/** A stored password, taken apart. */
export interface MosquittoPassword {
  readonly rounds: number
  /** 12 bytes: Mosquitto 2.0 reads no other length. */
  readonly salt: Uint8Array
  readonly key: Uint8Array
}

/**
 * A login's password as Mosquitto stores it: the same each time, until the password changes.
 *
 * @returns What is in the way, as a finding, where the fleet cannot tell.
 */
export async function mosquittoPassword(
  login: BrokerAccount,
): Promise<MosquittoPassword | LoginFinding> {
  const stored = parseMosquitto(login.hash)
  if (stored?.salt.length === SALT_BYTES) return stored
  const secret = await openPassword(login)
  if (typeof secret !== 'string') return secret
  const rounds =
    isGeneratedHash(login.hash) && login.principal.device ? GENERATED_ROUNDS : CHOSEN_ROUNDS
  // A credential has an id of its own, so that no two have the same salt.
  const id = new TextEncoder().encode(login.credentialId)
  const salt = new Uint8Array(await crypto.subtle.digest('SHA-256', id)).slice(0, SALT_BYTES)
  return derive(secret, salt, rounds)
}

/** A chosen password with a random salt. */
export function hashChosen(password: string): Promise<MosquittoPassword> {
  return derive(password, crypto.getRandomValues(new Uint8Array(SALT_BYTES)), CHOSEN_ROUNDS)
}

/** A login's password in the clear, or what is in the way. */
export async function openPassword(login: BrokerAccount): Promise<string | LoginFinding> {
  const { username } = login.principal
  try {
    const secret = await login.openPassword()
    if (secret !== undefined) return secret
  } catch (error) {
    if (!(error instanceof SealedPasswordError)) throw error
    return { username, code: 'password-unreadable', text: `${username}: ${error.message}.` }
  }
  const text = isRehashed(login.hash)
    ? `${username}: the fleet hashed the password anew at a login ("rehash"), in a form that no broker reads, and has no sealed copy to tell it by. Rotate it.`
    : `${username}: the fleet has a hash of the password and no sealed copy to tell it by.`
  return { username, code: 'password-unknown', text }
}

async function derive(
  secret: string,
  salt: Uint8Array<ArrayBuffer>,
  rounds: number,
): Promise<MosquittoPassword> {
  const bytes = Uint8Array.from(new TextEncoder().encode(secret))
  const shape = { kind: 'pbkdf2', digest: 'SHA-512', rounds, salt } as const
  const key = await nativePbkdf2(bytes, { ...shape, key: new Uint8Array(KEY_BYTES) })
  if (key) return { rounds, salt, key }
  throw new UnsupportedRuntimeError('Hashing for Mosquitto', 'this runtime', 'use one with PBKDF2')
}
