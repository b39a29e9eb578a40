/**
 * A principal's rules with their placeholders filled and their denies taken off as far as that is
 * possible without a broker: what every compiler starts from.
 *
 * @module
 */
import type { BrokerFacts } from '../../rule/facts.ts'
import type { Principal } from '../../rule/principal.ts'
import { type AccessAction, type AccessRule, expandFilter } from '../../rule/rule.ts'
import { levelsCover, levelsOverlap } from '../../topic/relation.ts'
import { describe, type ExportCode, type ExportFinding, type RuleProblem } from './rule-export.ts'

/** What one allow grants for one action. */
export interface Grant {
  readonly rule: AccessRule
  readonly action: AccessAction
  readonly levels: readonly string[]
  readonly share: string | undefined
  readonly maxQos: 0 | 1 | 2
  readonly retain: boolean | undefined
  /** Whether the filter has a `+` where the client id belongs. */
  readonly anyClientId: boolean
  /** Denies that stop a part of it. Those that stop all of it have removed it. */
  readonly denials: readonly Denial[]
}

/** What one deny stops for one action. */
export type Denial = Omit<Grant, 'maxQos' | 'denials'>

/** What is left of a principal's allows, and the denies that a broker has to take too widely. */
export interface EffectiveGrants {
  readonly grants: readonly Grant[]
  readonly findings: readonly ExportFinding[]
}

/** Grants as a broker takes them. */
export interface SelectedGrants {
  readonly told: readonly Grant[]
  readonly untold: readonly Grant[]
  /** One for each that is not told. */
  readonly findings: readonly ExportFinding[]
}

/**
 * What a principal is granted, deny by deny.
 *
 * A request is granted by the rules if one of these grants covers it, conditions included, and
 * none of that grant's denials overlaps it. Where the broker cannot see what a deny depends on, the
 * deny is taken for all cases and reported as a finding.
 */
export function effectiveGrants(principal: Principal, facts: BrokerFacts): EffectiveGrants {
  const denials = readRules(principal, 'deny')
  const widened = new Map<AccessRule, WidenedCode>()
  const grants: Grant[] = []
  for (const allowed of joinRetain(readRules(principal, 'allow'))) {
    const grant = deny(allowed, denials, facts, widened)
    if (grant) grants.push(grant)
  }
  const findings = [...widened].map(([rule, code]) =>
    describe(principal.username, rule, { kind: 'narrower', code, text: WIDENED[code] }),
  )
  return { grants, findings }
}

type WidenedCode = 'retain' | 'share' | 'client-id'

const WIDENED: Readonly<Record<WidenedCode, string>> = {
  retain: 'has to stop every publish there, since the broker does not look at the retain flag',
  share: 'has to stop every subscription there, since the broker does not look at share names',
  'client-id': 'has to stop it for every client id, since none is known yet',
}

/** Why a grant that depends on the client id cannot be told to any broker. */
export function findClientIdProblem(grant: Grant): RuleProblem | undefined {
  if (!grant.anyClientId) return undefined
  return problem('client-id', 'depends on the client id, which no value is given for')
}

/** A grant that is left out whole. */
export function problem(code: ExportCode, text: string): RuleProblem {
  return { kind: 'inexpressible', code, text }
}

/**
 * Parts grants into those a broker can be told and the findings about the others. Another grant
 * that is told and includes it makes up for one that is not.
 */
export function selectGrants(
  principal: Principal,
  grants: readonly Grant[],
  facts: BrokerFacts,
  findProblem: (grant: Grant) => RuleProblem | undefined,
): SelectedGrants {
  const problems = new Map(grants.map((grant) => [grant, findProblem(grant)]))
  const told = grants.filter((grant) => !problems.get(grant))
  const untold = grants.filter(
    (grant) => problems.get(grant) && !told.some((other) => includes(other, grant, facts)),
  )
  const findings = untold.map((grant) =>
    describe(principal.username, grant.rule, problems.get(grant)!),
  )
  return { told, untold, findings }
}

