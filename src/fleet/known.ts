/**
 * Principals as they were last read: brokers and hubs that ask about each message ask about the same
 * few thousand again and again.
 *
 * @module
 */
import { andThen, type MaybePromise } from '../base/maybe-promise.ts'
import { type ReadCache, readCache } from '../base/read-cache.ts'
import { type RecentMap, recentMap } from '../base/recent-map.ts'
import type { DeviceRecord, DeviceStore } from '../device/store.ts'
import { type CompiledAccess, compileAccess } from '../rule/compile.ts'
import { namesClientId, type Principal, withClientId } from '../rule/principal.ts'
import type { Found } from './directory.ts'

/** How many principals are kept. Beyond it the half read longest ago is forgotten. */
export const MAX_KNOWN_PRINCIPALS = 20_000

/** A principal, and its rules made ready, under a client id. */
export interface KnownPrincipal {
  /** Without the client id: for whoever explains a decision, see {@link withClientId}. */
  readonly principal: Principal
  readonly access: CompiledAccess
}

/** Where principals are read from. */
export interface PrincipalReader {
  /** Who has a user name. */
  readonly find: (username: string, past: Found | undefined) => MaybePromise<Found | undefined>
  readonly store: Pick<DeviceStore, 'get'>
  /** Who a record is, if anybody. */
  readonly foundBy: (record: DeviceRecord) => Found | undefined
}

interface Entry {
  readonly found: Found
  /** Whether it is a device with the user name `{type}/{deviceId}`. */
  readonly isUsual: boolean
  /** Made when it is first asked for: a hub needs none. */
  known: KnownPrincipal | undefined
  /** Whether its rules depend on the client id. */
  namesClientId: boolean
  /** The client id it was asked about last. */
  clientId: string | undefined
}

/**
 * Keeps principals for a while, each once, however it is asked about. That there is none is never
 * kept, and neither is what is read while something is forgotten: it may be from before.
 */
export class KnownPrincipals {
  readonly #reader: PrincipalReader
  /** By user name. */
  readonly #entries: ReadCache<Entry>
  /** The user names of devices that have another one than `{type}/{deviceId}`, by that. */
  readonly #usernames: RecentMap<string, string> = recentMap(MAX_KNOWN_PRINCIPALS)

  /**
   * @param lifetime Milliseconds for which a principal is kept; 0 keeps none.
   * @param now Milliseconds, by the clock for durations.
   */
  constructor(reader: PrincipalReader, lifetime: number, now?: () => number) {
    this.#reader = reader
    this.#entries = readCache(MAX_KNOWN_PRINCIPALS, lifetime, now)
  }

  /** Who has a user name: as kept, and then at once, or as read now. */
  find(username: string, clientId: string | undefined): MaybePromise<KnownPrincipal | undefined> {
    const entry = this.#entries.get(username)
    return entry ? connected(entry, clientId) : this.#read(username, clientId)
  }

  /** Whether a device is on record and not revoked: as kept, and then at once, or as read now. */
  isActive(type: string, id: string): MaybePromise<boolean> {
    const name = `${type}/${id}`
    if (this.#entries.get(name)?.isUsual) return true
    const username = this.#usernames.get(name)
    if (username !== undefined && isDevice(this.#entries.get(username), type, id)) return true
    return this.#readDevice(type, id)
  }

  /** Forgets a user name, since something about it changed. */
  forget(username: string): void {
    this.#entries.forget(username)
  }

  /** Forgets everybody, since something about anybody may have changed. */
  forgetAll(): void {
    this.#entries.forgetAll()
  }

  #read(username: string, clientId: string | undefined): MaybePromise<KnownPrincipal | undefined> {
    const past = this.#entries.getPast(username)
    const reading = this.#entries.begin()
    return andThen(this.#reader.find(username, past?.found), (found) => {
      if (!found) return undefined
      // Where nothing about it has changed since, its rules are ready.
      const entry = past?.found === found ? past : this.#entryOf(username, found)
      this.#entries.keep(reading, username, entry, found.principal.expiresAt)
      return connected(entry, clientId)
    })
  }

  async #readDevice(type: string, id: string): Promise<boolean> {
    const reading = this.#entries.begin()
    const record = await this.#reader.store.get(type, id)
    const found = record && this.#reader.foundBy(record)
    if (found) {
      const { username, expiresAt } = found.principal
      this.#entries.keep(reading, username, this.#entryOf(username, found), expiresAt)
    }
    return record !== undefined && !record.revoked
  }

  #entryOf(username: string, found: Found): Entry {
    const { device } = found.principal
    const name = device && `${device.type}/${device.id}`
    const isUsual = name === username
    if (name !== undefined && !isUsual) this.#usernames.set(name, username)
    return { found, isUsual, known: undefined, namesClientId: false, clientId: undefined }
  }
}

function isDevice(entry: Entry | undefined, type: string, id: string): boolean {
  const device = entry?.found.principal.device
  return device !== undefined && device.id === id && device.type === type
}

function connected(entry: Entry, clientId: string | undefined): KnownPrincipal {
  if (entry.known && (!entry.namesClientId || entry.clientId === clientId)) return entry.known
  const { principal } = entry.found
  entry.namesClientId = namesClientId(principal.rules)
  const connected = entry.namesClientId ? withClientId(principal, clientId) : principal
  entry.known = { principal, access: compileAccess(connected) }
  entry.clientId = clientId
  return entry.known
}
