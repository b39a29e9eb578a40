/**
 * Rule sets, clients and requests that get in each other's way: few levels, many wildcards.
 *
 * @module
 */
import fc from 'fast-check'
import { decide } from '../../../src/rule/decide.ts'
import type { AccessRequest } from '../../../src/rule/decision.ts'
import type { Principal } from '../../../src/rule/principal.ts'
import { type AccessRule, expandFilter } from '../../../src/rule/rule.ts'

/** Levels of names. An empty one is a level, and `$r` marks a root like `$SYS`. */
const words = ['a', 'b', ''] as const
const roots = [...words, '$r'] as const

/** A topic name or filter; never the empty text. */
function topic(first: readonly string[], rest: readonly string[], open: boolean) {
  return fc
    .tuple(
      fc.constantFrom(...first),
      fc.array(fc.constantFrom(...rest), { maxLength: 3 }),
      fc.boolean(),
    )
    .map(([head, tail, end]) => [head, ...tail, ...(open && end ? ['#'] : [])].join('/'))
    .filter((text) => text !== '')
}

export const topicName: fc.Arbitrary<string> = topic(roots, words, false)

function ruleFilter(placeholders: readonly string[]): fc.Arbitrary<string> {
  const rest = [...words, '+', '{deviceId}', ...placeholders]
  return fc.oneof(
    { weight: 5, arbitrary: topic([...roots, '+'], rest, true) },
    { weight: 2, arbitrary: topic(['a'], ['{username}', '+', 'b'], true) },
    { weight: 1, arbitrary: fc.constant('#') },
  )
}

export const topicFilter: fc.Arbitrary<string> = fc.oneof(
  { weight: 8, arbitrary: topic([...roots, '+'], [...words, '+'], true) },
  { weight: 1, arbitrary: fc.constant('#') },
)

/** A rule without conditions, or with any. */
function accessRule(
  conditions: boolean,
  placeholders: readonly string[],
): fc.Arbitrary<AccessRule> {
  const plain = fc.record({
    effect: fc.constantFrom('allow' as const, 'allow' as const, 'allow' as const, 'deny' as const),
    actions: fc.constantFrom(
      ['publish'] as const,
      ['subscribe'] as const,
      ['publish', 'subscribe'] as const,
    ),
    filter: ruleFilter(placeholders),
  })
  if (!conditions) return plain
  const extra = fc.record(
    {
      maxQos: fc.constantFrom(0 as const, 1 as const, 2 as const),
      retain: fc.boolean(),
      share: fc.constantFrom('g', 'h'),
    },
    { requiredKeys: [] },
  )
  return fc.tuple(plain, extra, fc.nat(2)).map(([rule, { maxQos, retain, share }, kind]) => ({
    ...rule,
    ...(kind === 0 && maxQos !== undefined && rule.effect === 'allow' ? { maxQos } : {}),
    ...(kind === 1 && retain !== undefined ? { retain } : {}),
    ...(kind === 2 && share !== undefined ? { share } : {}),
  }))
}

/**
 * Rules of a principal.
 *
 * @param conditions Adds QoS, retain flag and share name to some.
 * @param placeholders What may stand in them beside `{deviceId}` and `{username}`.
 */
export function ruleSet(
  conditions: boolean,
  placeholders: readonly string[] = [],
): fc.Arbitrary<readonly AccessRule[]> {
  return fc.array(accessRule(conditions, placeholders), { minLength: 1, maxLength: 5 })
}

/** A principal of the rules, as a fleet makes one. */
export function device(rules: readonly AccessRule[], type = 'a', id = 'b'): Principal {
  const username = `${type}/${id}`
  return {
    kind: 'device',
    username,
    device: { type, id },
    rules,
    attributes: { type, deviceId: id, username, prefix: 'things' },
  }
}

/** What a client asks for: something near a rule of its own or a neighbour's, or anything. */
export function accessRequest(
  principal: Principal,
  neighbours: readonly Principal[] = [],
): fc.Arbitrary<AccessRequest> {
  const near = [principal, ...neighbours].flatMap(({ rules, attributes }) =>
    rules.map((rule) => expandFilter(rule.filter, attributes, '+')!),
  )
  const nearName = fc
    .tuple(fc.constantFrom(...near), fc.array(fc.constantFrom(...words), { maxLength: 4 }))
    .map(([levels, fill]) =>
      levels.flatMap((level, i) => (level === '#' || level === '+' ? [fill[i] ?? 'a'] : [level])),
    )
    .map((levels) => levels.join('/'))
    .filter((text) => text !== '')
  const nearFilter = fc.constantFrom(...near).map((levels) => levels.join('/'))
  const qos = fc.constantFrom(0 as const, 1 as const, 2 as const)
  return fc.oneof(
    fc.record({
      action: fc.constant('publish' as const),
      topic: fc.oneof(nearName, topicName),
      qos,
      retain: fc.boolean(),
    }),
    fc.record({
      action: fc.constant('subscribe' as const),
      topic: fc
        .tuple(
          fc.oneof(nearFilter, nearName, topicFilter),
          fc.constantFrom('', '', '', '$share/g/', '$share/h/'),
        )
        // A filter must follow the share name.
        .map(([filter, share]) => (filter.startsWith('$') ? filter : share + filter)),
      qos,
    }),
  )
}

export function isAllowed(principal: Principal, request: AccessRequest): boolean {
  return decide(principal, request).effect === 'allow'
}
