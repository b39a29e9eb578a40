/**
 * Listings of devices, checked before a store is asked.
 *
 * @module
 */
import { ConfigError, DeviceHubError } from '../base/errors.ts'
import { checkOptions, optionsNamed } from '../base/options.ts'
import { checkAttributes } from '../rule/attributes.ts'
import type { DeviceFilter, DevicePage, DeviceQuery, DeviceRecord, DeviceStore } from './store.ts'

const MAX_LIMIT = 1_000

const KINDS: Readonly<Record<keyof DeviceFilter, 'string' | 'boolean' | 'number' | 'object'>> = {
  type: 'string',
  revoked: 'boolean',
  idPrefix: 'string',
  attributes: 'object',
  connected: 'boolean',
  fresh: 'boolean',
  heardBefore: 'number',
  status: 'string',
  batteryBelow: 'number',
  firmware: 'string',
  firmwareOtherThan: 'string',
}
/** By what a listing may be narrowed: all that a store may name in `filters`. */
export const DEVICE_FILTERS: readonly (keyof DeviceFilter)[] = /* @__PURE__ */ Object.keys(
  KINDS,
) as (keyof DeviceFilter)[]

const PAGING: Readonly<Record<Exclude<keyof DeviceQuery, keyof DeviceFilter>, true>> = {
  cursor: true,
  limit: true,
}
const OPTIONS: Readonly<Record<string, true>> = /* @__PURE__ */ optionsNamed(DEVICE_FILTERS, PAGING)

/** The store cannot narrow a listing by what was asked for. It was not asked. */
export class QueryUnsupportedError extends DeviceHubError {
  override readonly name = 'QueryUnsupportedError'
  readonly code = 'ERR_QUERY_UNSUPPORTED'
  /** What it cannot narrow a listing by. */
  readonly filter: keyof DeviceFilter

  constructor(filter: keyof DeviceFilter, filters: readonly (keyof DeviceFilter)[]) {
    const known = filters.length === 0 ? 'by nothing' : `by ${filters.join(', ')} alone`
    super(`The store cannot list devices by "${filter}", but ${known}: list without it and choose`)
    this.filter = filter
  }
}

/** Whether a device has all of these attributes. */
export function hasAttributes(
  { attributes }: Pick<DeviceRecord, 'attributes'>,
  wanted: Readonly<Record<string, string>>,
): boolean {
  return Object.entries(wanted).every(
    ([name, value]) => Object.hasOwn(attributes, name) && attributes[name] === value,
  )
}

/**
 * Lists devices, a page at a time. Rejects as the store does.
 *
 * @throws {ConfigError} If a key of the query is unknown or of a wrong kind, or no device could have an
 * attribute.
 * @throws {InvalidNameError} If no attribute could have a value.
 * @throws {QueryUnsupportedError} If the store does not name a filter among those it has.
 */
export async function listDevices(
  store: DeviceStore,
  query: DeviceQuery = {},
): Promise<DevicePage> {
  checkOptions(query, OPTIONS)
  const { cursor, limit } = query
  if (limit !== undefined && !(Number.isInteger(limit) && limit >= 1 && limit <= MAX_LIMIT)) {
    throw new ConfigError('limit', `must be a whole number, 1 to ${MAX_LIMIT}`)
  }
  if (cursor !== undefined && typeof cursor !== 'string') {
    throw new ConfigError('cursor', 'must be the one of the page before')
  }
  for (const filter of DEVICE_FILTERS) {
    const value = query[filter]
    if (value === undefined) continue
    // A number that is none holds for no device, or for all, whichever database is asked.
    if (typeof value !== KINDS[filter] || Number.isNaN(value)) {
      throw new ConfigError(
        filter,
        `must be ${KINDS[filter] === 'object' ? 'an' : 'a'} ${KINDS[filter]}`,
      )
    }
    if (filter === 'attributes') checkAttributes(value, [])
    if (!store.filters.includes(filter)) throw new QueryUnsupportedError(filter, store.filters)
  }
  return store.list(query)
}
