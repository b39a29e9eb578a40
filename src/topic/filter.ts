/**
 * Topic names and topic filters as lists of levels (MQTT 5, section 4.7), and the share prefix
 * (section 4.8.2). Everything is linear in the length of its input and uses no regular expression.
 *
 * @module
 */
import { InvalidTopicError } from '../errors.ts'

/** Longest topic name or filter, in bytes of UTF-8 (MQTT 5, section 1.5.4). */
export const MAX_TOPIC_BYTES = 65_535

/** Most levels accepted in a name or filter. MQTT sets none; EMQX's default is the same 128. */
export const MAX_TOPIC_LEVELS = 128

/** A checked topic filter. */
export interface TopicFilter {
  /** The filter's levels, without the share prefix. */
  readonly levels: readonly string[]
  /** The name in `$share/<share name>/…`; absent for a plain subscription. */
  readonly share?: string
}

/**
 * Splits a topic name into its levels.
 *
 * @throws {InvalidTopicError} If it is empty, holds a wildcard, NUL or a lone surrogate, or is
 * longer than {@link MAX_TOPIC_BYTES} or deeper than {@link MAX_TOPIC_LEVELS}.
 */
export function parseTopicName(name: string): readonly string[] {
  const levels = splitLevels('topic name', name)
  for (const level of levels) {
    if (level.includes('+') || level.includes('#')) {
      throw new InvalidTopicError('topic name', name, 'a name holds no wildcard, "+" or "#"')
    }
  }
  return levels
}

/**
 * Splits a topic filter into its levels, and the share prefix off.
 *
 * @throws {InvalidTopicError} If it is empty, a wildcard is not a whole level, `#` is not last, the
 * share prefix is incomplete, or a bound is passed, as for {@link parseTopicName}.
 */
export function parseTopicFilter(filter: string): TopicFilter {
  let levels = splitLevels('topic filter', filter)
  let share: string | undefined
  if (levels[0] === '$share') {
    share = levels[1]
    levels = levels.slice(2)
    if (!share || share.includes('+') || share.includes('#')) {
      throw new InvalidTopicError('topic filter', filter, 'the share name must be a plain word')
    }
    if (levels.length === 0 || (levels.length === 1 && levels[0] === '')) {
      throw new InvalidTopicError('topic filter', filter, 'a filter must follow the share name')
    }
  }
  const last = levels.length - 1
  levels.forEach((level, i) => {
    if (level === '+' || (level === '#' && i === last)) return
    if (level === '#') {
      throw new InvalidTopicError('topic filter', filter, '"#" must be the last level')
    }
    if (level.includes('+') || level.includes('#')) {
      throw new InvalidTopicError('topic filter', filter, 'a wildcard must be a whole level')
    }
  })
  return share === undefined ? { levels } : { levels, share }
}

function splitLevels(kind: 'topic name' | 'topic filter', text: string): readonly string[] {
  if (typeof text !== 'string') throw new InvalidTopicError(kind, '', 'it is not a string')
  if (text === '') throw new InvalidTopicError(kind, text, 'it is empty')
  const problem = findTextProblem(text)
  if (problem) throw new InvalidTopicError(kind, text, problem)
  const levels = text.split('/')
  if (levels.length > MAX_TOPIC_LEVELS) {
    throw new InvalidTopicError(kind, text, `it has more than ${MAX_TOPIC_LEVELS} levels`)
  }
  return levels
}

/** What makes a text unfit for MQTT (section 1.5.4), or `undefined`. Stops at the first problem. */
function findTextProblem(text: string): string | undefined {
  let bytes = 0
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit === 0) return 'it holds the character NUL'
    if (unit < 0x80) bytes += 1
    else if (unit < 0x800) bytes += 2
    else if (unit < 0xd800 || unit > 0xdfff) bytes += 3
    else {
      const next = text.charCodeAt(i + 1)
      if (unit > 0xdbff || !(next >= 0xdc00 && next <= 0xdfff)) return 'it holds a lone surrogate'
      bytes += 4
      i++
    }
    if (bytes > MAX_TOPIC_BYTES) return `it is longer than ${MAX_TOPIC_BYTES} bytes`
  }
  return undefined
}
