/**
 * Decisions held against rules that are written out: each rule becomes the set of names it speaks
 * of, each request the set of names it asks for, and the sets decide.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { compileAccess } from '../../src/rule/compile.ts'
import { decide } from '../../src/rule/decide.ts'
import type { AccessRequest, DecisionCode } from '../../src/rule/decision.ts'
import { explainDecision } from '../../src/rule/explain.ts'
import type { AccessRule, Attributes } from '../../src/rule/rule.ts'
import {
  ALPHABET,
  allNames,
  includes,
  intersects,
  isNaiveFilter,
  isNaiveName,
  type NameSet,
  naiveMatches,
  namesOf,
  withoutShare,
} from '../topic/oracle.ts'
import { ORACLE_SEED, SEEDED } from '../topic/seed.ts'
import {
  anyRequest,
  anyRule,
  anyRules,
  anyValues,
  hostileRequest,
  PLACEHOLDERS,
} from './arbitrary.ts'
import { principal } from './fixture.ts'

// One level deeper than any filter is exact, as test/topic/relation-sets.test.ts says. A user name
// may be two levels, so a filter of 3 levels with one in it has 4.
const NAMES = allNames(5)
const SEED = { seed: ORACLE_SEED }

const known = new Map<string, NameSet>()

function names(filter: string): NameSet {
  const found = known.get(filter) ?? namesOf(filter, NAMES)
  known.set(filter, found)
  return found
}

/** The filter of a rule for one principal, by putting texts in place of texts. */
function writeOut(rule: AccessRule, attributes: Attributes): string | undefined {
  let filter = rule.filter
  for (const placeholder of PLACEHOLDERS) {
    const value = attributes[placeholder.slice(1, -1)] ?? (rule.effect === 'deny' ? '+' : undefined)
    if (!filter.includes(placeholder)) continue
    if (value === undefined) return undefined
    // What has one level or several is taken for any number of them.
    if (placeholder === '{clientId}' && !Object.hasOwn(attributes, 'clientId')) {
      filter = `${filter.slice(0, filter.indexOf(placeholder))}#`
      continue
    }
    filter = filter.replaceAll(placeholder, value)
  }
  return filter
}

/** Which share name a well-formed request has. */
function shareOf({ action, topic }: AccessRequest): string | undefined {
  return action === 'subscribe' ? /^\$share\/([^/]+)/.exec(topic)?.[1] : undefined
}

/** What has to be decided, and about which rules. */
function expect(rules: readonly AccessRule[], attributes: Attributes, request: AccessRequest) {
  const { action, topic } = request
  const isPublish = action === 'publish'
  if (!(isPublish ? isNaiveName(topic) : isNaiveFilter(topic))) return answer('topic-malformed', [])
  const share = shareOf(request)
  const asked = isPublish ? undefined : names(withoutShare(topic))
  const touches = (filter: string) =>
    asked ? intersects(names(filter), asked) : naiveMatches(filter, topic)
  const grants = (filter: string) =>
    asked ? includes(names(filter), asked) : naiveMatches(filter, topic)

  const speaking = rules.filter((rule) => rule.actions.includes(action))
  const denies = speaking.filter((rule) => {
    if (rule.effect === 'allow') return false
    if (rule.share !== undefined && rule.share !== share) return false
    if (isPublish && rule.retain !== undefined) {
      if (request.retain !== undefined && request.retain !== rule.retain) return false
    }
    return touches(writeOut(rule, attributes)!)
  })
  if (denies.length > 0) return answer('denied-by-rule', denies)
  const allows = speaking.filter((rule) => {
    if (rule.effect === 'deny' || rule.share !== share) return false
    if (rule.maxQos !== undefined && (request.qos ?? 3) > rule.maxQos) return false
    if (isPublish && rule.retain !== undefined && request.retain !== rule.retain) return false
    const own = writeOut(rule, attributes)
    return own !== undefined && grants(own)
  })
  return allows.length > 0 ? answer('allowed-by-rule', allows) : answer('no-rule-grants', [])
}

function answer(code: DecisionCode, by: readonly AccessRule[]) {
  return { effect: code === 'allowed-by-rule' ? 'allow' : 'deny', code, by }
}

/** Whether the sets of names decide about a request: a name, or a filter they hold all levels of. */
function isDecidable({ action, topic }: AccessRequest): boolean {
  if (action === 'publish' || !isNaiveFilter(topic)) return true
  const levels = withoutShare(topic).split('/')
  return levels.length <= 4 && levels.every((level) => [...ALPHABET, '+', '#'].includes(level))
}

