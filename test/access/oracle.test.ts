/**
 * Decisions held against rules that are written out: each rule becomes the set of names it speaks
 * of, each request the set of names it asks for, and the sets decide.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type AccessRequest, decide } from '../../src/access/decide.ts'
import { explainDecision } from '../../src/access/explain.ts'
import type { AccessRule, RuleValues } from '../../src/access/rule.ts'
import { ALPHABET, allFilters, allNames, includes, intersects, namesOf } from '../topic/oracle.ts'
import { principal } from './fixture.ts'

// One level deeper than any filter is exact, as test/topic/relation.test.ts says. A user name may
// be two levels, so a filter of 3 levels with one in it has 4.
const NAMES = allNames(5)
const PLACEHOLDERS = ['{deviceId}', '{clientId}', '{username}']
const VALUES = ['a', 'b']

const known = new Map<string, ReadonlySet<string>>()

function names(filter: string): ReadonlySet<string> {
  const found = known.get(filter) ?? namesOf(filter, NAMES)
  known.set(filter, found)
  return found
}

/** The filter of a rule for one principal, by putting texts in place of texts. */
function writeOut(rule: AccessRule, values: RuleValues): string | undefined {
  let filter = rule.filter
  for (const placeholder of PLACEHOLDERS) {
    const value = values[placeholder.slice(1, -1)] ?? (rule.effect === 'deny' ? '+' : undefined)
    if (!filter.includes(placeholder)) continue
    if (value === undefined) return undefined
    filter = filter.replaceAll(placeholder, value)
  }
  return filter
}

function isGranted(rules: readonly AccessRule[], values: RuleValues, request: AccessRequest) {
  const share = /^\$share\/([^/]+)\/(.*)$/.exec(request.topic)
  const isShared = request.action === 'subscribe' && share !== null
  const shareName = isShared ? share[1] : undefined
  const filter = isShared ? share[2]! : request.topic
  const asked = request.action === 'publish' ? new Set([request.topic]) : names(filter)

  const speaking = rules.filter((rule) => rule.actions.includes(request.action))
  const isDenied = speaking.some((rule) => {
    if (rule.effect === 'allow') return false
    if (rule.share !== undefined && rule.share !== shareName) return false
    if (request.action === 'publish' && rule.retain !== undefined) {
      if (request.retain !== undefined && request.retain !== rule.retain) return false
    }
    return intersects(names(writeOut(rule, values)!), asked)
  })
  const isAllowed = speaking.some((rule) => {
    if (rule.effect === 'deny' || rule.share !== shareName) return false
    if (rule.maxQos !== undefined && (request.qos ?? 3) > rule.maxQos) return false
    if (request.action === 'publish' && rule.retain !== undefined) {
      if (request.retain !== rule.retain) return false
    }
    const own = writeOut(rule, values)
    return own !== undefined && includes(names(own), asked)
  })
  return isAllowed && !isDenied
}

const maybe = <T>(values: readonly T[]) => fc.constantFrom(undefined, ...values)

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

const anyRule: fc.Arbitrary<AccessRule> = fc
  .record({
    effect: fc.constantFrom('allow', 'allow', 'deny'),
    actions: fc.constantFrom(['publish'], ['subscribe'], ['publish', 'subscribe']),
    filter: ruleFilter,
    maxQos: maybe([0, 1, 2]),
    retain: maybe([true, false]),
    share: fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, maybe(['g', 'h'])),
  })
  .map((rule) => without({ ...rule, maxQos: rule.effect === 'deny' ? undefined : rule.maxQos }))
  .map((rule) => rule as AccessRule)

const anyRequest: fc.Arbitrary<AccessRequest> = fc
  .record({
    action: fc.constantFrom('publish', 'subscribe'),
    name: fc.constantFrom(...allNames(3)),
    filter: fc.constantFrom(...allFilters(3)),
    share: fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, maybe(['g', 'h'])),
    qos: maybe([0, 1, 2]),
    retain: maybe([true, false]),
  })
  .map(({ action, name, filter, share, qos, retain }) => {
    const asked = share === undefined ? filter : `$share/${share}/${filter}`
    return without({ action, topic: action === 'publish' ? name : asked, qos, retain })
  })
  .map((request) => request as AccessRequest)

