/**
 * Access rules as Mosquitto's `acl_file`.
 *
 * Tried against Mosquitto 2.0.11 and 2.1.2. Source: `mosquitto.conf(5)`, `acl_file`.
 *
 * Every user has a section: 2.1 takes `%u` in a `pattern` line for one level of a topic
 * (`libcommon/topic_common.c`), and the user name of a device, `{type}/{deviceId}`, has two.
 *
 * @module
 */
import { quote } from '../../base/quote.ts'
import type { Principal } from '../../rule/principal.ts'
import { levelsCover, levelsOverlap } from '../../topic/relation.ts'
import { type Denial, effectiveGrants, type Grant, problem, selectGrants } from '../rules/grants.ts'
import {
  checkDistinct,
  describe,
  type ExportFinding,
  finishExport,
  type RuleExport,
  type RuleExportOptions,
  type RuleProblem,
} from '../rules/rule-export.ts'
import { findMosquittoProblem, isMisreadInLine } from './expressible.ts'
import { filesFacts } from './facts.ts'

type Access = 'read' | 'write' | 'readwrite' | 'deny'

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
  options: RuleExportOptions = {},
): RuleExport<string> {
  checkDistinct(principals)
  const findings: ExportFinding[] = []
  const blocks = [ACL_FILE_BEGINNING]
  for (const principal of principals) {
    const section = aclFileSection(principal)
    findings.push(...section.findings)
    if (section.text !== '') blocks.push(section.text)
  }
  return finishExport("Mosquitto's acl_file", blocks.join('\n'), findings, options)
}

/** What every file begins with. */
export const ACL_FILE_BEGINNING = '# What no line grants is refused.\n'

/** One user's section, with its line ends: nothing if it has no line of its own. */
export function aclFileSection(principal: Principal): {
  readonly text: string
  readonly findings: readonly ExportFinding[]
} {
  const { username } = principal
  const { grants, findings } = effectiveGrants(principal, filesFacts)
  const unnamed = isMisreadInLine(username)
  const { told, findings: untold } = selectGrants(principal, grants, filesFacts, (grant) => {
    if (unnamed) return problem('user-name', 'belongs to a user name that an acl_file cannot hold')
    return findProblem(grant)
  })
  const denials = told.flatMap((grant) => grant.denials)
  const access = new Map<string, Access>()
  for (const { levels } of denials) access.set(levels.join('/'), 'deny')
  for (const { action, levels } of told) {
    const topic = levels.join('/')
    const own = action === 'publish' ? 'write' : 'read'
    const known = access.get(topic)
    if (known !== 'deny') access.set(topic, known && known !== own ? 'readwrite' : own)
  }
  const lines = [...access].map(([topic, granted]) => `topic ${granted} ${topic}\n`)
  const text = lines.length > 0 ? `user ${username}\n${lines.join('')}` : ''
  return { text, findings: [...findings, ...untold, ...findHarmed(principal, told, denials)] }
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

/** The denies that take away more than they are for: a `deny` line stops both actions. */
function findHarmed(
  principal: Principal,
  told: readonly Grant[],
  denials: readonly Denial[],
): readonly ExportFinding[] {
  const isHarmed = (grant: Grant, line: Denial) =>
    levelsOverlap(grant.levels, line.levels) &&
    !grant.denials.some((denial) => levelsCover(denial.levels, line.levels))
  const harmful = denials.filter((denial) => told.some((grant) => isHarmed(grant, denial)))
  const text = 'stops the other action too, as every deny line of an acl_file'
  return [...new Set(harmful.map(({ rule }) => rule))].map((rule) =>
    describe(principal.username, rule, { kind: 'narrower', code: 'deny', text }),
  )
}