const anyAsked = fc.oneof({ weight: 7, arbitrary: anyRequest }, hostileRequest)
const somebody = fc
  .record({ rules: anyRules, attributes: anyValues })
  .map(({ rules, attributes }) => ({ rules, attributes, who: principal(rules, attributes) }))

test(`100,000 decisions are what the sets of names say ${SEEDED}`, () => {
  const counts = new Map<DecisionCode, number>()
  const pairs = fc.tuple(somebody, somebody, fc.array(anyAsked, { minLength: 25, maxLength: 25 }))
  fc.assert(
    fc.property(pairs, ([one, other, requests]) => {
      // Each is asked in turn, so that one's answer would show in the other's.
      const asked = [one, other].map((each) => ({ ...each, access: compileAccess(each.who) }))
      for (const request of requests) {
        for (const { rules, attributes, who, access } of asked) {
          const decision = access.decide(request)
          assert.deepEqual(decision, decide(who, request))
          if (!isDecidable(request)) continue
          const { by, ...expected } = expect(rules, attributes, request)
          const { rule, ...decided } = decision
          assert.deepEqual(decided, expected)
          assert.ok(rule === undefined ? by.length === 0 : by.includes(rule))
          counts.set(decided.code, (counts.get(decided.code) ?? 0) + 1)
        }
      }
    }),
    { numRuns: 2_100, ...SEED },
  )
  const total = [...counts.values()].reduce((sum, count) => sum + count)
  assert.ok(total >= 100_000, `${total} were decided by sets`)
  for (const reason of ['allowed-by-rule', 'denied-by-rule', 'topic-malformed'] as const) {
    const count = counts.get(reason) ?? 0
    assert.ok(count > 2_000, `${count} of ${total} were ${reason}: too few to tell`)
  }
})

test(`the order of rules never matters ${SEEDED}`, () => {
  const shuffled = anyRules.chain((rules) =>
    fc.tuple(
      fc.constant(rules),
      fc.shuffledSubarray([...rules], { minLength: rules.length, maxLength: rules.length }),
    ),
  )
  fc.assert(
    fc.property(shuffled, anyValues, anyRequest, ([rules, others], attributes, request) => {
      const one = decide(principal(rules, attributes), request)
      const other = decide(principal(others, attributes), request)
      assert.deepEqual([one.effect, one.code], [other.effect, other.code])
    }),
    { numRuns: 2_000, ...SEED },
  )
})

test(`a further deny grants nothing, and a further allow takes nothing away ${SEEDED}`, () => {
  fc.assert(
    fc.property(anyRules, anyRule, anyValues, anyRequest, (rules, more, attributes, request) => {
      const before = decide(principal(rules, attributes), request).effect
      const after = decide(principal([...rules, more], attributes), request).effect
      if (more.effect === 'deny') assert.ok(!(before === 'deny' && after === 'allow'))
      else assert.ok(!(before === 'allow' && after === 'deny'))
    }),
    { numRuns: 2_000, ...SEED },
  )
})

test(`an explanation agrees with the decision, and says more than a code ${SEEDED}`, () => {
  fc.assert(
    fc.property(anyRules, anyValues, anyRequest, (rules, attributes, request) => {
      const who = principal(rules, attributes)
      const { text, nearMisses, ...decision } = explainDecision(decide(who, request), who, request)
      assert.deepEqual(decision, decide(who, request))
      assert.match(text, /^svc may( not)? (publish|subscribe) to ".+": .+\.$/)
      if (decision.effect === 'allow') assert.deepEqual(nearMisses, [])
      for (const { rule, text: sentence } of nearMisses) {
        assert.equal(rule.effect, 'allow')
        assert.match(sentence, /^(its rule|it may) .+\.$/)
        assert.doesNotMatch(sentence, /undefined/)
      }
    }),
    { numRuns: 3_000, ...SEED },
  )
})

test(`nothing a client can send makes a decision or its explanation throw ${SEEDED}`, () => {
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
      const request = { action, topic }
      const decision = decide(who, request)
      const why = explainDecision(decision, who, request)
      assert.equal(why.effect, decision.effect)
      assert.doesNotMatch(why.text, /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u)
      assert.ok(why.text.length < 3_000)
    }),
    { numRuns: 2_000, ...SEED },
  )
})
