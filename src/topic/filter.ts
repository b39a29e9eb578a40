/**
 * Topic names and topic filters as lists of levels (MQTT 5, section 4.7), and the share prefix
 * (section 4.8.2). Everything is linear in the length of its input and uses no regular expression.
 *
 * @module
 */
import { InvalidTopicError } from '../base/errors.ts'
import { TopicScan } from './scan.ts'

/** A checked topic filter. */
export interface TopicFilter {
  /** The filter's levels, without the share prefix. */
  readonly levels: readonly string[]
  /** The name in `$share/<share name>/…`; absent for a plain subscription. */
  readonly share?: string
}

// Nothing runs between reading a topic and asking about it, so one is enough for all.
const scan = new TopicScan()

/**
 * Checks a topic name.
 *
 * @throws {InvalidTopicError} If it is empty, holds a wildcard, NUL or a lone surrogate, or is
 * longer than {@link MAX_TOPIC_BYTES} or deeper than {@link MAX_TOPIC_LEVELS}.
 */
export function checkTopicName(name: string): void {
  const problem = scan.readName(name)
  if (problem !== undefined) throw invalid('topic name', name, problem)
}

/**
 * Splits a topic name into its levels.
 *
 * @throws {InvalidTopicError} If it is empty, holds a wildcard, NUL or a lone surrogate, or is
 * longer than {@link MAX_TOPIC_BYTES} or deeper than {@link MAX_TOPIC_LEVELS}.
 */
export function parseTopicName(name: string): readonly string[] {
  checkTopicName(name)
  return name.split('/')
}

/**
 * Splits a topic filter into its levels, and the share prefix off.
 *
 * @throws {InvalidTopicError} If it is empty, a wildcard is not a whole level, `#` is not last, the
 * share prefix is incomplete, it holds NUL or a lone surrogate, or it is longer than
 * {@link MAX_TOPIC_BYTES} or deeper than {@link MAX_TOPIC_LEVELS}.
 */
export function parseTopicFilter(filter: string): TopicFilter {
  const problem = scan.readFilter(filter)
  if (problem !== undefined) throw invalid('topic filter', filter, problem)
  const levels = filter.split('/')
  const [share] = levels.splice(0, scan.prefixLevels).slice(1)
  return share === undefined ? { levels } : { levels, share }
}

function invalid(kind: 'topic name' | 'topic filter', text: unknown, problem: string) {
  return new InvalidTopicError(kind, typeof text === 'string' ? text : '', problem)
}