/** Whether, as the broker sees it, a grant lets through all that another one does. */
function includes(outer: Grant, inner: Grant, { share: shares }: BrokerFacts): boolean {
  return (
    outer.action === inner.action &&
    (outer.share === inner.share || (shares !== true && outer.share === undefined)) &&
    outer.maxQos >= inner.maxQos &&
    (outer.retain === undefined || outer.retain === inner.retain) &&
    levelsCover(outer.levels, inner.levels)
  )
}

function readRules(principal: Principal, effect: AccessRule['effect']): readonly Grant[] {
  const { attributes } = principal
  return principal.rules
    .filter((rule) => rule.effect === effect)
    .flatMap((rule) => {
      // A placeholder is a whole level, so that its text stands for nothing else.
      const anyClientId =
        !Object.hasOwn(attributes, 'clientId') && rule.filter.includes('{clientId}')
      // A missing value makes a deny stop every level there, and an allow grant nothing.
      const known =
        anyClientId && effect === 'allow' ? { ...attributes, clientId: '+' } : attributes
      const levels = expandFilter(rule.filter, known, effect === 'deny' ? '+' : undefined)
      if (!levels) return []
      return rule.actions
        .filter((action, i) => rule.actions.indexOf(action) === i)
        .filter((action) => action === 'subscribe' || rule.share === undefined)
        .map((action) => ({
          rule,
          action,
          levels: canonical(levels),
          share: rule.share,
          maxQos: rule.maxQos ?? 2,
          retain: action === 'publish' ? rule.retain : undefined,
          anyClientId,
          denials: [],
        }))
    })
}

/** One writing for filters that match the same names, since none is empty: `#` for `+/#`. */
function canonical(levels: readonly string[]): readonly string[] {
  if (levels.at(-1) !== '#' || levels.at(-2) !== '+' || levels.length > 3) return levels
  if (levels.length === 2) return ['#']
  return levels[0] === '' ? ['', '#'] : levels
}

/** Lifts the condition from a grant that another one completes to both retain flags. */
function joinRetain(grants: readonly Grant[]): readonly Grant[] {
  return grants.map((grant) => {
    const { retain } = grant
    if (retain === undefined) return grant
    const completed = grants.some(
      (other) =>
        other.action === grant.action &&
        other.retain === !retain &&
        other.maxQos >= grant.maxQos &&
        other.anyClientId === grant.anyClientId &&
        levelsCover(other.levels, grant.levels),
    )
    return completed ? { ...grant, retain: undefined } : grant
  })
}

/** Takes denies off a grant; notes those that are taken more widely than they are meant. */
function deny(
  allowed: Grant,
  denials: readonly Denial[],
  { share: shares, retain }: BrokerFacts,
  widened: Map<AccessRule, WidenedCode>,
): Grant | undefined {
  let grant = allowed
  for (const denial of denials) {
    if (denial.action !== grant.action || !levelsOverlap(denial.levels, grant.levels)) continue
    if (denial.retain !== undefined && grant.retain === !denial.retain) continue
    if (denial.share !== undefined && denial.share !== grant.share) {
      if (shares === true || grant.share !== undefined) continue
      widened.set(denial.rule, 'share')
    }
    if (denial.anyClientId) widened.set(denial.rule, 'client-id')
    const covered = levelsCover(denial.levels, grant.levels)
    if (denial.retain !== undefined && grant.retain === undefined) {
      if (!retain) widened.set(denial.rule, 'retain')
      else if (covered) {
        grant = { ...grant, retain: !denial.retain }
        continue
      }
    }
    if (covered && (denial.retain === undefined || !retain || grant.retain !== undefined)) {
      return undefined
    }
    grant = { ...grant, denials: [...grant.denials, denial] }
  }
  return grant
}
