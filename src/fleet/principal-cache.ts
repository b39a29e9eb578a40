/**
 * Principals as they were last read, with their rules compiled: brokers that ask about each message
 * ask about the same few thousand clients again and again.
 *
 * @module
 */
import { type ReadCache, readCache } from '../base/read-cache.ts'
import { type CompiledAccess, compileAccess } from '../rule/compile.ts'
import { type Principal, withClientId } from '../rule/principal.ts'

/** How many principals are kept. Beyond it the half read longest ago is forgotten. */
export const MAX_KNOWN_PRINCIPALS = 20_000

/** A principal under a client id. */
export interface KnownPrincipal {
  readonly principal: Principal
  readonly access: CompiledAccess
}

/** Keeps principals for a while. Make one with {@link principalCache}. */
export interface PrincipalCache {
  /**
   * Who has a user name: as kept, and then at once, or as read now. What is read while something is
   * forgotten is not kept, since it may be from before.
   *
   * @param read Reads it from where it is stored.
   * @param now Milliseconds since the epoch.
   */
  find(
    username: string,
    clientId: string | undefined,
    read: () => Promise<Principal | undefined>,
    now: number,
  ): KnownPrincipal | Promise<KnownPrincipal | undefined>
  /** Forgets a user name, since something about it changed. */
  forget(username: string): void
}

interface Entry {
  readonly principal: Principal
  /** For the client id it was asked about last. */
  clientId: string | undefined
  known: KnownPrincipal
}

/** Makes a cache. @param lifetime Milliseconds for which a principal is kept; 0 keeps none. */
export function principalCache(lifetime: number): PrincipalCache {
  const entries: ReadCache<Entry> = readCache(MAX_KNOWN_PRINCIPALS, lifetime)

  async function load(
    username: string,
    clientId: string | undefined,
    read: () => Promise<Principal | undefined>,
    now: number,
  ): Promise<KnownPrincipal | undefined> {
    const readEntry = async (): Promise<Entry | undefined> => {
      const principal = await read()
      return principal && { principal, clientId, known: compile(principal, clientId) }
    }
    const end = ({ principal }: Entry) => principal.expiresAt
    return (await entries.read(username, now, readEntry, end))?.known
  }

  return {
    find(username, clientId, read, now) {
      const entry = entries.get(username, now)
      if (!entry) return load(username, clientId, read, now)
      if (entry.clientId !== clientId) {
        entry.known = compile(entry.principal, clientId)
        entry.clientId = clientId
      }
      return entry.known
    },

    forget: entries.forget,
  }
}

function compile(principal: Principal, clientId: string | undefined): KnownPrincipal {
  const connected = withClientId(principal, clientId)
  return { principal: connected, access: compileAccess(connected) }
}
