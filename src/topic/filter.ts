/**
 * Topic names and topic filters as lists of levels (MQTT 5, section 4.7), and the share prefix
 * (section 4.8.2). Everything is linear in the length of its input.
 *
 * @module
 */
import { InvalidTopicError } from '../base/errors.ts'
import { findTextProblem } from '../base/text.ts'
import { MAX_TOPIC_LEVELS } from './read.ts'

/** A checked topic filter. */
export interface TopicFilter {
  /** The filter's levels, without the share prefix. */
  readonly levels: readonly string[]
  /** The name in `$share/<share name>/…`; absent for a plain subscription. */
  readonly share?: string
}

const WILDCARD = /[+#]/

/**
 * Checks a topic name.
 *
 * @throws {InvalidTopicError} If it is empty, holds a wildcard, NUL or a lone surrogate, or is
 * longer than {@link MAX_TOPIC_BYTES} or deeper than {@link MAX_TOPIC_LEVELS}.
 */
export function checkTopicName(name: string): void {
  checkText('topic name', name)
  if (WILDCARD.test(name)) throw invalid('topic name', name, 'a name holds no wildcard, "+" or "#"')
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
  checkText('topic filter', filter)
  const levels = filter.split('/')
  const bad = (problem: string) => invalid('topic filter', filter, problem)
  let share: string | undefined
  if (levels[0] === '$share') {
    share = levels.splice(0, 2)[1]
    if (!share || WILDCARD.test(share)) throw bad('the share name must be a plain word')
    if (levels.join('/') === '') throw bad('a filter must follow the share name')
  }
  for (const [i, level] of levels.entries()) {
    if (level.length > 1 && WILDCARD.test(level)) throw bad('a wildcard must be a whole level')
    if (level === '#' && i < levels.length - 1) throw bad('"#" must be the last level')
  }
  return share === undefined ? { levels } : { levels, share }
}

/** Checks what names and filters have in common. */
function checkText(kind: 'topic name' | 'topic filter', topic: string): void {
  const problem = findTextProblem(topic) ?? (topic ? undefined : 'must not be empty')
  if (problem) throw invalid(kind, topic, `it ${problem}`)
  // A short one has not as many, and most are short.
  if (topic.length < MAX_TOPIC_LEVELS) return
  if (topic.split('/', MAX_TOPIC_LEVELS + 1).length > MAX_TOPIC_LEVELS) {
    throw invalid(kind, topic, `it has more than ${MAX_TOPIC_LEVELS} levels`)
  }
}

function invalid(kind: 'topic name' | 'topic filter', text: unknown, problem: string) {
  return new InvalidTopicError(kind, typeof text === 'string' ? text : '', problem)
}
