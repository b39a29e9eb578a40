/**
 * Reads a topic in place: the checks of a topic name or filter (MQTT 5, sections 1.5.4, 4.7 and
 * 4.8.2), without making a single string. One pass, linear in the length of the text; what is longer
 * than the bounds is left at the bound.
 *
 * @module
 */
import { MAX_TEXT_BYTES } from '../base/text.ts'

/** Longest topic name or filter, in bytes of UTF-8 (MQTT 5, section 1.5.4): 65,535. */
export const MAX_TOPIC_BYTES: number = MAX_TEXT_BYTES

/** Most levels accepted in a name or filter. MQTT sets none; EMQX's default is the same 128. */
export const MAX_TOPIC_LEVELS = 128

const SLASH = 0x2f
const PLUS_SIGN = 0x2b
const NUMBER_SIGN = 0x23
const DOLLAR_SIGN = 0x24

/** What a level is. */
export const WORD = 0
export const PLUS = 1
export const HASH = 2
/** A word that holds a wildcard. */
const MIXED = 3

function tooLong(): string {
  return `it is longer than ${MAX_TOPIC_BYTES} bytes`
}

/** A topic taken apart in place. Reading another one replaces it. */
export class TopicReader {
  protected text = ''
  /** Where each level begins; the one after the last begins one past the text and its "/". */
  protected readonly starts: Uint32Array = new Uint32Array(MAX_TOPIC_LEVELS + 2)
  protected readonly kinds: Uint8Array = new Uint8Array(MAX_TOPIC_LEVELS + 2)
  /** The first level behind the share prefix: 0, or 2 if there is one. */
  protected first = 0
  /** One more than the last level. */
  protected end = 0
  #wildcards = false
  /** Whether the first level begins with "$", so that no wildcard stands for it (section 4.7.2). */
  protected reserved = false

  /** Reads a topic name. Returns what is wrong with it, if anything is. */
  readName(name: string): string | undefined {
    const problem = this.#split(name)
    if (problem !== undefined) return problem
    if (this.#wildcards) return 'a name holds no wildcard, "+" or "#"'
    this.#enter(0)
    return undefined
  }

  /** Reads a topic filter. Returns what is wrong with it, if anything is. */
  readFilter(filter: string): string | undefined {
    const problem = this.#split(filter)
    if (problem !== undefined) return problem
    let first = 0
    if (this.is(0, '$share')) {
      first = 2
      if (this.end < 2 || this.kinds[1] !== WORD || this.is(1, '')) {
        return 'the share name must be a plain word'
      }
      if (this.end === 2 || (this.end === 3 && this.is(2, ''))) {
        return 'a filter must follow the share name'
      }
    }
    if (this.#wildcards) {
      for (let i = first; i < this.end; i++) {
        if (this.kinds[i] === MIXED) return 'a wildcard must be a whole level'
        if (this.kinds[i] === HASH && i < this.end - 1) return '"#" must be the last level'
      }
    }
    this.#enter(first)
    return undefined
  }

  /** How many levels the share prefix takes: 2 or none. */
  get prefixLevels(): number {
    return this.first
  }

  /** Takes the text apart and checks its characters. */
  #split(text: string): string | undefined {
    if (typeof text !== 'string') return 'it is not a string'
    if (text === '') return 'it is empty'
    if (text.length > MAX_TOPIC_BYTES) return tooLong()
    let bytes = 0
    let count = 0
    let start = 0
    let marks = 0
    this.#wildcards = false
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i)
      if (unit < 0x80) {
        bytes += 1
        if (unit > SLASH) continue
        if (unit === SLASH) {
          this.#endLevel(count++, start, i, marks, text)
          start = i + 1
          marks = 0
        } else if (unit === PLUS_SIGN || unit === NUMBER_SIGN) marks++
        else if (unit === 0) return 'it holds the character NUL'
      } else if (unit < 0x800) bytes += 2
      else if (unit < 0xd800 || unit > 0xdfff) bytes += 3
      else {
        const next = text.charCodeAt(i + 1)
        if (unit > 0xdbff || !(next >= 0xdc00 && next <= 0xdfff)) {
          return 'it holds a lone surrogate'
        }
        bytes += 4
        i++
      }
    }
    if (bytes > MAX_TOPIC_BYTES) return tooLong()
    this.#endLevel(count++, start, text.length, marks, text)
    if (count > MAX_TOPIC_LEVELS) return `it has more than ${MAX_TOPIC_LEVELS} levels`
    this.starts[count] = text.length + 1
    this.text = text
    this.end = count
    return undefined
  }

  #endLevel(index: number, start: number, end: number, marks: number, text: string): void {
    if (index >= MAX_TOPIC_LEVELS) return
    this.starts[index] = start
    if (marks === 0) {
      this.kinds[index] = WORD
      return
    }
    this.#wildcards = true
    if (end - start > 1) this.kinds[index] = MIXED
    else this.kinds[index] = text.charCodeAt(start) === PLUS_SIGN ? PLUS : HASH
  }

  /** Sets where the levels that count begin. */
  #enter(first: number): void {
    this.first = first
    this.reserved =
      this.kinds[first] === WORD && this.text.charCodeAt(this.starts[first]!) === DOLLAR_SIGN
    // No name is the empty text, so "#" is the same as "+/#", and "/#" the same as "/+/#".
    const last = this.end - 1
    if (this.kinds[last] !== HASH) return
    if (last === first || (last === first + 1 && this.is(first, ''))) {
      this.kinds[last] = PLUS
      this.kinds[this.end++] = HASH
    }
  }

  /** Whether a level is a word. */
  protected is(level: number, word: string): boolean {
    const start = this.starts[level]!
    return this.starts[level + 1]! - start - 1 === word.length && this.text.startsWith(word, start)
  }
}
