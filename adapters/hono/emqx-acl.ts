/**
 * Access rules in EMQX's terms, handed over at login so that the broker decides by itself
 * (EMQX 5.8 and later; older ones ignore them).
 *
 * EMQX reads rules otherwise than {@link decide} does. The first rule that matches decides, and a
 * subscription's filter is matched as if it were a topic name, so that a `+` in a rule lets a `#`
 * through. What would come out wider there is therefore not said at all.
 *
 * @module
 */
import type { Principal } from '../../src/access/principal.ts'
import { type AccessAction, type AccessRule, expandFilter } from '../../src/access/rule.ts'
import { levelsCover } from '../../src/topic/relation.ts'

/** A rule as EMQX reads it. */
export interface EmqxAclRule {
  readonly permission: 'allow' | 'deny'
  readonly action: AccessAction | 'all'
  readonly topic: string
}

/**
 * What closes the list. Without it EMQX would go on to its configured sources, and then to
 * `no_match`, which is an allow by default.
 *
 * Neither `#` nor any other wildcard reaches the topics that begin with `$`, so the roots that
 * mean something to EMQX are named: its own statistics and events, and file transfer. `$share`,
 * `$queue`, `$exclusive` and `$delayed` are not among them, since EMQX takes these prefixes off
 * before it looks at the rules. A root that is not named reaches the `/acl` route.
 */
const CLOSING: readonly EmqxAclRule[] = ['#', '$SYS/#', '$event/#', '$file/#', '$file-async/#'].map(
  (topic) => ({ permission: 'deny', action: 'all', topic }),
)

/**
 * A principal's rules as a list for EMQX.
 *
 * With the list EMQX grants just what {@link decide} grants, as far as EMQX can tell: it sees no
 * share names, so whoever may subscribe to a filter may do so under any share name.
 *
 * @returns The list, or `undefined` if it would not be exact. Then the broker has to ask each time.
 */
export function emqxAcl(principal: Principal): readonly EmqxAclRule[] | undefined {
  const list: EmqxAclRule[] = []
  for (const rule of principal.rules) {
    // A deny stops whatever it overlaps, and there it would stop only what it matches.
    if (rule.effect === 'deny') return undefined
    const levels = expandFilter(rule.filter, principal.values)
    // Without a value for its placeholder the rule grants nothing.
    if (!levels) continue
    if (rule.maxQos !== undefined || rule.retain !== undefined) return undefined
    if (rule.share !== undefined) {
      if (!rule.actions.includes('subscribe') || isGrantedPlainly(levels, principal)) continue
      return undefined
    }
    const topic = levels.join('/')
    if (isMisread(topic, levels)) return undefined
    for (const action of new Set(rule.actions)) {
      if (action === 'subscribe' && isWidened(levels)) return undefined
      list.push({ permission: 'allow', action, topic })
    }
  }
  return [...list, ...CLOSING]
}

/** Whether a rule without a share name covers what a rule with one grants. */
function isGrantedPlainly(levels: readonly string[], { rules, values }: Principal): boolean {
  return rules.some((rule: AccessRule) => {
    if (rule.share !== undefined || !rule.actions.includes('subscribe')) return false
    const granted = expandFilter(rule.filter, values)
    return granted !== undefined && levelsCover(granted, levels)
  })
}

/** Whether EMQX gives a topic another meaning than its text, or not the same in all versions. */
function isMisread(topic: string, levels: readonly string[]): boolean {
  // A placeholder, and the mark of a filter that is compared as text.
  if (topic.includes('${') || topic.startsWith('eq ')) return true
  // Some versions let a wildcard at the first level match a topic that begins with "$".
  return levels[0] === '+' || levels[0] === '#'
}

/** Whether a subscription rule would let a wider subscription through: `a/+` grants `a/#` there. */
function isWidened(levels: readonly string[]): boolean {
  const last = levels.at(-1)
  return last === '+' || (last === '#' && levels.at(-2) === '+')
}
