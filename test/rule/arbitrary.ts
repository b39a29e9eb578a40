/**
 * Rules, values and requests drawn at random, over the alphabet whose names can be written out.
 *
 * @module
 */
import fc from 'fast-check'
import type { AccessRequest } from '../../src/rule/decision.ts'
import type { AccessRule, Attributes } from '../../src/rule/rule.ts'
import { ALPHABET, allFilters, allNames } from '../topic/oracle.ts'

/** The placeholders that rules hold. */
export const PLACEHOLDERS: readonly string[] = ['{deviceId}', '{clientId}', '{username}']

const VALUES = ['a', 'b']

const maybe = <T>(attributes: readonly T[]) => fc.constantFrom(undefined, ...attributes)

/** Leaves out the keys whose value is `undefined`. */
function without<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const entries = Object.entries(value).filter(([, v]) => v !== undefined)
  return Object.fromEntries(entries) as { [K in keyof T]: Exclude<T[K], undefined> }
}

const ruleFilter = fc
  .array(fc.constantFrom(...ALPHABET, 'a', '+', '+', ...PLACEHOLDERS), {
    minLength: 1,
    maxLength: 3,
  })
  .chain((levels) => fc.constantFrom(levels.join('/'), `${levels.slice(0, 2).join('/')}/#`, '#'))
  // Two user names would make a filter deeper than the names are.
  .filter((filter) => filter !== '' && filter.split('{username}').length <= 2)

export const anyRule: fc.Arbitrary<AccessRule> = fc
  .record({
    effect: fc.constantFrom('allow', 'allow', 'deny'),
    actions: fc.constantFrom(['publish'], ['subscribe'], ['publish', 'subscribe']),
    filter: ruleFilter,
    maxQos: maybe([0, 1, 2]),
    retain: maybe([true, false]),
    share: fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, maybe(['g', 'h', 'a'])),
  })
  .map((rule) => without({ ...rule, maxQos: rule.effect === 'deny' ? undefined : rule.maxQos }))
  .map((rule) => rule as AccessRule)

export const anyRequest: fc.Arbitrary<AccessRequest> = fc
  .record({
    action: fc.constantFrom('publish', 'subscribe'),
    name: fc.constantFrom(...allNames(3)),
    filter: fc.constantFrom(...allFilters(3)),
    share: fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, maybe(['g', 'h', 'a'])),
    qos: maybe([0, 1, 2]),
    retain: maybe([true, false]),
  })
  .map(({ action, name, filter, share, qos, retain }) => {
    const asked = share === undefined ? filter : `$share/${share}/${filter}`
    return without({ action, topic: action === 'publish' ? name : asked, qos, retain })
  })
  .map((request) => request as AccessRequest)

/** What is no topic, and what is but a strange one. */
const LONG = Array.from({ length: 128 }, () => 'a')
const HOSTILE: readonly unknown[] = [
  '',
  'a+',
  '#/a',
  'a/#/b',
  'a\0',
  '\ud83d',
  'a/\udc00',
  '$share',
  '$share/',
  '$share//a',
  '$share/g',
  '$share/g/',
  '$share/+/a',
  '$share/g/a#',
  LONG.join('/'),
  `${LONG.join('/')}/a`,
  `${LONG.slice(1).join('/')}/`,
  '/'.repeat(10_000),
  'a'.repeat(65_535),
  'a'.repeat(65_536),
  '__proto__',
  'constructor/toString',
  '{deviceId}',
  '+\u202e',
  undefined,
  null,
  7,
  {},
  ['a'],
]
export const hostileRequest: fc.Arbitrary<AccessRequest> = fc.record({
  action: fc.constantFrom('publish' as const, 'subscribe' as const),
  topic: fc.oneof(
    fc.constantFrom(...HOSTILE),
    fc.string({ unit: 'binary', maxLength: 8 }),
    fc
      .array(fc.constantFrom('$share', '+', '#', '', 'a', 'g', '$', '\0', '\ud83d', 'b+'), {
        maxLength: 5,
      })
      .map((levels) => levels.join('/')),
  ) as fc.Arbitrary<string>,
})

export const anyValues: fc.Arbitrary<Attributes> = fc
  .record({
    deviceId: maybe(VALUES),
    clientId: maybe(VALUES),
    username: fc.constantFrom('a', 'a/b', 'b/a'),
  })
  .map((attributes) => without(attributes) as Attributes)

export const anyRules: fc.Arbitrary<readonly AccessRule[]> = fc.array(anyRule, { maxLength: 6 })
