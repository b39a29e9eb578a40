/**
 * What a fleet is made of, checked for callers that no compiler checks.
 *
 * @module
 */
import type { ChangeFeed } from '../base/change-feed.ts'
import { ConfigError } from '../base/errors.ts'
import type { ExpiringKeys } from '../base/expiring-keys.ts'
import { checkMethods, checkOptions } from '../base/options.ts'
import { checkDeviceType } from '../device/check-type.ts'
import type { DeviceStore } from '../device/store.ts'
import type { FleetOptions } from './fleet.ts'

const OPTIONS: Readonly<Record<keyof FleetOptions, true>> = {
  types: true,
  store: true,
  prefix: true,
  pepper: true,
  rehash: true,
  sealingKey: true,
  keys: true,
  feed: true,
  services: true,
  rulesLifetime: true,
  observer: true,
  tracing: true,
  logger: true,
}

type OptionalPart = 'filters' | 'insertMany' | 'states' | 'trail'

const STORE_METHODS: Readonly<Record<Exclude<keyof DeviceStore, OptionalPart>, true>> = {
  get: true,
  findByUsername: true,
  insert: true,
  update: true,
  delete: true,
  list: true,
}

const KEYS_METHODS: Readonly<Record<keyof ExpiringKeys, true>> = {
  get: true,
  set: true,
  setIfAbsent: true,
  compareAndSet: true,
}

const FEED_METHODS: Readonly<Record<keyof ChangeFeed, true>> = { publish: true, listen: true }

/**
 * Checks the form of a fleet's options; what they are worth is checked where each is used.
 *
 * @throws {ConfigError} If one is unknown, missing, or without something it has to have.
 */
export function checkFleetOptions(options: FleetOptions): void {
  checkOptions(options, OPTIONS)
  const { types, store, services, keys, feed, rehash = false, pepper, observer, tracing } = options
  if (!Array.isArray(types)) throw new ConfigError('types', 'must be a list of device types')
  for (const [i, type] of types.entries()) checkDeviceType(type, `types.${i}`)
  checkMethods('store', store, STORE_METHODS)
  if (!Array.isArray(store.filters)) {
    throw new ConfigError('store.filters', 'must list by what the store can narrow a listing')
  }
  if (keys !== undefined) checkMethods('keys', keys, KEYS_METHODS)
  if (feed !== undefined) checkMethods('feed', feed, FEED_METHODS)
  if (observer !== undefined && typeof observer !== 'function') {
    throw new ConfigError('observer', 'must be a function')
  }
  if (tracing !== undefined) checkMethods('tracing', tracing, { message: true, command: true })
  if (typeof rehash !== 'boolean') throw new ConfigError('rehash', 'must be true or false')
  if (rehash && pepper === undefined) {
    throw new ConfigError(
      'pepper',
      'is missing: with `rehash` chosen passwords are hashed under it',
    )
  }
  if (services !== undefined && !Array.isArray(services)) {
    throw new ConfigError('services', 'must be a list of service accounts')
  }
}
