/**
 * What a broker's own form cannot say about a principal's rules, and the error that says so.
 *
 * @module
 */
import { ConfigError, DeviceHubError } from '../../base/errors.ts'
import { quote } from '../../base/quote.ts'
import type { Principal } from '../../rule/principal.ts'
import type { AccessRule } from '../../rule/rule.ts'
import { isUsername } from '../../topic/name.ts'

/** What in a rule the broker cannot express. Stable, to switch on. */
export type ExportCode =
  /** The rule depends on the client id, which is known only once a client connects. */
  | 'client-id'
  /** The user name cannot be written in the broker's form. */
  | 'user-name'
  /** The filter cannot be written in the broker's form, or means something else there. */
  | 'filter-text'
  /** The broker lets a wildcard at the first level reach topics that begin with `$`. */
  | 'first-level-wildcard'
  /** The broker lets a subscription through that is wider than the rule. */
  | 'trailing-wildcard'
  /** The broker keeps these topics to itself, or takes their prefix off before it looks. */
  | 'broker-topic'
  /** The broker does not look at the QoS. */
  | 'qos'
  /** The broker does not look at the retain flag. */
  | 'retain'
  /** The broker does not look at share names. */
  | 'share'
  /** The broker cannot take what a deny stops out of what an allow grants, or stops more. */
  | 'deny'

/** A rule that a broker's own form cannot express exactly. */
export interface ExportFinding {
  /** The user name of the principal whose rule it is. */
  readonly principal: string
  /** The rule, as declared. */
  readonly rule: AccessRule
  /**
   * What becomes of it with `allowNarrower`. `inexpressible`: the rule is left out, so that its
   * grant is lost whole. `narrower`: it is told, and less is granted than by the rules.
   */
  readonly kind: 'inexpressible' | 'narrower'
  readonly code: ExportCode
  /** One sentence for an operator. */
  readonly text: string
}

/** What is wrong with a rule, before it is known whose it is. */
export interface RuleProblem {
  readonly kind: ExportFinding['kind']
  readonly code: ExportCode
  /** The end of a sentence that begins with the rule. */
  readonly text: string
}

/** A result in a broker's own form. */
export interface RuleExport<T> {
  readonly output: T
  /** What is granted less than the rules say. Empty unless `allowNarrower` is set. */
  readonly findings: readonly ExportFinding[]
}

/** What every compiler of rules takes. */
export interface RuleExportOptions {
  /**
   * Accept a result that grants less than the rules do, and have the differences returned beside
   * it. Default: `false`, which makes each of them an error.
   */
  readonly allowNarrower?: boolean
}

/** Some rules cannot be expressed exactly in the broker's own form. Nothing was made. */
export class RuleExportError extends DeviceHubError {
  override readonly name = 'RuleExportError'
  readonly code = 'ERR_RULE_EXPORT'
  /** Every rule concerned. */
  readonly findings: readonly ExportFinding[]

  constructor(target: string, findings: readonly ExportFinding[]) {
    const shown = findings.slice(0, 3).map((finding) => finding.text)
    const more =
      findings.length > shown.length ? ` And ${findings.length - shown.length} more.` : ''
    super(`${target} cannot express these rules exactly: ${shown.join(' ')}${more}`)
    this.findings = findings
  }
}

/** The finding about a user's rule. */
export function describe(
  username: string,
  rule: AccessRule,
  { kind, code, text }: RuleProblem,
): ExportFinding {
  const verbs = rule.actions.join(' and ')
  const user = isUsername(username) ? username : quote(username)
  const named = `${user}: the rule to ${rule.effect} ${verbs} ${quote(rule.filter)}`
  return { principal: username, rule, kind, code, text: `${named} ${text}.` }
}

/**
 * A compiler's result, or its refusal.
 *
 * @throws {RuleExportError} If there are findings and the caller does not accept them.
 */
export function finishExport<T>(
  target: string,
  output: T,
  findings: readonly ExportFinding[],
  options: RuleExportOptions,
): RuleExport<T> {
  if (findings.length > 0 && !options.allowNarrower) throw new RuleExportError(target, findings)
  return { output, findings }
}

/**
 * Refuses two principals of one user name, since a broker would add their rules up.
 *
 * @throws {ConfigError} If there are.
 */
export function checkDistinct(principals: readonly Principal[]): void {
  const seen = new Set<string>()
  for (const { username } of principals) {
    if (seen.has(username)) {
      throw new ConfigError('principals', `holds the user name ${quote(username)} twice`)
    }
    seen.add(username)
  }
}
