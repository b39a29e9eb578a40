/**
 * The credentials on a device's record: which of them are good at a time, and what a rotation makes
 * of them.
 *
 * @module
 */
import type { DeviceRecord, StoredCredential } from './store.ts'

/** Most credentials on a record. Beyond it the oldest give way to new ones. */
export const MAX_CREDENTIALS = 8

/** The credentials that have begun and not ended. @param now Milliseconds since the epoch. */
export function validCredentials(record: DeviceRecord, now: number): readonly StoredCredential[] {
  const valid: StoredCredential[] = []
  for (const credential of record.credentials) {
    if (hasBegun(credential, now) && lasts(credential, now)) valid.push(credential)
  }
  return valid
}

// What a store made of a time that it cannot hold counts as one that is not reached, or has passed.
function hasBegun({ notBefore }: StoredCredential, now: number): boolean {
  return notBefore === undefined || (typeof notBefore === 'number' && notBefore <= now)
}

function lasts({ notAfter }: StoredCredential, now: number): boolean {
  return notAfter === undefined || (typeof notAfter === 'number' && now < notAfter)
}

/** The one of them that was added last, or `undefined`. */
export function newestCredential(record: DeviceRecord, now: number): StoredCredential | undefined {
  return validCredentials(record, now).at(-1)
}

/**
 * A record with a new credential, behind those that go on until it begins, and for a while after that.
 *
 * @param overlap Milliseconds for which those before it stay good once it has begun, unless they end
 * sooner; 0 removes them then.
 * @param now Milliseconds since the epoch.
 */
export function withCredential(
  record: DeviceRecord,
  credential: StoredCredential,
  overlap: number,
  now: number,
): DeviceRecord {
  const end = (credential.notBefore ?? now) + overlap
  const kept = record.credentials
    .filter((old) => lasts(old, now))
    .map((old) => ({ ...old, notAfter: Math.min(old.notAfter ?? end, end) }))
    // One that would begin when it has ended was to take the place of those before it.
    .filter(({ notBefore = now, notAfter }) => notBefore < notAfter && now < notAfter)
    .slice(1 - MAX_CREDENTIALS)
  return { ...record, credentials: [...kept, credential], revision: record.revision + 1 }
}

/** A record without one of its credentials; `undefined` if it has none of this id. */
export function withoutCredential(record: DeviceRecord, id: string): DeviceRecord | undefined {
  const credentials = record.credentials.filter((credential) => credential.id !== id)
  if (credentials.length === record.credentials.length) return undefined
  return { ...record, credentials, revision: record.revision + 1 }
}
