/**
 * Passwords that are hashed anew when a login with them was right: chosen ones, so that the next login is
 * fast, and those under an older pepper, so that it can be dropped.
 *
 * @module
 */
import { withinDeadline } from '../base/deadline.ts'
import { hasCode } from '../base/errors.ts'
import { describeError } from '../base/log.ts'
import type { QuietLog } from '../base/quiet-log.ts'
import { quote } from '../base/quote.ts'
import { isGeneratedHash, type PasswordHasher } from '../credential/generated.ts'
import { parseMosquitto } from '../credential/pbkdf2.ts'
import type { PepperMarks } from '../credential/pepper-mark.ts'
import type { Rehasher } from '../credential/rehashed.ts'
import { remembered } from '../credential/remembered.ts'
import type { PasswordSealer } from '../credential/sealed.ts'
import { MAX_REMEMBERED, type PasswordVerifier, REMEMBER_MS } from '../credential/verifier.ts'
import type { DeviceRecord, DeviceStore, StoredCredential } from '../device/store.ts'

/** For how long a login waits for the write, in milliseconds: about the time of the check before it. */
export const REHASH_WAIT_MS = 250

/**
 * Hashes a password anew that was verified against a credential, where that is to be. Returns `undefined`
 * where there is nothing to do. Settles when it is written, when that failed, or after
 * {@link REHASH_WAIT_MS}, and never rejects: the login stands whatever comes of it.
 */
export type LoginRehash = (
  record: DeviceRecord,
  credential: StoredCredential,
  password: string,
) => Promise<void> | undefined

/** What {@link loginRehash} takes. */
export interface RehashOptions {
  readonly store: Pick<DeviceStore, 'update'>
  readonly verifier: PasswordVerifier
  readonly hasher: PasswordHasher
  readonly rehasher: Rehasher
  /** Whether chosen passwords in a slow format are hashed anew. */
  readonly chosen: boolean
  /** Tells what is under an older pepper. Default: there is one pepper alone. */
  readonly marks: PepperMarks | undefined
  /** Seals what could be told to Mosquitto before, and could not be any more. */
  readonly sealer: PasswordSealer | undefined
  /** Where it is said that a write failed. */
  readonly log: QuietLog
}

/** Makes it. Each stored text is tried once in five minutes: a store that fails is not asked at each login. */
export function loginRehash(options: RehashOptions): LoginRehash {
  const { store, verifier, hasher, rehasher, chosen, marks, sealer, log } = options
  const tried = remembered(REMEMBER_MS, MAX_REMEMBERED)

  function isToBe(stored: string): boolean {
    const mark = marks?.(stored)
    if (mark !== undefined) return mark === 'older' || mark === 'unmarked'
    return chosen && !stored.startsWith('$dh-')
  }

  async function write(
    record: DeviceRecord,
    credential: StoredCredential,
    password: string,
  ): Promise<void> {
    const isGenerated = isGeneratedHash(credential.hash)
    const hash = isGenerated ? hasher.hash(password) : rehasher.hash(password)
    // It was verified a moment ago, so nobody who guesses keeps the device out in the next minutes.
    if (!isGenerated) verifier.remember(password, hash)
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

  async function tryWrite(...args: Parameters<typeof write>): Promise<void> {
    try {
      await write(...args)
    } catch (error) {
      // Somebody else wrote the record meanwhile, and the next login is another chance.
      if (hasCode(error, 'ERR_REVISION_CONFLICT')) return
      const [{ type, id }] = args
      const text = () =>
        `A password of ${quote(`${type}/${id}`)} could not be hashed anew: ${describeError(error)}`
      log.write('error', 'rehash', text)
    }
  }

  return (record, credential, password) => {
    const { hash } = credential
    if (!isToBe(hash) || tried.has(hash)) return undefined
    tried.add(hash)
    // An edge worker may drop what goes on after the answer, so it is waited for, though not for long.
    const wait = () => tryWrite(record, credential, password)
    return withinDeadline(REHASH_WAIT_MS, wait).catch(() => {})
  }
}
