/**
 * Rules made ready for many decisions: each comes out as if it were the only one.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { compileAccess } from '../../src/rule/compile.ts'
import { decide } from '../../src/rule/decide.ts'
import type { AccessRequest, Decision } from '../../src/rule/decision.ts'
import type { AccessRule } from '../../src/rule/rule.ts'
import { allow, deny, principal, station } from './fixture.ts'

const OWN = 'things/weatherstation/STATION-001'

const grant = allow('subscribe', 'a/+')
const shared = allow('subscribe', 'a/+', { share: 'g' })
const stop = deny('subscribe', 'a/secret')
const say = allow('publish', 'a/b')
const access = compileAccess(principal([grant, shared, stop, say]))

const ROWS: [request: AccessRequest, decision: Decision][] = [
  [
    { action: 'subscribe', topic: 'a/b' },
    { effect: 'allow', code: 'allowed-by-rule', rule: grant },
  ],
  [
    { action: 'subscribe', topic: '$share/g/a/b' },
    { effect: 'allow', code: 'allowed-by-rule', rule: shared },
  ],
  [
    { action: 'subscribe', topic: 'a/+' },
    { effect: 'deny', code: 'denied-by-rule', rule: stop },
  ],
  [
    { action: 'subscribe', topic: '#' },
    { effect: 'deny', code: 'denied-by-rule', rule: stop },
  ],
  [
    { action: 'subscribe', topic: 'b' },
    { effect: 'deny', code: 'no-rule-grants' },
  ],
  [
    { action: 'publish', topic: 'a/b' },
    { effect: 'allow', code: 'allowed-by-rule', rule: say },
  ],
  [
    { action: 'publish', topic: 'a/c' },
    { effect: 'deny', code: 'no-rule-grants' },
  ],
  [
    { action: 'publish', topic: 'a/#' },
    { effect: 'deny', code: 'topic-malformed' },
  ],
  [
    { action: 'subscribe', topic: '' },
    { effect: 'deny', code: 'topic-malformed' },
  ],
]

describe('one that is asked again and again', () => {
  for (const [request, decision] of ROWS) {
    const { action, topic } = request
    test(`says the same of ${action} ${JSON.stringify(topic)} after every other request`, () => {
      for (const [other, otherwise] of ROWS) {
        assert.deepEqual(access.decide(other), otherwise)
        assert.deepEqual(access.decide(request), decision)
      }
    })
  }

  test('gives the same decision, which nobody can change', () => {
    for (const [request, decision] of ROWS) {
      const given = access.decide(request)
      assert.equal(access.decide({ ...request }), given)
      assert.throws(() => Object.assign(given, { effect: 'allow' }), TypeError)
      assert.throws(() => Object.assign(given, { more: true }), TypeError)
      assert.deepEqual(access.decide(request), decision)
    }
  })
})

test('what one principal may do, another may not, however they take turns', () => {
  const one = compileAccess(station())
  const other = compileAccess(principal([allow('both', '{site}/#')], { site: 'north' }))
  for (let i = 0; i < 3; i++) {
    const publish = (topic: string): AccessRequest => ({ action: 'publish', topic })
    assert.equal(one.decide(publish(`${OWN}/data`)).effect, 'allow')
    assert.equal(other.decide(publish(`${OWN}/data`)).effect, 'deny')
    assert.equal(other.decide(publish('north/a')).effect, 'allow')
    assert.equal(one.decide(publish('north/a')).effect, 'deny')
  }
})

test('an action that there is not is denied, and what is asked after it is decided as ever', () => {
  const access = compileAccess(principal([allow('both', 'a/#')]))
  for (const action of ['delete', '', undefined] as never[]) {
    assert.deepEqual(access.decide({ action, topic: 'a/b' }), {
      effect: 'deny',
      code: 'no-rule-grants',
    })
  }
  for (const action of ['publish', 'subscribe'] as const) {
    assert.equal(access.decide({ action, topic: 'a/b' }).effect, 'allow')
  }
})

test('rules and attributes added later count when they are compiled again', () => {
  const rules: AccessRule[] = [allow('publish', 'a/{site}')]
  const attributes: Record<string, string> = {}
  const who = principal(rules, attributes)
  const before = compileAccess(who)
  rules.push(allow('publish', 'b'))
  attributes.site = 'north'
  for (const topic of ['b', 'a/north']) {
    assert.equal(before.decide({ action: 'publish', topic }).effect, 'deny', topic)
    assert.equal(decide(who, { action: 'publish', topic }).effect, 'allow', topic)
  }
})

describe('a list that nobody can change is made ready once for all who have it', () => {
  const rules = Object.freeze([
    allow('publish', '{site}/{deviceId}/data'),
    allow('publish', 'news'),
    allow('publish', '{owner}'),
    allow('subscribe', '{site}/+'),
    deny('subscribe', '{site}/{secret}'),
    deny('subscribe', 'hidden/#'),
  ])
  const north = { site: 'north', deviceId: 'P-1', secret: 'keys' }
  // No secret, which is any; and an owner of two levels.
  const south = { site: 'south', deviceId: 'P-2', owner: 'south/all' }
  const one = compileAccess(principal(rules, north))
  const other = compileAccess(principal(rules, south))

  for (const [action, topic, ofNorth, ofSouth] of [
    ['publish', 'north/P-1/data', 'allow', 'deny'],
    ['publish', 'south/P-2/data', 'deny', 'allow'],
    ['publish', 'north/P-2/data', 'deny', 'deny'],
    ['publish', 'north/P-1/data/', 'deny', 'deny'],
    ['publish', 'north/P-1/dat', 'deny', 'deny'],
    ['publish', 'north/P-1', 'deny', 'deny'],
    ['publish', 'north', 'deny', 'deny'],
    ['publish', 'x', 'deny', 'deny'],
    ['publish', 'news', 'allow', 'allow'],
    ['publish', 'south/all', 'deny', 'allow'],
    ['publish', 'south/al', 'deny', 'deny'],
    ['subscribe', 'north/open', 'allow', 'deny'],
    ['subscribe', 'north/keys', 'deny', 'deny'],
    ['subscribe', 'north/+', 'deny', 'deny'],
    ['subscribe', 'south/open', 'deny', 'deny'],
    ['subscribe', 'hidden/a', 'deny', 'deny'],
  ] as const) {
    test(`${action} ${topic}: ${ofNorth} and ${ofSouth}`, () => {
      for (let i = 0; i < 2; i++) {
        assert.equal(one.decide({ action, topic }).effect, ofNorth)
        assert.equal(other.decide({ action, topic }).effect, ofSouth)
      }
    })
  }

  test('with the same decision for all', () => {
    const decision = one.decide({ action: 'publish', topic: 'north/P-1/data' })
    assert.equal(other.decide({ action: 'publish', topic: 'south/P-2/data' }), decision)
  })
})
