/**
 * Topics by brute force: every filter and every name over a small alphabet, and section 4.7 of
 * MQTT 5 read word for word. What the library says about sets of names is held against sets that
 * were written out.
 *
 * @module
 */

/** Levels of names: an empty one, two plain ones, and one that marks a topic of the broker. */
export const ALPHABET: readonly string[] = ['', 'a', 'b', '$x']

/** Every topic name of 1 to `depth` levels over an alphabet. */
export function allNames(depth: number, alphabet = ALPHABET): readonly string[] {
  // One empty level would be the empty text, which is no name.
  return sequences(depth, alphabet).filter((name) => name !== '')
}

/** Every topic filter of 1 to `depth` levels over an alphabet and the wildcards. */
export function allFilters(depth: number, alphabet = ALPHABET): readonly string[] {
  const withoutHash = sequences(depth - 1, [...alphabet, '+'])
  const endings = [...alphabet, '+', '#']
  return [
    ...endings,
    ...withoutHash.flatMap((start) => endings.map((ending) => `${start}/${ending}`)),
  ].filter((filter) => filter !== '')
}

function sequences(depth: number, alphabet: readonly string[]): string[] {
  if (depth === 0) return []
  const shorter = sequences(depth - 1, alphabet)
  const longest = shorter.filter((text) => text.split('/').length === depth - 1)
  const next = depth === 1 ? alphabet : longest.flatMap((s) => alphabet.map((l) => `${s}/${l}`))
  return [...shorter, ...next]
}

/** Whether a filter without a share prefix matches a name. */
export function naiveMatches(filter: string, name: string): boolean {
  // 4.7.2: a filter that starts with a wildcard does not match a name that begins with "$".
  if (/^[+#]/.test(filter) && name.startsWith('$')) return false
  return follows(filter.split('/'), name.split('/'))
}

function follows([want, ...wants]: string[], [have, ...haves]: string[]): boolean {
  // 4.7.1.2: "#" stands for any number of levels, none included: it matches the parent as well.
  if (want === '#') return true
  if (want === undefined || have === undefined) return want === have
  // 4.7.1.3: "+" stands for just one level, which may be empty.
  return (want === '+' || want === have) && follows(wants, haves)
}

/** Names out of a list, a bit for each. */
export type NameSet = Uint32Array

/** The names out of a list that a filter matches. */
export function namesOf(filter: string, names: readonly string[]): NameSet {
  const set = new Uint32Array(Math.ceil(names.length / 32))
  names.forEach((name, i) => {
    if (naiveMatches(filter, name)) set[i >>> 5]! |= 1 << (i & 31)
  })
  return set
}

export function includes(outer: NameSet, inner: NameSet): boolean {
  return inner.every((names, i) => (names & ~outer[i]!) === 0)
}

export function intersects(a: NameSet, b: NameSet): boolean {
  return a.some((names, i) => (names & b[i]!) !== 0)
}

/** Takes the share prefix off a filter that has one (section 4.8.2). */
export function withoutShare(filter: string): string {
  return filter.replace(/^\$share\/[^/]*\//, '')
}

/** Whether a text is a topic name (sections 1.5.4 and 4.7.3) within our bounds. */
export function isNaiveName(text: unknown): boolean {
  return isNaiveText(text) && !/[+#]/.test(text)
}

/** Whether a text is a topic filter (sections 4.7.1 and 4.8.2) within our bounds. */
export function isNaiveFilter(text: unknown): boolean {
  if (!isNaiveText(text)) return false
  if (!/^\$share(\/|$)/.test(text)) return hasWholeWildcards(text)
  const filter = /^\$share\/[^/+#]+\/(.+)$/s.exec(text)?.[1]
  return filter !== undefined && hasWholeWildcards(filter)
}

function isNaiveText(text: unknown): text is string {
  if (typeof text !== 'string' || text === '' || text.includes('\0')) return false
  if (/\p{Surrogate}/u.test(text) || text.split('/').length > 128) return false
  return new TextEncoder().encode(text).length <= 65_535
}

function hasWholeWildcards(filter: string): boolean {
  return filter.split('/').every((level, i, { length }) => {
    if (!/[+#]/.test(level)) return true
    return level === '+' || (level === '#' && i === length - 1)
  })
}
