/**
 * How topic filters relate to names and to each other. A filter stands for the set of names it
 * matches; these functions answer about those sets exactly.
 *
 * Two rules of MQTT 5 shape them: a wildcard at the first level reaches no name that begins with
 * `$` (section 4.7.2), and `#` matches its parent level too (section 4.7.1.2).
 *
 * @module
 */
import { parseTopicFilter, parseTopicName } from './filter.ts'

/**
 * Whether a filter matches a topic name. A share prefix plays no part.
 *
 * @throws {InvalidTopicError} If either is not well formed.
 */
export function matches(filter: string, name: string): boolean {
  return levelsCover(parseTopicFilter(filter).levels, parseTopicName(name))
}

/**
 * Whether every topic name that `inner` matches is matched by `outer` as well.
 * A share prefix plays no part.
 *
 * @throws {InvalidTopicError} If either is not well formed.
 */
export function covers(outer: string, inner: string): boolean {
  return levelsCover(parseTopicFilter(outer).levels, parseTopicFilter(inner).levels)
}

/**
 * Whether some topic name is matched by both filters. A share prefix plays no part.
 *
 * @throws {InvalidTopicError} If either is not well formed.
 */
export function overlaps(a: string, b: string): boolean {
  return levelsOverlap(parseTopicFilter(a).levels, parseTopicFilter(b).levels)
}

/** {@link covers} on checked levels. A topic name is a filter without wildcards. */
export function levelsCover(outer: readonly string[], inner: readonly string[]): boolean {
  const asked = withoutEmptyName(inner)
  for (let i = 0; i < outer.length; i++) {
    const want = outer[i]
    const have = asked[i]
    if (want === '#') return i > 0 || !isReserved(asked)
    if (have === undefined || have === '#') return false
    if (want === '+') {
      if (i === 0 && isReserved(asked)) return false
    } else if (want !== have) return false
  }
  return asked.length === outer.length
}

/** {@link overlaps} on checked levels. */
export function levelsOverlap(a: readonly string[], b: readonly string[]): boolean {
  if ((isWild(a[0]) && isReserved(b)) || (isWild(b[0]) && isReserved(a))) return false
  const lefts = withoutEmptyName(a)
  const rights = withoutEmptyName(b)
  for (let i = 0; ; i++) {
    const left = lefts[i]
    const right = rights[i]
    if (left === '#' || right === '#') return true
    if (left === undefined || right === undefined) return left === right
    if (left !== right && left !== '+' && right !== '+') return false
  }
}

/**
 * No name is the empty text, so what stands for it takes one level more: "#" is the same as "+/#",
 * and "/#" the same as "/+/#".
 */
export function withoutEmptyName(levels: readonly string[]): readonly string[] {
  if (levels.length === 1 && levels[0] === '#') return ['+', '#']
  if (levels.length === 2 && levels[0] === '' && levels[1] === '#') return ['', '+', '#']
  return levels
}

function isWild(level: string | undefined): boolean {
  return level === '+' || level === '#'
}

function isReserved(levels: readonly string[]): boolean {
  return levels[0]?.startsWith('$') === true
}
