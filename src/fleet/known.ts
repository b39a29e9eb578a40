/**
 * Principals as they were last read: brokers and hubs that ask about each message ask about the same
 * few thousand again and again.
 *
 * @module
 */
import { andThen, type MaybePromise } from '../base/maybe-promise.ts'
import { type ReadCache, type ReadValue, readCache } from '../base/read-cache.ts'
import { type RecentMap, recentMap } from '../base/recent-map.ts'
import type { DeviceRecord, DeviceStore } from '../device/store.ts'
import { type CompiledAccess, compileAccess } from '../rule/compile.ts'
import { type Principal, withClientId } from '../rule/principal.ts'

/** How many principals are kept. Beyond it the half read longest ago is forgotten. */
export const MAX_KNOWN_PRINCIPALS = 20_000

/** A principal under a client id. */
export interface KnownPrincipal {
  readonly principal: Principal
  readonly access: CompiledAccess
}

/** Where principals are read from. */
export interface PrincipalReader {
  /** Who has a user name. */
  readonly find: (username: string) => MaybePromise<Principal | undefined>
  readonly store: Pick<DeviceStore, 'get'>
  /** Who a record is, if anybody. */
  readonly principalOf: (record: DeviceRecord) => Principal | undefined
}

interface Entry {
  readonly principal: Principal
  /** Whether it is a device with the user name `{type}/{deviceId}`. */
  readonly isUsual: boolean
  /** Made when it is first asked for: a hub needs none. */
  known: KnownPrincipal | undefined
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
    const read = () =>
      andThen(this.#reader.find(username), (principal) => {
        return principal && this.#toKeep(username, principal)
      })
    return andThen(this.#entries.read(read), (entry) => entry && connected(entry, clientId))
  }

  async #readDevice(type: string, id: string): Promise<boolean> {
    let isActive = false
    await this.#entries.read(async () => {
      const record = await this.#reader.store.get(type, id)
      isActive = record !== undefined && !record.revoked
      const principal = record && this.#reader.principalOf(record)
      return principal && this.#toKeep(principal.username, principal)
    })
    return isActive
  }

  #toKeep(username: string, principal: Principal): ReadValue<Entry> {
    const { device, expiresAt: endsAt } = principal
    const name = device && `${device.type}/${device.id}`
    const isUsual = name === username
    if (name !== undefined && !isUsual) this.#usernames.set(name, username)
    const value: Entry = { principal, isUsual, known: undefined, clientId: undefined }
    return { key: username, value, endsAt }
  }
}

function isDevice(entry: Entry | undefined, type: string, id: string): boolean {
  const device = entry?.principal.device
  return device !== undefined && device.id === id && device.type === type
}

function connected(entry: Entry, clientId: string | undefined): KnownPrincipal {
  if (entry.known && entry.clientId === clientId) return entry.known
  const principal = withClientId(entry.principal, clientId)
  const known = { principal, access: compileAccess(principal) }
  entry.known = known
  entry.clientId = clientId
  return known
}
