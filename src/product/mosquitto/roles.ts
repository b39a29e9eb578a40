/**
 * Access rules as roles of Mosquitto's dynamic security plugin.
 *
 * Tried against Mosquitto 2.0.11; the forms that 2.1 reads otherwise (`%c` and `%u` as a level) are
 * refused. Source: the plugin's `acl.c`.
 *
 * @module
 */
import type { Principal } from '../../rule/principal.ts'
import { levelsOverlap } from '../../topic/relation.ts'
import { type Denial, effectiveGrants, type Grant, problem, selectGrants } from '../rules/grants.ts'
import {
  checkDistinct,
  type ExportFinding,
  finishExport,
  type RuleExport,
  type RuleExportOptions,
  type RuleProblem,
} from '../rules/rule-export.ts'
import { findMosquittoProblem } from './expressible.ts'
import { dynsecFacts } from './facts.ts'

/** An entry of `acls` in the command `createRole` or `modifyRole`. */
export interface DynsecAcl {
  readonly acltype:
    | 'publishClientSend'
    | 'publishClientReceive'
    | 'subscribeLiteral'
    | 'subscribePattern'
    | 'unsubscribePattern'
  readonly topic: string
  readonly priority: number
  readonly allow: boolean
}

/** What the roles of this library are called, before the user name. */
export const ROLE_PREFIX = 'devicehub/'

/** One principal's role. */
export interface DynsecRole {
  /** Whom to give the role, with `addClientRole`. It must be the only role of that client. */
  readonly username: string
  /** `devicehub/` and the user name. */
  readonly rolename: string
  readonly acls: readonly DynsecAcl[]
}

/** What the plugin has to be told. */
export interface DynsecRoles {
  readonly roles: readonly DynsecRole[]
  /**
   * The `acls` of the command `setDefaultACLAccess`. They are part of the result: the plugin's own
   * defaults let every message be delivered.
   */
  readonly defaultAccess: readonly {
    readonly acltype: 'publishClientSend' | 'publishClientReceive' | 'subscribe' | 'unsubscribe'
    readonly allow: boolean
  }[]
}

/**
 * The highest decides. On 2.0 a subscription to `$SYS/…` or `$share/…` is also let through by a
 * rule that begins with a wildcard, so such rules come last, each behind a guard.
 */
const PRIORITY = {
  deny: 1,
  allow: 0,
  sharedGuard: -1,
  sharedWildAllow: -2,
  guard: -3,
  wildAllow: -4,
} as const

const DEFAULT_ACCESS: DynsecRoles['defaultAccess'] = [
  { acltype: 'publishClientSend', allow: false },
  { acltype: 'publishClientReceive', allow: false },
  { acltype: 'subscribe', allow: false },
  // Also of a filter that was granted once and no longer is.
  { acltype: 'unsubscribe', allow: true },
]

/**
 * Principals' rules as one role each, for `createRole`.
 *
 * With the defaults of the result and no other role, every publish, and every message delivered, is
 * one that `decide()` grants. A subscription is granted if `decide()` grants it, with two
 * differences. A filter that a deny merely overlaps is granted, and the messages that the deny
 * stops are not delivered. And a rule for `#` or `+/…` lets a subscription to topics that begin
 * with `$` through on 2.0, which delivers nothing.
 *
 * @throws {RuleExportError} If a rule cannot be expressed exactly and `allowNarrower` is not set.
 * @throws {ConfigError} If two principals have one user name.
 */
export function mosquittoDynsecRoles(
  principals: readonly Principal[],
  options: RuleExportOptions = {},
): RuleExport<DynsecRoles> {
  checkDistinct(principals)
  const findings: ExportFinding[] = []
  const roles = principals.map((principal) => {
    const effective = effectiveGrants(principal, dynsecFacts)
    const selected = selectGrants(principal, effective.grants, dynsecFacts, (grant) =>
      findProblem(grant, effective.grants),
    )
    findings.push(...effective.findings, ...selected.findings)
    const { username } = principal
    return { username, rolename: ROLE_PREFIX + username, acls: writeAcls(selected.told) }
  })
  const output = { roles, defaultAccess: DEFAULT_ACCESS }
  return finishExport("Mosquitto's dynamic security", output, findings, options)
}

