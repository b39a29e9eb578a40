/**
 * A principal's rules made ready for many decisions: placeholders replaced, filters taken apart,
 * answers written down. What is left to do for a request makes no object and no string.
 *
 * @module
 */
import { withoutEmptyName } from '../topic/relation.ts'
import { TopicScan } from '../topic/scan.ts'
import type { AccessRequest, Decision } from './decision.ts'
import { type BrokerFacts, findSubscriptionProblem, separateLevels } from './facts.ts'
import type { Principal } from './principal.ts'
import { type AccessAction, type AccessRule, type Attributes, expandFilter } from './rule.ts'

/** A principal's rules, made ready. They are values: to change one, compile anew. */
export interface CompiledAccess {
  /**
   * Decides whether the rules grant a request. What no rule grants is denied. Never throws: a
   * malformed topic is denied. A decision is frozen, and the same object is given again.
   */
  decide(request: AccessRequest): Decision
}

interface CompiledRule {
  readonly rule: AccessRule
  readonly levels: readonly string[]
  /** The filter of an allow that stands for one plain topic, as most of them do. */
  readonly topic?: string
  readonly decision: Decision
}

/** The rules about one action. */
interface ActionRules {
  readonly denies: readonly CompiledRule[]
  /** As they are declared. */
  readonly allows: readonly AccessRule[]
  /** Those of {@link allows} that were looked at; `undefined`: it grants nothing. */
  readonly compiled: (CompiledRule | undefined)[]
}

const NO_RULE: Decision = Object.freeze({ effect: 'deny', code: 'no-rule-grants' })
const MALFORMED: Decision = Object.freeze({ effect: 'deny', code: 'topic-malformed' })
const UNSUPPORTED: Decision = Object.freeze({ effect: 'deny', code: 'broker-unsupported' })

// Nothing runs between reading a topic and deciding about it, so one is enough for all.
const scan = new TopicScan()

/**
 * Compiles a principal's rules, for whoever asks about it more than once, as a broker does for
 * every message of a connection. Compiling takes as long as a few decisions.
 *
 * An allow must cover the whole topic filter asked for: a rule for `a/+` does not grant `a/#`. A
 * deny stops a request as soon as the two overlap: a deny on `secret/#` stops `#`.
 */
export function compileAccess(principal: Principal): CompiledAccess {
  // As they are now: whoever has the lists may change them.
  const attributes = { ...principal.attributes }
  const rules = [...principal.rules]
  let publish: ActionRules | undefined
  let subscribe: ActionRules | undefined

  /** Most clients do one of the two, and most of the time by the first rule. */
  function rulesFor(action: unknown): ActionRules | undefined {
    if (action === 'publish') {
      publish ??= compileRules(rules, attributes, action)
      return publish
    }
    if (action !== 'subscribe') return undefined
    subscribe ??= compileRules(rules, attributes, action)
    return subscribe
  }

  return {
    decide(request) {
      const { action, topic, facts } = request
      const problem = action === 'publish' ? scan.readName(topic) : scan.readFilter(topic)
      if (problem !== undefined) return MALFORMED
      const rules = rulesFor(action)
      if (!rules) return NO_RULE
      const { denies, allows, compiled } = rules
      for (const { rule, levels, decision } of denies) {
        if (isMeant(rule, request) && scan.isOverlappedBy(seenBy(facts, levels))) return decision
      }
      if (action === 'subscribe' && facts !== undefined) {
        if (findSubscriptionProblem(topic, facts)) return UNSUPPORTED
      }
      for (let i = 0; i < allows.length; i++) {
        if (i === compiled.length) compiled.push(compileAllow(allows[i]!, attributes))
        const allow = compiled[i]
        if (!allow) continue
        const { rule, levels, topic: own, decision } = allow
        if (own === undefined ? !scan.isCoveredBy(levels) : !scan.isText(own)) continue
        if (!findUnmetCondition(rule, request, scan.hasShare(rule.share))) return decision
      }
      return NO_RULE
    },
  }
}

function compileRules(
  rules: readonly AccessRule[],
  attributes: Attributes,
  action: AccessAction,
): ActionRules {
  const denies: CompiledRule[] = []
  const allows: AccessRule[] = []
  for (const rule of rules) {
    if (!rule.actions.includes(action)) continue
    if (rule.effect === 'deny') denies.push(compileDeny(rule, attributes))
    else if (rule.effect === 'allow') allows.push(rule)
  }
  return { denies, allows, compiled: [] }
}

function compileDeny(rule: AccessRule, attributes: Attributes): CompiledRule {
  // A placeholder without a value could stand for any level, so a deny takes it for all of them.
  const levels = withoutEmptyName(expandFilter(rule.filter, attributes, '+')!)
  const decision: Decision = { effect: 'deny', code: 'denied-by-rule', rule }
  return { rule, levels, decision: Object.freeze(decision) }
}

function compileAllow(rule: AccessRule, attributes: Attributes): CompiledRule | undefined {
  const levels = expandFilter(rule.filter, attributes)
  if (!levels) return undefined
  const decision: Decision = { effect: 'allow', code: 'allowed-by-rule', rule }
  const isPlain = rule.share === undefined && !levels.includes('+') && !levels.includes('#')
  const topic = isPlain ? { topic: levels.join('/') } : {}
  return { rule, levels, ...topic, decision: Object.freeze(decision) }
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
