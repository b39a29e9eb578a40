/**
 * What a broker tells of a request and keeps apart, and what of a fleet's rules it cannot honour.
 *
 * Decisions are closed by themselves: given the facts, they deny what the broker hides. What is
 * found here says so beforehand, rule by rule, of all that is known before anybody logs in.
 *
 * @module
 */
import { quote } from '../base/quote.ts'
import { levelsCover, levelsOverlap, withoutEmptyName } from '../topic/relation.ts'
import { type BrokerFacts, findCharacter, isWild } from './facts.ts'
import { type AccessAction, type AccessRule, type Attributes, expandFilter } from './rule.ts'

/** What a broker cannot honour. Stable, to switch on. */
export type CompatibilityCode =
  /** The filter holds a character that the broker does not keep apart from "/". */
  | 'separator'
  /** The filter holds a character that the broker does not keep apart from "+". */
  | 'wildcard'
  /** The broker lets a wildcard at the first level reach topics that begin with "$". */
  | 'first-level-wildcard'
  /** The rule holds for a share name, and the broker tells none or has no shared subscriptions. */
  | 'share'
  /** Who may read alone may also join a share group of others: the broker tells no share names. */
  | 'share-group'
  /** The filter begins with what the broker takes off a topic before it asks. */
  | 'broker-topic'
  /** The broker does not tell the QoS. */
  | 'qos'
  /** The broker does not tell the retain flag. */
  | 'retain'
  /** The broker does not tell the client id. */
  | 'client-id'
  /** The broker finds sessions by client id and tells none: any login may end those of others. */
  | 'session'

/** A rule that a broker cannot honour as it is written. */
export interface CompatibilityFinding {
  readonly code: CompatibilityCode
  /**
   * `grants-more`: somebody gets more there than the rules say. `grants-less`: an allow grants less
   * than it says, or a deny stops more.
   */
  readonly severity: 'grants-more' | 'grants-less'
  /** Whom it is about: a device type or a service account with its rule, or all there are. */
  readonly kind: 'type' | 'service' | 'fleet'
  /** The name of the device type, the user name of the service account, or the fleet's prefix. */
  readonly name: string
  /** The rule, as declared. Missing where it is about no rule. */
  readonly rule?: AccessRule
  /** One sentence for an operator. */
  readonly text: string
}

/** Somebody with rules that are known before anybody logs in. */
export interface RuleOwner {
  readonly kind: 'type' | 'service'
  readonly name: string
  readonly rules: readonly AccessRule[]
  /** The values that are known. */
  readonly attributes: Attributes
}

/** What is wrong with a rule: the end of a sentence that begins with it. */
type Problem = readonly [CompatibilityCode, text: string]

const ACTION_NAMES = { publish: 'publish', subscribe: 'subscription' } as const

/** What keeps a broker from keeping the sessions of its users apart, if anything does. */
export function findSessionProblem(
  prefix: string,
  { clientId, sessionsBy = 'client-id' }: BrokerFacts,
): CompatibilityFinding | undefined {
  if (clientId || sessionsBy === 'user-name') return undefined
  const text = `${prefix}: the broker finds sessions by client id and does not tell it: whoever logs in with the client id of somebody else ends that connection and what waits in its session, unless the broker's own configuration puts the user name in its place.`
  return { code: 'session', severity: 'grants-less', kind: 'fleet', name: prefix, text }
}

/** Finds the rules that a broker cannot honour, in the order of the rules. */
export function findIncompatibilities(
  owners: readonly RuleOwner[],
  facts: BrokerFacts,
): readonly CompatibilityFinding[] {
  return owners.flatMap((owner) =>
    owner.rules.flatMap((rule) => {
      const { kind, name } = owner
      const named = `${name}: the rule to ${rule.effect} ${rule.actions.join(' and ')} ${quote(rule.filter)}`
      return findProblems(rule, owner, owners, facts).map(([code, text]): CompatibilityFinding => {
        const isOpen = code === 'share-group' || (code === 'broker-topic' && rule.effect === 'deny')
        const severity = isOpen ? 'grants-more' : 'grants-less'
        return { code, severity, kind, name, rule, text: `${named} ${text}.` }
      })
    }),
  )
}

function findProblems(
  rule: AccessRule,
  owner: RuleOwner,
  owners: readonly RuleOwner[],
  facts: BrokerFacts,
): Problem[] {
  const levels = expandKnown(rule.filter, owner.attributes)
  const stripped = findStripped(rule, levels, facts)
  if (rule.effect === 'deny') return [...stripped, ...findDenyProblems(rule, levels, facts)]
  return [
    ...stripped,
    ...findAllowProblems(rule, levels, owner, facts),
    ...findOpenGroups(rule, owner, owners, facts),
  ]
}

/** For which actions a rule is about topics whose beginning the broker takes off. */
function findStripped(
  { effect, actions }: AccessRule,
  levels: readonly string[],
  { stripped }: BrokerFacts,
): Problem[] {
  return actions.flatMap((action): Problem[] => {
    const isMeant = (prefix: string) => levelsOverlap(levels, [...prefix.split('/'), '+', '#'])
    const prefix = stripped?.[action].find(isMeant)
    if (prefix === undefined) return []
    const what = `${effect === 'deny' ? 'stops' : 'grants'} no ${ACTION_NAMES[action]}`
    const why = `the broker takes ${quote(prefix)} off, and asks about what is behind it`
    return [['broker-topic', `${what}: ${why}`]]
  })
}

