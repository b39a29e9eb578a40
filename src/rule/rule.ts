/**
 * Access rules as plain data, and how a rule with placeholders becomes a rule about one principal.
 *
 * @module
 */
import { ConfigError, InvalidTopicError } from '../base/errors.ts'
import { parseTopicFilter } from '../topic/filter.ts'

/** What a client wants to do. A will message is a publish. */
export type AccessAction = 'publish' | 'subscribe'

/**
 * One access rule. The order of rules never matters: a deny wins over every allow.
 *
 * The filter may hold placeholders, each a whole level: `{deviceId}`, `{username}`, `{clientId}`,
 * `{type}`, `{prefix}`, or the name of an attribute of the device. `{username}` may stand for
 * several levels, since a device's user name is `{type}/{deviceId}`, and so may `{clientId}`.
 *
 * An allow grants what its filter covers whole; a deny stops what its filter overlaps.
 */
export interface AccessRule {
  readonly effect: 'allow' | 'deny'
  readonly actions: readonly AccessAction[]
  /** A topic filter, without a share prefix. */
  readonly filter: string
  /** Highest QoS granted. Only on an allow. Default: 2. */
  readonly maxQos?: 0 | 1 | 2
  /** Restricts the rule to publishes with this retain flag. Default: both. */
  readonly retain?: boolean
  /**
   * Restricts the rule to shared subscriptions under this share name. An allow without it grants
   * no shared subscription; a deny without it stops shared ones too.
   */
  readonly share?: string
}

/** The values of a principal's placeholders. */
export type Attributes = Readonly<Record<string, string>>

const PLACEHOLDER = '{'
const RULE_KEYS: readonly string[] = [
  'effect',
  'actions',
  'filter',
  'maxQos',
  'retain',
  'share',
] satisfies (keyof AccessRule)[]

/**
 * Checks a rule's form.
 *
 * @param key Where the rule stands, for the error.
 * @throws {ConfigError} If a field has no meaning.
 * @throws {InvalidTopicError} If the filter is not well formed.
 */
export function checkRule(rule: AccessRule, key: string): void {
  if (typeof rule !== 'object' || rule === null) throw new ConfigError(key, 'must be a rule')
  const unknown = Object.keys(rule).find((name) => !RULE_KEYS.includes(name))
  // A misspelt condition would limit nothing.
  if (unknown !== undefined) throw new ConfigError(`${key}.${unknown}`, 'is no part of a rule')
  if (rule.effect !== 'allow' && rule.effect !== 'deny') {
    throw new ConfigError(`${key}.effect`, 'must be "allow" or "deny"')
  }
  const isAction = (action: unknown) => action === 'publish' || action === 'subscribe'
  const { actions } = rule
  if (!Array.isArray(actions) || actions.length === 0 || !actions.every(isAction)) {
    throw new ConfigError(`${key}.actions`, 'must list "publish", "subscribe" or both')
  }
  if (rule.maxQos !== undefined && ![0, 1, 2].includes(rule.maxQos)) {
    throw new ConfigError(`${key}.maxQos`, 'must be 0, 1 or 2')
  }
  if (rule.maxQos !== undefined && rule.effect === 'deny') {
    throw new ConfigError(`${key}.maxQos`, 'limits an allow; a deny stops every QoS')
  }
  if (rule.retain !== undefined && typeof rule.retain !== 'boolean') {
    throw new ConfigError(`${key}.retain`, 'must be true or false')
  }
  const { share } = rule
  if (share !== undefined && (typeof share !== 'string' || share === '' || /[/+#]/.test(share))) {
    throw new ConfigError(`${key}.share`, 'must be a share name without "/", "+" and "#"')
  }
  if (typeof rule.filter !== 'string') throw new ConfigError(`${key}.filter`, 'must be a string')
  const probe = rule.filter.split('/').map((level) => {
    if (!level.includes('{') && !level.includes('}')) return level
    if (/^\{[A-Za-z][A-Za-z0-9_]*\}$/.test(level)) return 'x'
    throw new InvalidTopicError(
      'topic filter',
      rule.filter,
      `"${level}" is no whole-level placeholder`,
    )
  })
  if (parseTopicFilter(probe.join('/')).share !== undefined) {
    throw new ConfigError(`${key}.filter`, 'name the share in "share", not in the filter')
  }
}

/**
 * Checks the form of several rules.
 *
 * @throws {ConfigError} If they are no list; and as {@link checkRule} does.
 */
export function checkRules(rules: readonly AccessRule[], key: string): void {
  if (!Array.isArray(rules)) throw new ConfigError(key, 'must be a list of rules')
  rules.forEach((rule, i) => {
    checkRule(rule, `${key}.${i}`)
  })
}

/**
 * Puts values in place of a filter's placeholders.
 *
 * @param missing What stands for a placeholder without a value: a wildcard, for a deny.
 * @returns The levels, or `undefined` if a value is missing and nothing stands for it.
 */
export function expandFilter(
  filter: string,
  attributes: Attributes,
  missing?: string,
): readonly string[] | undefined {
  if (!filter.includes(PLACEHOLDER)) return filter.split('/')
  const levels: string[] = []
  for (const level of filter.split('/')) {
    if (!level.startsWith(PLACEHOLDER)) {
      levels.push(level)
      continue
    }
    const name = level.slice(1, -1)
    const isKnown = Object.hasOwn(attributes, name)
    const value = isKnown ? attributes[name] : missing
    if (value === undefined) return undefined
    // These have one level or several, and what follows them would stand behind any.
    if (!isKnown && (name === 'username' || name === 'clientId')) return [...levels, '#']
    // Split, since these may stand for several levels. Values were checked where they entered, so no
    // part of one is a wildcard.
    levels.push(...value.split('/'))
  }
  return levels
}
