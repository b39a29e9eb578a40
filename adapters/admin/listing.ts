/**
 * The devices that an operator sees, a page at a time. The store is asked for no others, so that a cursor
 * says nothing of one that is not seen.
 *
 * @module
 */
import { ConfigError } from '../../src/base/errors.ts'
import type { DevicePage, DeviceQuery } from '../../src/device/store.ts'
import type { Fleet } from '../../src/fleet/fleet.ts'
import { checkAttributes } from '../../src/rule/attributes.ts'
import type { Operator } from './operator.ts'

/**
 * Lists those of them that a query is about. Rejects as {@link Fleet.list} does.
 *
 * @throws {ConfigError} If the cursor is none.
 */
export async function listSeen(
  fleet: Fleet,
  { types, attributes = {} }: Operator,
  query: DeviceQuery,
): Promise<DevicePage> {
  if (!couldHave(attributes)) return { records: [] }
  const isNarrowed = Object.keys(attributes).length > 0
  const seen: DeviceQuery = { ...query, ...(isNarrowed && { attributes }) }
  if (types === undefined) return fleet.list(seen)
  if (query.type !== undefined) {
    return types.includes(query.type) ? fleet.list(seen) : { records: [] }
  }
  return listTypes(fleet, [...new Set(types)].sort(), seen)
}

/** One type after the other: a page is of one, and a cursor says of which, and where in it to go on. */
async function listTypes(
  fleet: Fleet,
  types: readonly string[],
  { cursor, ...query }: DeviceQuery,
): Promise<DevicePage> {
  const [first, inside] = cursor === undefined ? [types[0]] : readCursor(cursor)
  const type = types.find((each) => first !== undefined && each >= first)
  if (type === undefined) return { records: [] }
  const isInside = inside !== undefined && type === first
  const page = await fleet.list({ ...query, type, ...(isInside && { cursor: inside }) })
  const next = types[types.indexOf(type) + 1]
  if (page.cursor === undefined && next === undefined) return page
  const place = page.cursor === undefined ? [next] : [type, page.cursor]
  return { ...page, cursor: JSON.stringify(place) }
}

function readCursor(cursor: string): readonly [type: string, inside?: string] {
  try {
    const place: unknown = JSON.parse(cursor)
    const isPlace = Array.isArray(place) && (place.length === 1 || place.length === 2)
    if (isPlace && place.every((each) => typeof each === 'string')) {
      return place as [type: string, inside?: string]
    }
  } catch {
    // It is none.
  }
  throw new ConfigError('cursor', 'is none of this listing')
}

/** An operator without a tenant may be told by an empty text: no device has that, and it sees none. */
function couldHave(attributes: Readonly<Record<string, string>>): boolean {
  try {
    checkAttributes(attributes, [])
    return true
  } catch {
    return false
  }
}
