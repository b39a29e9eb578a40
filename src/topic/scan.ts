/**
 * How a topic that was read in place relates to the levels of another filter, without making a single
 * string.
 *
 * @module
 */
import { HASH, PLUS, TopicReader, WORD } from './read.ts'

export { MAX_TOPIC_BYTES, MAX_TOPIC_LEVELS } from './read.ts'

/** A topic taken apart in place, to be compared. */
export class TopicScan extends TopicReader {
  /** Whether it has this share name; for `undefined`, whether it has none. */
  hasShare(share: string | undefined): boolean {
    if (share === undefined) return this.first === 0
    return this.first > 0 && this.is(1, share)
  }

  /**
   * Whether what was read is a text with values in it: the first of the texts, a value, the next text, and
   * so on to the last. Where a value is missing it is not.
   *
   * @param names The names of the values, one fewer than there are texts.
   */
  isFilled(
    texts: readonly string[],
    names: readonly string[],
    values: Readonly<Record<string, string>>,
  ): boolean {
    const text = this.text
    if (!text.startsWith(texts[0]!)) return false
    let at = texts[0]!.length
    for (let i = 0; i < names.length; i++) {
      const name = names[i]!
      const value = Object.hasOwn(values, name) ? values[name]! : undefined
      if (value === undefined || !text.startsWith(value, at)) return false
      at += value.length
      const next = texts[i + 1]!
      if (!text.startsWith(next, at)) return false
      at += next.length
    }
    return at === text.length
  }

  /** Whether a filter covers all that was read. It is given by its levels, which are well formed. */
  isCoveredBy(outer: readonly string[]): boolean {
    const count = this.end - this.first
    const isOpen = outer[outer.length - 1] === '#'
    const wanted = isOpen ? outer.length - 1 : outer.length
    if (isOpen ? count < wanted : count !== wanted) return false
    if (this.reserved && (outer[0] === '+' || outer[0] === '#')) return false
    // From the end, since topics of a fleet begin alike.
    for (let i = wanted - 1; i >= 0; i--) {
      const want = outer[i]!
      const kind = this.kinds[this.first + i]
      if (want === '+') {
        if (kind === HASH) return false
      } else if (kind !== WORD || !this.is(this.first + i, want)) return false
    }
    return true
  }

  /**
   * Whether some name is matched by a filter and by what was read.
   *
   * @param other Its levels, where "#" that follows nothing or an empty first level only stands
   * behind a "+", since no name is the empty text.
   */
  isOverlappedBy(other: readonly string[]): boolean {
    const count = this.end - this.first
    const head = other[0]!
    if (this.reserved && (head === '+' || head === '#')) return false
    if (head.startsWith('$') && this.kinds[this.first] !== WORD) return false
    const isOpen = this.kinds[this.end - 1] === HASH
    const isOtherOpen = other[other.length - 1] === '#'
    const have = isOpen ? count - 1 : count
    const wanted = isOtherOpen ? other.length - 1 : other.length
    if ((have < wanted && !isOpen) || (wanted < have && !isOtherOpen)) return false
    for (let i = Math.min(have, wanted) - 1; i >= 0; i--) {
      const at = this.first + i
      const want = other[i]!
      if (want !== '+' && this.kinds[at] !== PLUS && !this.is(at, want)) return false
    }
    return true
  }
}