function findProblem(grant: Grant, grants: readonly Grant[]): RuleProblem | undefined {
  const general = findMosquittoProblem(grant)
  if (general) return general
  const filters = [grant.levels, ...grant.denials.map((denial) => denial.levels)]
  if (filters.flat().some((level) => level === '%u' || level === '%c')) {
    return problem('filter-text', 'meets the level "%u" or "%c", a placeholder since Mosquitto 2.1')
  }
  // What is delivered is judged without the share name.
  const hidden = grant.denials.find((denial) => denial.share !== undefined)
  if (hidden && grants.some((other) => isCutToo(other, hidden))) {
    return problem('deny', 'is cut by a deny for its share name alone')
  }
  return undefined
}

/** Whether a deny that is not meant for a grant would keep its messages back. */
function isCutToo({ action, levels, denials }: Grant, denial: Denial): boolean {
  if (action !== 'subscribe' || denials.includes(denial)) return false
  return levelsOverlap(levels, denial.levels)
}

function writeAcls(grants: readonly Grant[]): readonly DynsecAcl[] {
  const acls = new Map<string, DynsecAcl>()
  const add = (
    acltype: DynsecAcl['acltype'],
    levels: readonly string[],
    rank: keyof typeof PRIORITY,
    allow = true,
  ) => {
    const topic = levels.join('/')
    const priority = PRIORITY[rank]
    // The plugin takes one entry a type and topic. Only a guard can meet another, and gives way.
    const known = acls.get(`${acltype} ${topic}`)
    if (known && known.priority >= priority) return
    acls.set(`${acltype} ${topic}`, { acltype, topic, priority, allow })
  }
  const roots = reservedRoots(grants)
  for (const { action, levels, share, denials } of grants) {
    if (action === 'publish') {
      add('publishClientSend', levels, 'allow')
      for (const denial of denials) add('publishClientSend', denial.levels, 'deny', false)
      continue
    }
    const inGroup = share !== undefined
    const wild = isWild(levels)
    const rank = wild ? (inGroup ? 'sharedWildAllow' : 'wildAllow') : 'allow'
    add('subscribePattern', withShare(share, levels), rank)
    add('unsubscribePattern', withShare(share, levels), 'allow')
    add('publishClientReceive', levels, 'allow')
    // No name is empty, so it matches no less than "/#". The plugin only counts levels.
    if (levels.join('/') === '+/+/#' && denials.length === 0) {
      add('subscribeLiteral', withShare(share, ['', '#']), 'allow')
    }
    for (const denial of denials) {
      add('publishClientReceive', denial.levels, 'deny', false)
      // Here a wildcard at the first level would stop topics that begin with "$" as well.
      if (isWild(denial.levels)) continue
      add('subscribePattern', withShare(share, denial.levels), 'deny', false)
    }
    if (!wild) continue
    for (const root of inGroup ? roots : [...roots, '$share']) {
      const guard = withShare(share, [root, '#'])
      add('subscribePattern', guard, inGroup ? 'sharedGuard' : 'guard', false)
    }
  }
  // 2.0 takes "/#" for a pattern of "#" as well.
  if (acls.has('subscribePattern /#') && !acls.has('subscribePattern #')) {
    add('subscribeLiteral', ['#'], 'deny', false)
  }
  return [...acls.values()].sort((a, b) => b.priority - a.priority)
}

/** First levels that a wildcard must not reach: whose messages may be delivered, by some grant. */
function reservedRoots(grants: readonly Grant[]): readonly string[] {
  const named = grants.map(({ levels }) => levels[0]!).filter((level) => level.startsWith('$'))
  return [...new Set(['$SYS', '$CONTROL', ...named])]
}

function isWild(levels: readonly string[]): boolean {
  return levels[0] === '+' || levels[0] === '#'
}

function withShare(share: string | undefined, levels: readonly string[]): readonly string[] {
  return share === undefined ? levels : ['$share', share, ...levels]
}
