/**
 * Access rules as Mosquitto's `acl_file`.
 *
 * Tried against Mosquitto 2.0.11. Source: `mosquitto.conf(5)`, `acl_file`.
 *
 * @module
 */
import { levelsCover, levelsOverlap } from '../../topic/relation.ts'
import { decide } from '../decide.ts'
import type { Principal } from '../principal.ts'
import { quote } from '../quote.ts'
import type { AccessAction } from '../rule.ts'
import {
  checkDistinct,
  describe,
  type ExportFinding,
  type ExportReason,
  finishExport,
  type RuleExport,
  type RuleExportOptions,
  type RuleProblem,
} from './finding.ts'
import {
  type Denial,
  effectiveGrants,
  type Grant,
  problem,
  type Sight,
  selectGrants,
} from './grants.ts'
import { findMosquittoProblem, isMisreadInLine } from './mosquitto.ts'
import { type FleetPatterns, findPatterns, type PatternLine } from './mosquitto-pattern.ts'

/** Options of {@link mosquittoAclFile}. */
export interface AclFileOptions extends RuleExportOptions {
  /**
   * Device types whose default rules are to be written once, as `pattern` lines for every user.
   * Their devices then need not be among the principals.
   *
   * The lines reach every user of the broker. So every user who is not among the principals must
   * be a device of one of these types, with no rules of its own and the user name
   * `{type}/{deviceId}`.
   */
  readonly patterns?: FleetPatterns
}

/** A line, as it is for one user. */
interface Reached {
  readonly action: AccessAction
  readonly levels: readonly string[]
}

type Access = 'read' | 'write' | 'readwrite' | 'deny'

const SIGHT: Sight = { shares: false, retain: false }

/**
 * Principals' rules as the text of an `acl_file`: a section for each user.
 *
 * With it every publish, and every message delivered, is one that `decide()` grants, and nobody
 * else may do anything. Unlike `decide()`, Mosquitto refuses no SUBSCRIBE: it judges each message
 * instead, when it is about to be delivered. So a client may hold a subscription that is wider than
 * its rules, and gets of it what the rules grant.
 *
 * **Shared subscriptions are open to every user**: by `$share/devicehub/#` any of them can join a
 * hub's group. It is given no message beyond its rules, but those Mosquitto picks it for are lost
 * to the group. Where that matters, use dynamic security, which does judge share names.
 *
 * @throws {RuleExportError} If a rule cannot be expressed exactly and `allowNarrower` is not set.
 * @throws {ConfigError} If two principals have one user name.
 */
export function mosquittoAclFile(
  principals: readonly Principal[],
  options: AclFileOptions = {},
): RuleExport<string> {
  checkDistinct(principals)
  const patterns = findPatterns(options.patterns)
  const findings = [...patterns.findings]
  const blocks: string[] = []
  for (const principal of principals) {
    const section = aclFileSection(principal, patterns.lines)
    findings.push(...section.findings)
    if (section.text !== '') blocks.push(section.text)
  }
  // Whatever stands before the first user counts for anonymous clients, but a pattern for all.
  if (patterns.lines.length > 0) {
    blocks.push(patterns.lines.map((line) => `pattern ${line.access} ${line.topic}`).join('\n'))
  }
  const text = ['# What no line grants is refused.', ...blocks].join('\n\n')
  return finishExport("Mosquitto's acl_file", `${text}\n`, findings, options)
}

/** One user's section: nothing if it has no line of its own. No new line ends it. */
export function aclFileSection(
  principal: Principal,
  patterns: readonly PatternLine[],
): { readonly text: string; readonly findings: readonly ExportFinding[] } {
  const { username } = principal
  const { grants, findings } = effectiveGrants(principal, SIGHT)
  const unnamed = isMisreadInLine(username) || /[+#]/.test(username)
  const { told, findings: untold } = selectGrants(principal, grants, SIGHT, (grant) => {
    if (unnamed) return problem('user-name', 'belongs to a user name that an acl_file cannot hold')
    return findProblem(grant)
  })
  // Nor does Mosquitto give such a client anything by a pattern.
  if (unnamed) return { text: '', findings: [...findings, ...untold] }

  const reached = patterns.map(({ action, fill }) => ({ action, levels: fill(username) }))
  const given = reached.filter((line) => mayAlways(principal, line))
  const stopped = reached.filter((line) => !given.includes(line))
  const denials = told.flatMap((grant) => grant.denials)
  const access = new Map<string, Access>()
  for (const { levels } of [...denials, ...stopped]) access.set(levels.join('/'), 'deny')
  for (const { action, levels } of told) {
    const topic = levels.join('/')
    if (given.some((line) => line.action === action && line.levels.join('/') === topic)) continue
    const own = action === 'publish' ? 'write' : 'read'
    const known = access.get(topic)
    if (known !== 'deny') access.set(topic, known && known !== own ? 'readwrite' : own)
  }
  const lines = [...access].map(([topic, granted]) => `topic ${granted} ${topic}`)
  const harmed = findHarmed(principal, told, denials, stopped)
  const text = lines.length > 0 ? [`user ${username}`, ...lines].join('\n') : ''
  return { text, findings: [...findings, ...untold, ...harmed] }
}

function findProblem(grant: Grant): RuleProblem | undefined {
  const general = findMosquittoProblem(grant)
  if (general) return general
  if (grant.share !== undefined) {
    const name = quote(grant.share)
    return problem('share', `holds for the share name ${name} only, which an acl_file cannot say`)
  }
  if ([grant, ...grant.denials].some(({ levels }) => isMisreadInLine(levels.join('/')))) {
    return problem('filter-text', 'meets a text that a line of an acl_file cannot hold')
  }
  return undefined
}

function mayAlways(principal: Principal, { action, levels }: Reached): boolean {
  return [true, false].every((retain) => {
    const request = { action, topic: levels.join('/'), qos: 2, retain } as const
    return decide(principal, request).effect === 'allow'
  })
}

/** The grants that a `deny` line takes away beside what it is for: it stops both actions. */
function findHarmed(
  principal: Principal,
  told: readonly Grant[],
  denials: readonly Denial[],
  stopped: readonly Reached[],
): readonly ExportFinding[] {
  const isHarmed = (grant: Grant, line: Reached) =>
    levelsOverlap(grant.levels, line.levels) &&
    !grant.denials.some((denial) => levelsCover(denial.levels, line.levels))
  const byDeny = denials.filter((denial) => told.some((grant) => isHarmed(grant, denial)))
  const byPattern = told.filter((grant) => stopped.some((line) => isHarmed(grant, line)))
  const narrower = (lines: readonly Denial[], reason: ExportReason, text: string) =>
    [...new Set(lines.map(({ rule }) => rule))].map((rule) =>
      describe(principal.username, rule, { code: 'narrower', reason, text }),
    )
  return [
    ...narrower(byDeny, 'deny', 'stops the other action too, as every deny line of an acl_file'),
    ...narrower(byPattern, 'pattern', 'is cut by a deny line that takes a pattern off this user'),
  ]
}
