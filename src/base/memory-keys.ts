/**
 * {@link ExpiringKeys} in memory, for one process.
 *
 * @module
 */
import { clock } from './clock.ts'
import { ConfigError } from './errors.ts'
import type { ExpiringKeys } from './expiring-keys.ts'
import { type RecentMap, recentMap } from './recent-map.ts'

/** Keys that answer at once. */
export interface MemoryKeys extends ExpiringKeys {
  get(key: string): string | undefined
  set(key: string, value: string, lifetime: number): void
  setIfAbsent(key: string, value: string, lifetime: number): boolean
  compareAndSet(key: string, expected: string, value: string, lifetime: number): boolean
}

const DEFAULT_SIZE = 10_000

/**
 * Keeps keys in memory, for one process: the reference of the contract.
 *
 * @param options `size`: how many keys it keeps, an even number, 2 or more; beyond it the half that was
 * set longest ago is forgotten. Default: 10,000.
 * @throws {ConfigError} If the size is not that.
 */
export function memoryKeys({ size = DEFAULT_SIZE }: { readonly size?: number } = {}): MemoryKeys {
  if (!Number.isSafeInteger(size) || size < 2 || size % 2 !== 0) {
    throw new ConfigError('size', 'must be an even number, 2 or more')
  }
  const entries: RecentMap<string, { readonly value: string; readonly until: number }> =
    recentMap(size)

  function get(key: string): string | undefined {
    const entry = entries.get(key)
    return entry && clock().now() < entry.until ? entry.value : undefined
  }

  function set(key: string, value: string, lifetime: number): void {
    entries.set(key, { value, until: clock().now() + lifetime * 1_000 })
  }

  function setWhere(
    expected: string | undefined,
    key: string,
    value: string,
    lifetime: number,
  ): boolean {
    if (get(key) !== expected) return false
    set(key, value, lifetime)
    return true
  }

  return {
    get,
    set,
    setIfAbsent: (key, value, lifetime) => setWhere(undefined, key, value, lifetime),
    compareAndSet: (key, expected, value, lifetime) => setWhere(expected, key, value, lifetime),
  }
}
