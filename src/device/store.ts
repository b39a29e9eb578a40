/**
 * Device records, and the contract of whatever keeps them.
 *
 * @module
 */
import type { AccessRule } from '../rule/rule.ts'

/** A secret a device can log in with, as it is kept: never in the clear. */
export interface StoredCredential {
  /** Tells the credentials of a device apart. */
  readonly id: string
  readonly kind: 'password'
  /**
   * The hashed secret; its beginning names the format: `$dh-sha256$` or `$dh-hmac-sha256$` of a
   * generated one, `$scrypt$`, `pbkdf2_sha256$` (Django) or `$7$` (Mosquitto). Another verifies
   * nothing.
   */
  readonly hash: string
  /**
   * The secret itself, sealed under the fleet's sealing key: for brokers that have to be told it.
   * Left out where the fleet had no such key, or was never told the secret.
   */
  readonly sealed?: string
  /** Milliseconds since the Unix epoch. */
  readonly createdAt: number
  /** When it ends, in milliseconds since the Unix epoch. Left out if it does not. */
  readonly notAfter?: number
}

/** One provisioned device. */
export interface DeviceRecord {
  readonly type: string
  readonly id: string
  /** The MQTT user name; unique in the store. */
  readonly username: string
  readonly credentials: readonly StoredCredential[]
  /** Access rules beyond the type's. */
  readonly rules: readonly AccessRule[]
  /** Values for `{name}` placeholders in rules. */
  readonly attributes: Readonly<Record<string, string>>
  /**
   * Client ids from elsewhere that it may log in with, beside those made of its user name. Left out
   * where there are none.
   */
  readonly clientIds?: readonly string[]
  /** A revoked device stays on record, and can neither log in nor do anything. */
  readonly revoked: boolean
  /** Milliseconds since the Unix epoch. */
  readonly createdAt: number
  /** Counts the writes of this record, from 1. */
  readonly revision: number
}

/** Which devices {@link DeviceStore.list} returns. */
export interface ListOptions {
  /** Only devices of this type. Default: all types. */
  readonly type?: string
  /** Only devices behind this one, in the order of the listing: the last of the page before. */
  readonly after?: { readonly type: string; readonly id: string }
  /** Most records to return, 1 to 1,000. Default: 100. */
  readonly limit?: number
}

/**
 * Keeps device records. All methods settle when the answer is certain: a write that has resolved
 * survives whatever the store promises to survive. Records are values: changing one that was
 * returned, or passed in, changes nothing in the store.
 */
export interface DeviceStore {
  /** The record, revoked or not, or `undefined`. */
  get(type: string, id: string): Promise<DeviceRecord | undefined>
  /** The record with this user name, revoked or not, or `undefined`. */
  findByUsername(username: string): Promise<DeviceRecord | undefined>
  /**
   * Adds a record.
   * @throws {DeviceExistsError} If the device or the user name is there already; nothing is written.
   */
  insert(record: DeviceRecord): Promise<void>
  /**
   * Replaces a record whose stored revision is one less than the new one's. The user name stays.
   * @throws {RevisionConflictError} If it is not, or there is no record; nothing is written.
   */
  update(record: DeviceRecord): Promise<void>
  /** Records in the order of type, then id, by UTF-16 code units. */
  list(options?: ListOptions): Promise<readonly DeviceRecord[]>
}