const anyValues = fc
  .record({
    deviceId: maybe(VALUES),
    clientId: maybe(VALUES),
    username: fc.constantFrom('a', 'a/b', 'b/a'),
  })
  .map((values) => without(values) as RuleValues)

const anyRules = fc.array(anyRule, { maxLength: 6 })

test('a decision is what the sets of names say', () => {
  let granted = 0
  fc.assert(
    fc.property(anyRules, anyValues, anyRequest, (rules, values, request) => {
      const expected = isGranted(rules, values, request) ? 'allow' : 'deny'
      granted += expected === 'allow' ? 1 : 0
      assert.equal(decide(principal(rules, values), request).effect, expected)
    }),
    { numRuns: 4_000 },
  )
  assert.ok(granted > 200, `${granted} of 4,000 were grants: too few to tell`)
})

test('the order of rules never matters', () => {
  const shuffled = anyRules.chain((rules) =>
    fc.tuple(
      fc.constant(rules),
      fc.shuffledSubarray(rules, { minLength: rules.length, maxLength: rules.length }),
    ),
  )
  fc.assert(
    fc.property(shuffled, anyValues, anyRequest, ([rules, others], values, request) => {
      const one = decide(principal(rules, values), request)
      const other = decide(principal(others, values), request)
      assert.deepEqual([one.effect, one.reason], [other.effect, other.reason])
    }),
    { numRuns: 2_000 },
  )
})

test('a further deny grants nothing, and a further allow takes nothing away', () => {
  fc.assert(
    fc.property(anyRules, anyRule, anyValues, anyRequest, (rules, more, values, request) => {
      const before = decide(principal(rules, values), request).effect
      const after = decide(principal([...rules, more], values), request).effect
      if (more.effect === 'deny') assert.ok(!(before === 'deny' && after === 'allow'))
      else assert.ok(!(before === 'allow' && after === 'deny'))
    }),
    { numRuns: 2_000 },
  )
})

test('an explanation agrees with the decision, and says more than a code', () => {
  fc.assert(
    fc.property(anyRules, anyValues, anyRequest, (rules, values, request) => {
      const who = principal(rules, values)
      const { text, nearMisses, ...decision } = explainDecision(who, request)
      assert.deepEqual(decision, decide(who, request))
      assert.match(text, /^svc may( not)? (publish|subscribe) to ".+": .+\.$/)
      if (decision.effect === 'allow') assert.deepEqual(nearMisses, [])
      for (const { rule, text: sentence } of nearMisses) {
        assert.equal(rule.effect, 'allow')
        assert.match(sentence, /^(its rule|it may) .+\.$/)
        assert.doesNotMatch(sentence, /undefined/)
      }
    }),
    { numRuns: 3_000 },
  )
})

test('nothing a client can send makes a decision or its explanation throw', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 300 }),
    fc
      .array(
        fc.constantFrom('$share', '+', '#', '', 'a', '$', '\0', '\ud83d', '{type}', '\u202e'),
        {
          maxLength: 200,
        },
      )
      .map((levels) => levels.join('/')),
    fc.constantFrom(undefined, null, 7, {}, []) as fc.Arbitrary<unknown> as fc.Arbitrary<string>,
  )
  fc.assert(
    fc.property(anyRules, text, fc.constantFrom('publish', 'subscribe'), (rules, topic, action) => {
      const who = principal(rules, { username: 'a/b' })
      const why = explainDecision(who, { action, topic })
      assert.equal(why.effect, decide(who, { action, topic }).effect)
      assert.doesNotMatch(why.text, /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u)
      assert.ok(why.text.length < 3_000)
    }),
    { numRuns: 2_000 },
  )
})
