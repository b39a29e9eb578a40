/**
 * Device records, and the contract of whatever keeps them.
 *
 * @module
 */
import type { MaybePromise } from '../base/maybe-promise.ts'
import type { AccessRule } from '../rule/rule.ts'
import type { DeviceState, DeviceStates } from './states.ts'
import type { DeviceTrail } from './trail.ts'

/** A password a device can log in with, as it is kept: never in the clear. */
export interface StoredCredential {
  /** Tells the credentials of a device apart. */
  readonly id: string
  readonly kind: 'password'
  /**
   * The hashed password; its beginning names the format: `$dh-sha256$` or `$dh-hmac-sha256$` of a
   * generated one, `$scrypt$`, `pbkdf2_sha256$` (Django) or `$7$` (Mosquitto) of a chosen one, or
   * `$dh-chosen-hmac-sha256$` of a chosen one that was hashed anew. Another verifies nothing. Behind the
   * beginning of one with `hmac` stand four digits and a `$`, which say under which pepper it is.
   */
  readonly hash: string
  /**
   * The password itself, sealed under the fleet's sealing key: for brokers that have to be told it.
   * Left out where the fleet had no such key, or did not keep the password.
   */
  readonly sealed?: string
  /** Milliseconds since the Unix epoch. */
  readonly createdAt: number
  /** From when on it is good, in milliseconds since the Unix epoch. Left out if from the beginning. */
  readonly notBefore?: number
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

/**
 * What a listing may be narrowed to: what is given has to hold all at once. A store that does not name a
 * filter in {@link DeviceStore.filters} is never asked for it. Those from `connected` on read the last
 * state of a device, and go by the clock of whoever asks.
 */
export interface DeviceFilter {
  /** Only devices of this type. Default: all types. */
  readonly type?: string
  /** Only devices that are revoked, or only those that are not. Default: both. */
  readonly revoked?: boolean
  /** Only devices whose id begins with this, compared exactly. Default: all ids. */
  readonly idPrefix?: string
  /**
   * Only devices whose attributes have all of these values, compared exactly. Whoever may see those alone is
   * shown the cursors too, so what is in one is of no other device. Default: all devices.
   */
  readonly attributes?: Readonly<Record<string, string>>
  /**
   * Only devices that are connected, or only those whose last connection ended. One of which no broker
   * told is neither.
   */
  readonly connected?: boolean
  /** Only devices that were heard from within 2.5 heartbeats, or only those that were not, or never. */
  readonly fresh?: boolean
  /** Only devices that were last heard from before this time, in milliseconds since the epoch, or never. */
  readonly heardBefore?: number
  /** Only devices whose last `status` was this. */
  readonly status?: string
  /** Only devices whose battery was below so many percent. */
  readonly batteryBelow?: number
  /** Only devices whose last firmware was this. */
  readonly firmware?: string
  /** Only devices that told a firmware, and another one than this. */
  readonly firmwareOtherThan?: string
}

/** Which devices {@link DeviceStore.list} returns. */
export interface DeviceQuery extends DeviceFilter {
  /** Where to go on: of the page before, which was asked for with the same filter. */
  readonly cursor?: string
  /** Most records to return, 1 to 1,000; another limit than of the page before is no harm. Default: 100. */
  readonly limit?: number
}

/** A record, with what its device told last. */
export interface ListedDevice extends DeviceRecord {
  /** Left out where the store keeps no states, or nothing was told. */
  readonly state?: DeviceState
}

/** A part of a listing. */
export interface DevicePage {
  /** Fewer than the limit, or none, does not say that these are all. */
  readonly records: readonly ListedDevice[]
  /** Where to go on; left out at the end. What is in it only the store knows. */
  readonly cursor?: string
}

/** A record of a list that was not added, since something of it is there already. */
export interface TakenRecord {
  /** Its place in the list, from 0. */
  readonly index: number
  readonly field: 'device id' | 'user name'
}

/**
 * Keeps device records, each as one value that is written whole under its revision. All methods settle
 * when the answer is certain: a write that has resolved survives whatever the store promises to
 * survive. Records are values: changing one that was returned, or passed in, changes nothing in the
 * store. Names are compared exactly, by code points.
 *
 * A refusal is told by the `code` of the error, whatever its class; `DeviceExistsError` and
 * `RevisionConflictError` are there to be used. Any other error is a failure of the store.
 */
export interface DeviceStore {
  /** By what it can narrow a listing. Nothing else is asked of it. */
  readonly filters: readonly (keyof DeviceFilter)[]
  /** The record, revoked or not, or `undefined`. */
  get(type: string, id: string): Promise<DeviceRecord | undefined>
  /**
   * The record with this user name, revoked or not, or `undefined`. Asked at each login: a store in memory
   * answers at once.
   */
  findByUsername(username: string): MaybePromise<DeviceRecord | undefined>
  /**
   * Adds a record.
   * @throws `ERR_DEVICE_EXISTS` if the device or the user name is there already, with `field` being
   * `device id` or `user name`; nothing is written.
   */
  insert(record: DeviceRecord): Promise<void>
  /**
   * Replaces a record whose stored revision is one less than the new one's. The user name stays.
   * @throws `ERR_REVISION_CONFLICT` if it is not, or there is no record; nothing is written.
   */
  update(record: DeviceRecord): Promise<void>
  /**
   * Removes a record of this revision. Its id and its user name are free then.
   * @throws `ERR_REVISION_CONFLICT` if it is of another, or there is no record; nothing is removed.
   */
  delete(type: string, id: string, revision: number): Promise<void>
  /**
   * Lists records, a page at a time, in any order that is stable enough: a record that is there from
   * the first page to the last is listed once, whatever is added, changed and removed meanwhile.
   * @throws If the cursor is none that this store gave.
   */
  list(query?: DeviceQuery): Promise<DevicePage>
  /**
   * Adds those of some records, at most 1,000, whose id and user name are free, and leaves the others as
   * they are. Each is written whole or not at all, whenever the process or the database ends. Of two with
   * one name the first is added. Left out by a store that has no quicker way than to insert one by one.
   * @returns Those that were not added, in their order, and why.
   */
  insertMany?(records: readonly DeviceRecord[]): Promise<readonly TakenRecord[]>
  /** What the devices told last. Left out by a store that does not keep it. */
  readonly states?: DeviceStates
  /** Who did what to the devices. Left out by a store that does not keep it. */
  readonly trail?: DeviceTrail
}