/** What decisions make of a deny that the broker hides something of: they stop all it may mean. */
function findDenyProblems(
  rule: AccessRule,
  levels: readonly string[],
  { separators, ...facts }: BrokerFacts,
): Problem[] {
  const problems: Problem[] = []
  const add = (...problem: Problem) => problems.push(problem)
  const separator = findCharacter(levels, separators)
  if (separator !== undefined) {
    const why = `the broker takes ${quote(separator)} for "/"`
    add('separator', `stops what has "/" in its place as well: ${why}`)
  }
  if (facts.share === false && rule.share !== undefined && speaksOf(rule, 'subscribe')) {
    add(
      'share',
      'stops subscriptions under any share name and none: the broker tells no share names',
    )
  }
  if (!facts.retain && rule.retain !== undefined && speaksOf(rule, 'publish')) {
    add('retain', 'stops publishes with either retain flag: the broker tells none')
  }
  if (!facts.clientId && rule.filter.includes('{clientId}')) {
    add('client-id', 'holds for every client id: the broker tells none')
  }
  return problems
}

function findAllowProblems(
  rule: AccessRule,
  levels: readonly string[],
  owner: RuleOwner,
  { separators, wildcards = '', hidesReserved = true, ...facts }: BrokerFacts,
): Problem[] {
  const problems: Problem[] = []
  const add = (...problem: Problem) => problems.push(problem)
  const separator = findCharacter(levels, separators)
  if (separator !== undefined) {
    add('separator', `grants nothing: the broker takes ${quote(separator)} for "/"`)
  }
  const wildcard = findCharacter(levels, wildcards)
  if (wildcard !== undefined && speaksOf(rule, 'subscribe')) {
    add('wildcard', `grants no subscription: the broker takes ${quote(wildcard)} for "+"`)
  }
  if (!hidesReserved && speaksOf(rule, 'subscribe') && isWild(levels[0])) {
    const why = 'the broker lets a wildcard at the first level reach topics that begin with "$"'
    add('first-level-wildcard', `grants no subscription with a wildcard there: ${why}`)
  }
  const { share } = rule
  if (share !== undefined && speaksOf(rule, 'subscribe')) {
    if (facts.share === 'none') {
      add('share', 'grants no subscription: the broker has no shared ones')
    } else if (!facts.share && !isGrantedPlainly(rule, levels, owner)) {
      const why = 'it holds for a share name, and the broker does not tell any'
      add('share', `grants no subscription: ${why}; add the same rule without one`)
    }
  }
  if (!facts.qos && rule.maxQos !== undefined) {
    add('qos', 'grants nothing: it has a highest QoS, and the broker does not tell the QoS')
  }
  if (!facts.retain && rule.retain !== undefined && speaksOf(rule, 'publish')) {
    add('retain', 'grants no publish: it has a retain flag, and the broker does not tell the flag')
  }
  if (!facts.clientId && rule.filter.includes('{clientId}')) {
    add('client-id', 'grants nothing: the broker does not tell the client id')
  }
  return problems
}

/**
 * The share groups of others that whoever has a rule could join, and take messages from them, since
 * the broker asks about its subscriptions without their share name.
 */
function findOpenGroups(
  rule: AccessRule,
  owner: RuleOwner,
  owners: readonly RuleOwner[],
  { share: told }: BrokerFacts,
): Problem[] {
  if (told !== false || !speaksOf(rule, 'subscribe') || rule.share !== undefined) return []
  const widest = widen(rule.filter, owner.attributes)
  for (const { name, rules, attributes } of owners) {
    for (const { effect, share, ...group } of rules) {
      if (effect === 'deny' || share === undefined || !group.actions.includes('subscribe')) continue
      const levels = widen(group.filter, attributes)
      if (!levelsOverlap(widest, levels) || isMember(owner, share, levels)) continue
      const what = `the share group ${quote(share)} of ${name} and take messages from it`
      return [['share-group', `lets it join ${what}: the broker does not tell share names`]]
    }
  }
  return []
}

/** Whether somebody's rules grant all of a share group anyway. */
function isMember(
  { rules, attributes }: RuleOwner,
  share: string,
  levels: readonly string[],
): boolean {
  return rules.some((rule) => {
    if (rule.effect === 'deny' || rule.share !== share || !speaksOf(rule, 'subscribe')) return false
    const own = expandFilter(rule.filter, attributes)
    return own !== undefined && levelsCover(own, levels)
  })
}

/** Puts the values that are known in place; the other placeholders stay. */
function expandKnown(filter: string, attributes: Attributes): readonly string[] {
  return filter.split('/').flatMap((level) => expandFilter(level, attributes) ?? level)
}

/** The widest that a filter can be, for any values of its placeholders. */
function widen(filter: string, attributes: Attributes): readonly string[] {
  return withoutEmptyName(expandFilter(filter, attributes, '+')!)
}

/** Whether another rule of the same owner grants what a rule does, and without a share name. */
function isGrantedPlainly(
  rule: AccessRule,
  levels: readonly string[],
  { rules, attributes }: RuleOwner,
): boolean {
  return rules.some(
    (other) =>
      other.effect === 'allow' &&
      other.share === undefined &&
      speaksOf(other, 'subscribe') &&
      (other.maxQos === undefined || other.maxQos >= (rule.maxQos ?? 2)) &&
      levelsCover(expandKnown(other.filter, attributes), levels),
  )
}

function speaksOf({ actions }: AccessRule, action: AccessAction): boolean {
  return actions.includes(action)
}
