/**
 * Places in a sorted set whose members are types and ids, `{type}/{id}`: Redis orders them by their bytes.
 *
 * @module
 */
import { afterPrefix } from '../../src/base/after-prefix.ts'
import { ConfigError } from '../../src/base/errors.ts'

/** What a listing is narrowed to, and where it goes on. */
export interface Place {
  readonly type: string | undefined
  readonly idPrefix: string
  readonly cursor: string | undefined
}

/**
 * From where to where the members are that a listing is about, as `ZRANGEBYLEX` is told it, and what each of
 * them begins with.
 *
 * @throws {ConfigError} If the cursor is none.
 */
export function rangeOf({ type, idPrefix, cursor }: Place): readonly [string, string, string] {
  const beginning = type === undefined ? '' : `${type}/${idPrefix}`
  const behind = afterPrefix(beginning)
  const first = beginning === '' ? '-' : `[${beginning}`
  const from = cursor === undefined ? first : `(${readCursor(cursor)}`
  return [from, behind === undefined ? '+' : `(${behind}`, beginning]
}

/** Where to go on after a member. */
export function cursorAfter(member: string): string {
  return JSON.stringify([member])
}

function readCursor(cursor: string): string {
  try {
    const place: unknown = JSON.parse(cursor)
    if (Array.isArray(place) && place.length === 1 && typeof place[0] === 'string') return place[0]
  } catch {
    // It is none.
  }
  throw new ConfigError('cursor', 'is none of this store')
}
