/**
 * Access rules in the forms of EMQX: the list handed over at login, the claim of a token, and the
 * rules file.
 *
 * With each of them EMQX grants what `decide()` grants and nothing else, as far as EMQX can tell.
 * What it cannot: share names, and the prefixes `$queue/`, `$exclusive/` and `$delayed/`, which it
 * takes off a topic before it looks at any rule. So whoever may subscribe to a filter may do so
 * under any share name. Nobody gets a message that way that was not granted to them.
 *
 * Written for EMQX 5.8 and later, after its documentation ("Access Control List", "Use ACL File")
 * and `emqx_authz_rule_raw.erl`.
 *
 * @module
 */
import { isControl } from '../../base/text.ts'
import type { Principal } from '../../rule/principal.ts'
import type { AccessAction } from '../../rule/rule.ts'
import {
  checkDistinct,
  finishExport,
  type RuleExport,
  type RuleExportOptions,
} from '../rules/rule-export.ts'
import { type EmqxStep, emqxSteps } from './steps.ts'

/** A rule as EMQX reads it in a list. */
export interface EmqxAclRule {
  readonly permission: 'allow' | 'deny'
  readonly action: AccessAction | 'all'
  /** A topic filter; after `eq ` one that is compared as text. */
  readonly topic: string
  readonly qos?: readonly number[]
  readonly retain?: boolean
}

/**
 * What closes a list. Without it EMQX would go on to its configured sources, and then to
 * `no_match`, which is an allow by default.
 *
 * In some versions neither `#` nor any other wildcard reaches the topics that begin with `$`, so
 * the roots that mean something to EMQX are named: its own statistics and events, and file
 * transfer. A root that is not named reaches the configured sources.
 */
const CLOSING: readonly EmqxAclRule[] = /* @__PURE__ */ [
  '#',
  '$SYS/#',
  '$event/#',
  '$file/#',
  '$file-async/#',
].map((topic) => ({ permission: 'deny', action: 'all', topic }))

/**
 * A principal's rules as the list `acl` of an answer to EMQX's HTTP authentication (5.8 and later).
 *
 * @throws {RuleExportError} If EMQX cannot express a rule exactly and `allowNarrower` is not set.
 */
export function emqxAclList(
  principal: Principal,
  options: RuleExportOptions = {},
): RuleExport<readonly EmqxAclRule[]> {
  const { steps, findings } = emqxSteps(principal)
  return finishExport('An ACL list of EMQX', toList(steps), findings, options)
}

/**
 * A principal's rules as the private claim `acl` of a JWT, to put among its other claims (EMQX
 * 5.8 and later). Once `exp` has passed, EMQX denies everything.
 *
 * @throws {RuleExportError} If EMQX cannot express a rule exactly and `allowNarrower` is not set.
 */
export function emqxJwtClaim(
  principal: Principal,
  options: RuleExportOptions = {},
): RuleExport<{ readonly acl: readonly EmqxAclRule[] }> {
  const { steps, findings } = emqxSteps(principal)
  return finishExport('A JWT for EMQX', { acl: toList(steps) }, findings, options)
}

/**
 * The rules of principals as the text of EMQX's `acl.conf`, closed by `{deny, all}.`
 *
 * @throws {RuleExportError} If EMQX cannot express a rule exactly and `allowNarrower` is not set.
 * @throws {ConfigError} If two principals have one user name.
 */
export function emqxFileRules(
  principals: readonly Principal[],
  options: RuleExportOptions = {},
): RuleExport<string> {
  checkDistinct(principals)
  const exports = principals.map((principal) => ({ principal, ...emqxSteps(principal) }))
  const lines = exports.flatMap(({ principal, steps }) =>
    steps.map((step) => toFileRule(principal.username, step)),
  )
  const text = ['%% -*- coding: utf-8 -*-', ...lines, '{deny, all}.', ''].join('\n')
  const findings = exports.flatMap((exported) => exported.findings)
  return finishExport("EMQX's rules file", text, findings, options)
}

function toList(steps: readonly EmqxStep[]): readonly EmqxAclRule[] {
  return [...steps.map(toListRule), ...CLOSING]
}

function toListRule({ permission, action, topic, exact, qos, retain }: EmqxStep): EmqxAclRule {
  return {
    permission,
    action,
    topic: exact ? `eq ${topic}` : topic,
    ...(qos === undefined ? {} : { qos }),
    ...(retain === undefined ? {} : { retain }),
  }
}

function toFileRule(username: string, step: EmqxStep): string {
  const { permission, action, topic, exact, qos, retain } = step
  const conditions = [
    ...(qos === undefined ? [] : [`{qos, [${qos.join(', ')}]}`]),
    ...(retain === undefined ? [] : [`{retain, ${retain}}`]),
  ]
  const what = conditions.length > 0 ? `{${action}, [${conditions.join(', ')}]}` : action
  const filter = exact ? `{eq, ${erlangString(topic)}}` : erlangString(topic)
  return `{${permission}, {user, ${erlangString(username)}}, ${what}, [${filter}]}.`
}

/** Writes a text as an Erlang string literal, on one line whatever is in it. */
function erlangString(text: string): string {
  let out = ''
  for (const character of text) {
    const code = character.codePointAt(0)!
    if (character === '"' || character === '\\') out += `\\${character}`
    else if (isControl(code)) out += `\\x{${code.toString(16)}}`
    else out += character
  }
  return `"${out}"`
}
