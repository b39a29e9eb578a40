/**
 * A principal's rules made ready for many decisions: placeholders replaced, filters taken apart,
 * answers written down. What is left to do for a request makes no object and no string.
 *
 * @module
 */
import { TopicScan } from '../topic/scan.ts'
import type { AccessRequest, Decision } from './decision.ts'
import { type BrokerFacts, findSubscriptionProblem, separateLevels } from './facts.ts'
import {
  levelsOf,
  type PreparedRule,
  type PreparedRules,
  prepareAllow,
  prepareRules,
} from './prepare.ts'
import { copyAttributes, type Principal } from './principal.ts'
import type { AccessRule, Attributes } from './rule.ts'

/** A principal's rules, made ready. They are values: to change one, compile anew. */
export interface CompiledAccess {
  /**
   * Decides whether the rules grant a request. What no rule grants is denied. Never throws: a
   * malformed topic is denied. A decision is frozen, and the same object is given again.
   */
  decide(request: AccessRequest): Decision
}

const NO_RULE: Decision = /* @__PURE__ */ Object.freeze({ effect: 'deny', code: 'no-rule-grants' })
const MALFORMED: Decision = /* @__PURE__ */ Object.freeze({
  effect: 'deny',
  code: 'topic-malformed',
})
const UNSUPPORTED: Decision = /* @__PURE__ */ Object.freeze({
  effect: 'deny',
  code: 'broker-unsupported',
})

// Nothing runs between reading a topic and deciding about it, so one is enough for all.
const scan = /* @__PURE__ */ new TopicScan()

/**
 * Compiles a principal's rules, for whoever asks about it more than once, as a broker does for
 * every message of a connection. Compiling takes as long as a few decisions.
 *
 * An allow must cover the whole topic filter asked for: a rule for `a/+` does not grant `a/#`. A
 * deny stops a request as soon as the two overlap: a deny on `secret/#` stops `#`.
 */
export function compileAccess(principal: Principal): CompiledAccess {
  return new PreparedAccess(prepareRules(principal.rules), principal.attributes)
}

/** See {@link CompiledAccess}. Of each device there is one, so it holds little of its own. */
class PreparedAccess implements CompiledAccess {
  readonly #rules: PreparedRules
  readonly #attributes: Attributes
  /** The levels of rules with placeholders that were looked at; `undefined`: it grants nothing. */
  #levels: Map<PreparedRule, readonly string[] | undefined> | undefined

  constructor(rules: PreparedRules, attributes: Attributes) {
    this.#rules = rules
    // As they are now: whoever has them may change them.
    this.#attributes = copyAttributes(attributes)
  }

  decide(request: AccessRequest): Decision {
    const { action, topic, facts } = request
    const problem = action === 'publish' ? scan.readName(topic) : scan.readFilter(topic)
    if (problem !== undefined) return MALFORMED
    const { denies, allows, prepared } = this.#rules.about(action)
    for (const deny of denies) {
      if (!isMeant(deny.rule, request)) continue
      if (scan.isOverlappedBy(seenBy(facts, this.#levelsOf(deny)!))) return deny.decision
    }
    if (action === 'subscribe' && facts !== undefined) {
      if (findSubscriptionProblem(topic, facts)) return UNSUPPORTED
    }
    for (let i = 0; i < allows.length; i++) {
      if (i === prepared.length) prepared.push(prepareAllow(allows[i]!))
      const allow = prepared[i]!
      if (!this.#isCovered(allow)) continue
      const { rule, decision } = allow
      if (!findUnmetCondition(rule, request, scan.hasShare(rule.share))) return decision
    }
    return NO_RULE
  }

  /** Whether an allow covers all that was read. */
  #isCovered(allow: PreparedRule): boolean {
    const { topic } = allow
    if (topic) return scan.isFilled(topic.texts, topic.names, this.#attributes)
    const levels = this.#levelsOf(allow)
    return levels !== undefined && scan.isCoveredBy(levels)
  }

  #levelsOf(prepared: PreparedRule): readonly string[] | undefined {
    if (prepared.levels) return prepared.levels
    this.#levels ??= new Map()
    if (!this.#levels.has(prepared)) {
      this.#levels.set(prepared, levelsOf(prepared.rule, this.#attributes))
    }
    return this.#levels.get(prepared)
  }
}

/** A deny's levels as a broker sees them. */
function seenBy(facts: BrokerFacts | undefined, levels: readonly string[]): readonly string[] {
  return facts?.separators ? separateLevels(levels, facts.separators) : levels
}

/** Whether a deny speaks of a request, its filter apart. */
function isMeant({ share, retain }: AccessRule, request: AccessRequest): boolean {
  const isShareHidden = request.action === 'subscribe' && request.facts?.share === false
  if (share !== undefined && !isShareHidden && !scan.hasShare(share)) return false
  // Only a retain flag that is known to be the other one keeps the deny away.
  return request.action !== 'publish' || retain === undefined || request.retain !== !retain
}

/**
 * Which condition beside the filter an allow does not meet, if any.
 *
 * @param hasShare Whether the request has the rule's share name, or neither has one.
 */
export function findUnmetCondition(
  { maxQos, retain }: AccessRule,
  request: AccessRequest,
  hasShare: boolean,
): 'share' | 'qos' | 'retain' | undefined {
  if (!hasShare) return 'share'
  if (maxQos !== undefined && !(typeof request.qos === 'number' && request.qos <= maxQos)) {
    return 'qos'
  }
  if (request.action === 'publish' && retain !== undefined && request.retain !== retain) {
    return 'retain'
  }
  return undefined
}
