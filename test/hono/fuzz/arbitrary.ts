/**
 * Fleets, clients and packets drawn at random: few levels that get in each other's way, with the
 * characters that some broker reads otherwise.
 *
 * @module
 */
import fc from 'fast-check'
import type { AccessRule } from '../../../src/rule/rule.ts'
import type { Packet } from './language.ts'

// A dot and a star mean something to RabbitMQ, a comma to NanoMQ, an ampersand in a form.
const WORDS = ['a', 'a', 'b', 'b', '', 'a.b', '.', '*', 'a,b', 'b&acc=1'] as const
const ROOTS = [...WORDS, '$r', '$SYS'] as const
const PLACEHOLDERS = ['{deviceId}', '{clientId}', '{username}', '{type}', '{site}'] as const
const SHARES = ['g', 'h', 'a,b'] as const

/** Ids of devices. One holds a character that a broker takes for the separator. */
export const IDS = ['a', 'b', 'a.b', 'c,d', '*'] as const

/** What a client says of itself. Some would be other fields, were they not escaped. */
export const CLIENT_IDS: readonly string[] = [
  'a',
  'b',
  'c1',
  'a.b',
  'a/b',
  '+',
  '#',
  '',
  'null',
  'undefined',
  'client id not available',
  'c&acc=1',
  'c&username=s',
  'c&topic=a&x=',
  'c","topic":"a","x":"',
  'a,b',
]

function topic(
  first: readonly string[],
  rest: readonly string[],
  ends: readonly string[],
): fc.Arbitrary<string> {
  return fc
    .tuple(
      fc.constantFrom(...first),
      fc.array(fc.constantFrom(...rest), { maxLength: 2 }),
      fc.constantFrom(...ends),
    )
    .map(([head, tail, end]) => [head, ...tail].join('/') + end)
    .filter((text) => text !== '')
}

const anyName = topic(ROOTS, WORDS, [''])
const anyFilter = fc.oneof(
  { weight: 9, arbitrary: topic([...ROOTS, '+'], [...WORDS, '+', '+'], ['', '', '/#']) },
  { weight: 1, arbitrary: fc.constant('#') },
)
const ruleFilter = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom('a', 'a/+', 'a/#', 'a/b', 'b/#', '+/a', 'a/{deviceId}') },
  {
    weight: 9,
    arbitrary: topic([...ROOTS, '+', 'a', 'b'], [...WORDS, '+', ...PLACEHOLDERS], ['', '', '/#']),
  },
  { weight: 1, arbitrary: fc.constant('#') },
)

const anyRule: fc.Arbitrary<AccessRule> = fc
  .record({
    effect: fc.constantFrom('allow' as const, 'allow' as const, 'allow' as const, 'deny' as const),
    actions: fc.constantFrom<AccessRule['actions'][]>(
      ['publish'],
      ['subscribe'],
      ['publish', 'subscribe'],
    ),
    filter: ruleFilter,
    condition: fc.oneof(
      { weight: 3, arbitrary: fc.constant({}) },
      { weight: 1, arbitrary: fc.record({ maxQos: fc.constantFrom(0, 1, 2) }) },
      { weight: 1, arbitrary: fc.record({ retain: fc.boolean() }) },
      { weight: 1, arbitrary: fc.record({ share: fc.constantFrom(...SHARES) }) },
    ),
  })
  .map(({ condition, ...rule }) =>
    rule.effect === 'deny' && 'maxQos' in condition ? rule : { ...rule, ...condition },
  )
  .map((rule) => rule as AccessRule)

const anyRules = fc.array(anyRule, { maxLength: 5, size: 'max' })

/** A fleet: rules of two types, of a service account, and of single devices. */
export interface Plan {
  readonly typeRules: readonly (readonly AccessRule[])[]
  readonly serviceRules: readonly AccessRule[]
  /** Of the first device of each type; none where the fleet is to be judged as a whole. */
  readonly ownRules: readonly (readonly AccessRule[])[]
  readonly ids: readonly string[]
}

export const anyPlan: fc.Arbitrary<Plan> = fc.record({
  typeRules: fc.tuple(anyRules, anyRules),
  serviceRules: anyRules,
  ownRules: fc.oneof(fc.constant([[], []]), fc.tuple(anyRules, anyRules)),
  ids: fc.uniqueArray(fc.constantFrom(...IDS), { minLength: 2, maxLength: 2 }),
})

/** Whose rules there are to ask about. */
export interface Asker {
  readonly rules: readonly AccessRule[]
  readonly values: Readonly<Record<string, string>>
}

/** The users of a plan, as `build` makes them: the service, and two devices of each type. */
export function askers({ typeRules, serviceRules, ownRules, ids }: Plan): readonly Asker[] {
  const devices = typeRules.flatMap((rules, i) =>
    ids.map((deviceId, j) => {
      const type = 'ab'.charAt(i)
      const username = i === 1 && j === 1 ? 'u.b' : `${type}/${deviceId}`
      const own = (j === 0 && ownRules[i]) || []
      return { rules: [...rules, ...own], values: { type, deviceId, username, site: 'a' } }
    }),
  )
  return [{ rules: serviceRules, values: { username: 's' } }, ...devices]
}

/** A packet near one of somebody's rules, or anything. */
export function anyPacket({ rules, values }: Asker, clientId: string): fc.Arbitrary<Packet> {
  const known: Readonly<Record<string, string>> = { ...values, clientId }
  const near = fc.constantFrom(...rules.map(({ filter }) => filter), 'a/+')
  const fill = fc.array(fc.constantFrom(...WORDS), { minLength: 6, maxLength: 6 })
  const filled = fc
    .tuple(near, fill)
    .map(([filter, words]) => filter.replace(/\{(\w+)\}/g, (_, name) => known[name] ?? words[0]!))
  const nearName = fc
    .tuple(filled, fill)
    .map(([filter, words]) => {
      let i = 0
      return filter
        .split('/')
        .map((level) => (level === '+' || level === '#' ? words[i++ % 6]! : level))
        .join('/')
    })
    .filter((name) => name !== '')
  const share = fc.constantFrom('', '', '', ...SHARES.map((name) => `$share/${name}/`), '$queue/')
  const nearFilter = fc
    .tuple(share, fc.oneof(filled, filled, nearName, anyFilter))
    .map(([prefix, filter]) => prefix + (filter === '' ? 'a' : filter))
  const qos = fc.constantFrom(0 as const, 1 as const, 2 as const)
  return fc.oneof(
    fc.record({
      action: fc.constant('publish' as const),
      topic: fc.oneof(nearName, nearName, anyName),
      qos,
      retain: fc.boolean(),
    }),
    fc.record({
      action: fc.constant('subscribe' as const),
      filters: fc.array(fc.record({ filter: nearFilter, qos }), { minLength: 1, maxLength: 3 }),
    }),
  )
}
