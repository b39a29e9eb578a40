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

/** The names out of a list that a filter matches. */
export function namesOf(filter: string, names: readonly string[]): ReadonlySet<string> {
  return new Set(names.filter((name) => naiveMatches(filter, name)))
}

export function includes(outer: ReadonlySet<string>, inner: ReadonlySet<string>): boolean {
  for (const name of inner) if (!outer.has(name)) return false
  return true
}

export function intersects(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  for (const name of a) if (b.has(name)) return true
  return false
}
