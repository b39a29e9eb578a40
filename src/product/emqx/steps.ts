/**
 * Access rules in the order and terms in which EMQX reads them, whether from a list or a file.
 *
 * EMQX reads rules otherwise than this library does: the first rule that matches decides, and a
 * subscription's filter is matched as if it were a topic name, so that a `+` in a rule matches a
 * `+` or `#` of the filter. Sources: `emqx_authz_rule.erl` and `emqx_topic.erl` of EMQX 5.
 *
 * @module
 */
import { quote } from '../../base/quote.ts'
import type { Principal } from '../../rule/principal.ts'
import type { AccessAction } from '../../rule/rule.ts'
import {
  type Denial,
  effectiveGrants,
  findClientIdProblem,
  type Grant,
  problem,
  selectGrants,
} from '../rules/grants.ts'
import type { ExportFinding, RuleProblem } from '../rules/rule-export.ts'
import { facts } from './facts.ts'

/** One rule for one user, before it is written. */
export interface EmqxStep {
  readonly permission: 'allow' | 'deny'
  readonly action: AccessAction
  readonly topic: string
  /** Whether only this very filter is meant, and not what it matches. */
  readonly exact: boolean
  /** The QoS levels meant. Left out for all. */
  readonly qos?: readonly number[]
  /** The retain flag meant. Left out for both. */
  readonly retain?: boolean
}

/** With a share name behind it. */
const SHARE = '$share'

/** A principal's rules as EMQX has to read them, without what closes the list. */
export function emqxSteps(principal: Principal): {
  readonly steps: readonly EmqxStep[]
  readonly findings: readonly ExportFinding[]
} {
  const { grants, findings } = effectiveGrants(principal, facts)
  const selected = selectGrants(principal, grants, facts, findProblem)
  const told = [...selected.told].sort(widestFirst)
  const steps = [
    // First what begins with "$": a deny for "#" does not mean it, but EMQX may match it there.
    ...writeSteps(told.filter(isReserved)),
    ...writeSteps(told.filter((grant) => !isReserved(grant))),
    ...selected.untold
      .filter((grant) => findProblem(grant)?.kind === 'narrower')
      .map((grant) => ({ ...allowStep(grant), exact: true })),
  ]
  return { steps: unique(steps), findings: [...findings, ...selected.findings] }
}

function findProblem(grant: Grant): RuleProblem | undefined {
  const { action, levels, share, denials } = grant
  const first = levels[0]!
  if (share !== undefined) {
    return problem('share', `holds for the share name ${quote(share)} only, which EMQX never sees`)
  }
  if (isMisread(levels) || denials.some((denial) => isMisread(denial.levels))) {
    return problem('filter-text', 'meets a text that EMQX reads as a placeholder or a mark')
  }
  if (first === '+' || first === '#') {
    return problem('first-level-wildcard', 'reaches topics that begin with "$" there')
  }
  if (isStripped(first)) {
    return problem('broker-topic', `can never match, since EMQX takes "${first}" off first`)
  }
  if (action === 'subscribe' && denials.length > 0) {
    const denied = quote(denials[0]!.levels.join('/'))
    return problem('deny', `is cut by the deny of ${denied}, which stops no wider filter there`)
  }
  const unbound = findClientIdProblem(grant)
  if (unbound) return unbound
  if (action === 'subscribe' && findLeak(levels)?.includes('+')) {
    const text = 'would grant wider filters that end in "#", so only the filter itself is granted'
    return { kind: 'narrower', code: 'trailing-wildcard', text }
  }
  return undefined
}

/** Whether EMQX takes a first level off before it looks at the rules, so that no rule can name it. */
function isStripped(first: string): boolean {
  const { publish, subscribe } = facts.stripped
  return [SHARE, ...publish, ...subscribe].some((prefix) => prefix.split('/')[0] === first)
}

/** Whether EMQX gives a filter another meaning than its text: a placeholder, or `eq `. */
function isMisread(levels: readonly string[]): boolean {
  const topic = levels.join('/')
  return topic.includes('${') || topic.startsWith('eq ')
}

function isReserved({ levels }: Grant): boolean {
  return levels[0]!.startsWith('$')
}

/** The wider filter that EMQX lets through by a rule: `a/#` by `a/+`, and by `a/+/#`. */
function findLeak(levels: readonly string[]): readonly string[] | undefined {
  if (levels.at(-1) === '+') return [...levels.slice(0, -1), '#']
  if (levels.at(-1) === '#' && levels.at(-2) === '+') return [...levels.slice(0, -2), '#']
  return undefined
}

function writeSteps(grants: readonly Grant[]): readonly EmqxStep[] {
  const denials = grants.flatMap((grant) => grant.denials)
  return [
    ...denials.map(denyStep),
    ...grants.flatMap((grant) => [...guard(grant), allowStep(grant)]),
  ]
}

/** Keeps a grant from the wider filter that would slip through by it. */
function guard({ action, levels }: Grant): readonly EmqxStep[] {
  const leak = action === 'subscribe' ? findLeak(levels) : undefined
  if (!leak) return []
  return [{ permission: 'deny', action: 'subscribe', topic: leak.join('/'), exact: true }]
}

function allowStep({ action, levels, maxQos, retain }: Grant): EmqxStep {
  return {
    permission: 'allow',
    action,
    topic: levels.join('/'),
    exact: false,
    ...(maxQos < 2 && { qos: maxQos === 0 ? [0] : [0, 1] }),
    ...(retain !== undefined && { retain }),
  }
}

function denyStep({ action, levels, retain }: Denial): EmqxStep {
  const topic = levels.join('/')
  return {
    permission: 'deny',
    action,
    topic,
    exact: false,
    ...(retain === undefined ? {} : { retain }),
  }
}

/**
 * Orders grants so that one that covers another comes first. Then a guard never stops a filter
 * that a later grant covers: that grant would cover the guarded one as well.
 */
function widestFirst(a: Grant, b: Grant): number {
  const [left, right] = [rank(a.levels), rank(b.levels)]
  return left.names - right.names || left.literals - right.literals || left.end - right.end
}

function rank(levels: readonly string[]) {
  const open = levels.at(-1) === '#'
  return {
    /** Levels of the shortest name matched. */
    names: levels.length - (open ? 1 : 0),
    literals: levels.filter((level) => level !== '+' && level !== '#').length,
    end: open ? 0 : 1,
  }
}

function unique(steps: readonly EmqxStep[]): readonly EmqxStep[] {
  const seen = new Set<string>()
  return steps.filter(({ permission, action, topic, exact, qos, retain }) => {
    // The topic last, since it alone may hold any character.
    const text = `${permission} ${action} ${exact} ${qos} ${retain} ${topic}`
    return !seen.has(text) && seen.add(text)
  })
}
