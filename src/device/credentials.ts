/**
 * The credentials on a device's record: which of them are good at a time, and what a rotation makes
 * of them.
 *
 * @module
 */
import type { DeviceRecord, StoredCredential } from './store.ts'

/** Most credentials on a record. Beyond it the oldest give way to new ones. */
export const MAX_CREDENTIALS = 8

/** The credentials that have not ended. @param now Milliseconds since the epoch. */
export function validCredentials(record: DeviceRecord, now: number): readonly StoredCredential[] {
  const valid: StoredCredential[] = []
  for (const credential of record.credentials) {
    const { notAfter } = credential
    // What a store made of an end that it cannot hold counts as one that has passed.
    const lasts = notAfter === undefined || (typeof notAfter === 'number' && now < notAfter)
    if (lasts) valid.push(credential)
  }
  return valid
}

/** The one of them that was added last, or `undefined`. */
export function newestCredential(record: DeviceRecord, now: number): StoredCredential | undefined {
  return validCredentials(record, now).at(-1)
}

/**
 * A record with a new credential, behind those that go on for a while.
 *
 * @param overlap Milliseconds for which those before it stay good, unless they end sooner; 0
 * removes them.
 * @param now Milliseconds since the epoch.
 */
export function withCredential(
  record: DeviceRecord,
  credential: StoredCredential,
  overlap: number,
  now: number,
): DeviceRecord {
  const end = now + overlap
  const kept = validCredentials(record, now)
    .map((old) => ({ ...old, notAfter: Math.min(old.notAfter ?? end, end) }))
    .filter(({ notAfter }) => now < notAfter)
    .slice(1 - MAX_CREDENTIALS)
  return { ...record, credentials: [...kept, credential], revision: record.revision + 1 }
}
