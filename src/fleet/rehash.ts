/**
 * Chosen passwords that are hashed anew when a login with them was right: the next login is fast.
 *
 * @module
 */
import { withinDeadline } from '../base/deadline.ts'
import { parseMosquitto } from '../credential/pbkdf2.ts'
import type { Rehasher } from '../credential/rehashed.ts'
import { remembered } from '../credential/remembered.ts'
import type { PasswordSealer } from '../credential/sealed.ts'
import { MAX_REMEMBERED, type PasswordVerifier, REMEMBER_MS } from '../credential/verifier.ts'
import type { DeviceRecord, DeviceStore, StoredCredential } from '../device/store.ts'

/** For how long a login waits for the write, in milliseconds: about the time of the check before it. */
export const REHASH_WAIT_MS = 250

/**
 * Hashes a password anew that was verified against one of the credentials, if that is in a slow format.
 * Returns `undefined` where there is nothing to do. Settles when it is written, when that failed, or
 * after {@link REHASH_WAIT_MS}, and never rejects: the login stands whatever comes of it.
 *
 * @param credentials Those of the record that are good.
 */
export type LoginRehash = (
  record: DeviceRecord,
  credentials: readonly StoredCredential[],
  password: string,
) => Promise<void> | undefined

/** What {@link loginRehash} takes. */
export interface RehashOptions {
  readonly store: Pick<DeviceStore, 'update'>
  readonly verifier: PasswordVerifier
  readonly rehasher: Rehasher
  /** Seals what could be told to Mosquitto before, and could not be any more. */
  readonly sealer: PasswordSealer | undefined
}

/** Makes it. Each stored text is tried once in five minutes: a store that fails is not asked at each login. */
export function loginRehash({ store, verifier, rehasher, sealer }: RehashOptions): LoginRehash {
  const tried = remembered(REMEMBER_MS, MAX_REMEMBERED)

  async function write(
    record: DeviceRecord,
    credential: StoredCredential,
    password: string,
  ): Promise<void> {
    const hash = rehasher.hash(password)
    // It was verified a moment ago, so nobody who guesses keeps the device out in the next minutes.
    verifier.remember(password, hash)
    const next = { ...credential, hash, ...(await seal(record, credential, password)) }
    const credentials = record.credentials.map((old) => (old === credential ? next : old))
    // Under the revision that was read: who revokes or rotates meanwhile is not overwritten, and what
    // is written at once is written whole.
    await store.update({ ...record, credentials, revision: record.revision + 1 })
  }

  async function seal(
    { type, id }: DeviceRecord,
    { id: credentialId, hash, sealed }: StoredCredential,
    password: string,
  ): Promise<Pick<StoredCredential, 'sealed'> | undefined> {
    if (!sealer || sealed !== undefined || !parseMosquitto(hash)) return undefined
    return { sealed: await sealer.seal({ type, id, credentialId }, password) }
  }

  return (record, credentials, password) => {
    const hashes = credentials.map(({ hash }) => hash)
    const stored = verifier.findVerified(password, hashes)
    if (stored === undefined || tried.has(stored)) return undefined
    tried.add(stored)
    const credential = credentials[hashes.indexOf(stored)]!
    // An edge worker may drop what goes on after the answer, so it is waited for, though not for long.
    return withinDeadline(REHASH_WAIT_MS, () => write(record, credential, password)).catch(() => {})
  }
}
