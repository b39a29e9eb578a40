/**
 * Rules made ready as far as they are the same for all whom they are the rules of: thousands of devices
 * of one type have one list.
 *
 * @module
 */
import { withoutEmptyName } from '../topic/relation.ts'
import type { Decision } from './decision.ts'
import { type AccessAction, type AccessRule, type Attributes, expandFilter } from './rule.ts'

/** A rule, made ready. */
export interface PreparedRule {
  readonly rule: AccessRule
  readonly decision: Decision
  /** The levels of its filter, if they are the same for all. */
  readonly levels: readonly string[] | undefined
  /** The filter of an allow that stands for one plain topic, as most of them do. */
  readonly topic: FilledText | undefined
}

/** A text with values in it: one text more than there are values, which stand between them. */
export interface FilledText {
  readonly texts: readonly string[]
  /** The names of the values. */
  readonly names: readonly string[]
}

/** The rules about one action. */
export interface ActionRules {
  readonly denies: readonly PreparedRule[]
  /** As they are declared. */
  readonly allows: readonly AccessRule[]
  /** Those of {@link allows} that were looked at: most questions are answered by the first. */
  readonly prepared: PreparedRule[]
}

const NO_RULES: ActionRules = { denies: [], allows: [], prepared: [] }
const PLACEHOLDER = /\{([^{}]*)\}/
const WILDCARD = /(?:^|\/)[+#](?:\/|$)/

/** A list of rules, made ready as it is asked about. */
export class PreparedRules {
  readonly #rules: readonly AccessRule[]
  #publish: ActionRules | undefined
  #subscribe: ActionRules | undefined

  constructor(rules: readonly AccessRule[]) {
    // As they are now: whoever has the list may change it.
    this.#rules = [...rules]
  }

  /** Those about an action. */
  about(action: unknown): ActionRules {
    // Most clients do one of the two.
    if (action === 'publish') {
      this.#publish ??= prepareAction(this.#rules, action)
      return this.#publish
    }
    if (action !== 'subscribe') return NO_RULES
    this.#subscribe ??= prepareAction(this.#rules, action)
    return this.#subscribe
  }
}

/** By list. */
const prepared = new WeakMap<readonly AccessRule[], PreparedRules>()

/** Makes rules ready, once for a list that nobody can change. */
export function prepareRules(rules: readonly AccessRule[]): PreparedRules {
  if (!Object.isFrozen(rules)) return new PreparedRules(rules)
  let known = prepared.get(rules)
  if (!known) {
    known = new PreparedRules(rules)
    prepared.set(rules, known)
  }
  return known
}

function prepareAction(rules: readonly AccessRule[], action: AccessAction): ActionRules {
  const about = rules.filter(({ actions }) => actions.includes(action))
  return {
    denies: about.filter(({ effect }) => effect === 'deny').map(prepareDeny),
    allows: about.filter(({ effect }) => effect === 'allow'),
    prepared: [],
  }
}

function prepareDeny(rule: AccessRule): PreparedRule {
  const decision: Decision = Object.freeze({ effect: 'deny', code: 'denied-by-rule', rule })
  const levels = PLACEHOLDER.test(rule.filter) ? undefined : levelsOf(rule, {})
  return { rule, decision, levels, topic: undefined }
}

/** Makes an allow ready. */
export function prepareAllow(rule: AccessRule): PreparedRule {
  const { filter, share } = rule
  const decision: Decision = Object.freeze({ effect: 'allow', code: 'allowed-by-rule', rule })
  const levels = PLACEHOLDER.test(filter) ? undefined : levelsOf(rule, {})
  const isPlain = share === undefined && !WILDCARD.test(filter)
  return { rule, decision, levels, topic: isPlain ? filledText(filter) : undefined }
}

/** Takes a filter apart at its placeholders. */
function filledText(filter: string): FilledText {
  const parts = filter.split(PLACEHOLDER)
  return {
    texts: parts.filter((_, i) => i % 2 === 0),
    names: parts.filter((_, i) => i % 2 === 1),
  }
}

/**
 * The levels of a rule's filter with values in the place of its placeholders. `undefined` for an allow
 * with one that has no value: it grants nothing. A deny takes that for any.
 */
export function levelsOf(rule: AccessRule, attributes: Attributes): readonly string[] | undefined {
  if (rule.effect === 'allow') return expandFilter(rule.filter, attributes)
  return withoutEmptyName(expandFilter(rule.filter, attributes, '+')!)
}
