/**
 * How rules decide: an allow must cover what is asked for, a deny must only touch it.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { decide } from '../../src/rule/decide.ts'
import type { AccessRequest, Decision } from '../../src/rule/decision.ts'
import type { Principal } from '../../src/rule/principal.ts'
import type { AccessRule } from '../../src/rule/rule.ts'
import { allow, deny, principal } from './fixture.ts'

const subscribe = (topic: string, more: Partial<AccessRequest> = {}): AccessRequest => ({
  action: 'subscribe',
  topic,
  ...more,
})
const publish = (topic: string, more: Partial<AccessRequest> = {}): AccessRequest => ({
  action: 'publish',
  topic,
  ...more,
})

function effects(who: Principal, requests: readonly AccessRequest[]): string[] {
  return requests.map((request) => decide(who, request).effect)
}

test('without rules everything is denied', () => {
  for (const request of [publish('a'), subscribe('a'), subscribe('#'), publish('$SYS/a')]) {
    assert.deepEqual(decide(principal([]), request), { effect: 'deny', code: 'no-rule-grants' })
  }
})

test('a decision carries the rule that made it, as declared', () => {
  const grant = allow('subscribe', '{type}/+')
  const stop = deny('subscribe', '{type}/secret')
  const who = principal([grant, stop], { type: 'a' })
  const cases: [string, Decision][] = [
    ['a/b', { effect: 'allow', code: 'allowed-by-rule', rule: grant }],
    ['a/secret', { effect: 'deny', code: 'denied-by-rule', rule: stop }],
    ['a/+', { effect: 'deny', code: 'denied-by-rule', rule: stop }],
    ['b/b', { effect: 'deny', code: 'no-rule-grants' }],
    ['a+', { effect: 'deny', code: 'topic-malformed' }],
  ]
  for (const [topic, expected] of cases) {
    assert.deepEqual(decide(who, subscribe(topic)), expected)
  }
})

describe('an allow needs containment', () => {
  const rows: [filter: string, granted: string[], denied: string[]][] = [
    ['a/b', ['a/b'], ['a/+', 'a/#', '+/b', '#', 'a', 'a/b/c', 'A/b']],
    ['a/+', ['a/b', 'a/+', 'a/'], ['a/#', 'a', '+/b', 'a/b/c', 'a/+/#', '#']],
    ['a/#', ['a', 'a/b', 'a/+', 'a/#', 'a/b/c/#'], ['#', '+', '+/b', 'b/#', '+/#']],
    ['#', ['#', '+', 'a/b', '/'], ['$SYS', '$SYS/#', '$SYS/a']],
    ['+', ['+', 'a'], ['#', '$SYS', 'a/b', '/']],
    ['$SYS/#', ['$SYS/a', '$SYS/#'], ['#', '+/a', '$other/a', 'SYS/a']],
  ]
  for (const [filter, granted, denied] of rows) {
    test(`${filter} grants ${granted.join('  ')}`, () => {
      const who = principal([allow('subscribe', filter)])
      for (const topic of granted) {
        assert.equal(decide(who, subscribe(topic)).effect, 'allow', topic)
      }
    })
    test(`${filter} does not grant ${denied.join('  ')}`, () => {
      const who = principal([allow('subscribe', filter)])
      for (const topic of denied) assert.equal(decide(who, subscribe(topic)).effect, 'deny', topic)
    })
  }

  test('by one rule alone: two that make it up together grant nothing', () => {
    const who = principal([allow('subscribe', 'a'), allow('subscribe', 'a/+/#')])
    assert.deepEqual(effects(who, [subscribe('a'), subscribe('a/b/#'), subscribe('a/#')]), [
      'allow',
      'allow',
      'deny',
    ])
  })

  test('for the action the rule names', () => {
    const who = principal([allow('publish', 'p'), allow('subscribe', 's'), allow('both', 'b')])
    assert.deepEqual(
      effects(
        who,
        ['p', 's', 'b'].map((t) => publish(t)),
      ),
      ['allow', 'deny', 'allow'],
    )
    assert.deepEqual(
      effects(
        who,
        ['p', 's', 'b'].map((t) => subscribe(t)),
      ),
      ['deny', 'allow', 'allow'],
    )
  })
})

describe('a deny needs overlap', () => {
  const everything = [allow('both', '#'), allow('both', '$SYS/#')]
  const rows: [filter: string, stopped: string[], left: string[]][] = [
    ['secret/#', ['#', '+', '+/#', '+/a', 'secret', 'secret/a/b'], ['secrets/#', 'a/#', '/a']],
    [
      'a/secret',
      ['a/secret', 'a/+', 'a/#', '+/secret', '#', '+/+'],
      ['a', 'a/b', '+', 'a/secret/+'],
    ],
    ['+/secret', ['a/secret', '/secret', 'a/+', '#'], ['$SYS/secret', '$SYS/#', 'secret', 'a/b']],
    ['#', ['#', 'a', '/'], ['$SYS/#', '$SYS/a']],
    ['$SYS/#', ['$SYS', '$SYS/a', '$SYS/+'], ['#', '+/a', 'a']],
  ]
  for (const [filter, stopped, left] of rows) {
    test(`${filter} stops ${stopped.join('  ')}`, () => {
      const who = principal([...everything, deny('subscribe', filter)])
      for (const topic of stopped) {
        assert.equal(decide(who, subscribe(topic)).code, 'denied-by-rule', topic)
      }
    })
    test(`${filter} leaves ${left.join('  ')}`, () => {
      const who = principal([...everything, deny('subscribe', filter)])
      for (const topic of left) assert.equal(decide(who, subscribe(topic)).effect, 'allow', topic)
    })
  }

  test('for the action the rule names', () => {
    const who = principal([...everything, deny('publish', 'p'), deny('both', 'b')])
    assert.deepEqual(effects(who, [publish('p'), subscribe('p')]), ['deny', 'allow'])
    assert.deepEqual(effects(who, [publish('b'), subscribe('b')]), ['deny', 'deny'])
  })

  test('and wins over an allow of the very same filter, wherever it stands', () => {
    for (const rules of [
      [allow('both', 'a'), deny('both', 'a')],
      [deny('both', 'a'), allow('both', 'a')],
      [allow('both', 'a'), deny('both', 'a'), allow('both', '#')],
    ]) {
      assert.equal(decide(principal(rules), publish('a')).code, 'denied-by-rule')
    }
  })
})

describe('maxQos', () => {
  const who = principal([allow('both', 'a', { maxQos: 1 }), allow('both', 'z', { maxQos: 0 })])
  const rows: [topic: string, qos: unknown, effect: Decision['effect']][] = [
    ['a', 0, 'allow'],
    ['a', 1, 'allow'],
    ['z', 0, 'allow'],
    ['a', 2, 'deny'],
    ['z', 1, 'deny'],
    ['z', 2, 'deny'],
    ['a', undefined, 'deny'],
    ['z', undefined, 'deny'],
    // What no type allows, but a body read as JSON may hold.
    ['a', null, 'deny'],
    ['a', '0', 'deny'],
    ['a', Number.NaN, 'deny'],
    ['a', false, 'deny'],
  ]
  for (const [topic, qos, effect] of rows) {
    test(`QoS ${JSON.stringify(qos) ?? 'not known'} on ${topic}: ${effect}`, () => {
      const asked = { qos } as Partial<AccessRequest>
      assert.deepEqual(effects(who, [publish(topic, asked), subscribe(topic, asked)]), [
        effect,
        effect,
      ])
    })
  }

  test('limits its own rule only', () => {
    const both = principal([allow('publish', 'a/#', { maxQos: 0 }), allow('publish', 'a/b')])
    assert.deepEqual(effects(both, [publish('a/b', { qos: 2 }), publish('a/c', { qos: 2 })]), [
      'allow',
      'deny',
    ])
  })
})

describe('retain', () => {
  const rows: [rules: AccessRule[], retain: unknown, effect: Decision['effect']][] = [
    [[allow('publish', 'a', { retain: true })], true, 'allow'],
    [[allow('publish', 'a', { retain: false })], false, 'allow'],
    [[allow('publish', 'a')], undefined, 'allow'],
    [[allow('publish', 'a'), deny('publish', 'a', { retain: true })], false, 'allow'],
    [[allow('publish', 'a'), deny('publish', 'a', { retain: false })], true, 'allow'],
    [[allow('publish', 'a', { retain: true })], false, 'deny'],
    [[allow('publish', 'a', { retain: false })], true, 'deny'],
    [[allow('publish', 'a', { retain: true })], undefined, 'deny'],
    [[allow('publish', 'a', { retain: false })], undefined, 'deny'],
    [[allow('publish', 'a'), deny('publish', 'a', { retain: true })], true, 'deny'],
    [[allow('publish', 'a'), deny('publish', 'a', { retain: false })], false, 'deny'],
    [[allow('publish', 'a'), deny('publish', 'a', { retain: true })], undefined, 'deny'],
    [[allow('publish', 'a'), deny('publish', 'a', { retain: false })], undefined, 'deny'],
    [[allow('publish', 'a'), deny('publish', 'a')], true, 'deny'],
    [[allow('publish', 'a'), deny('publish', 'a')], false, 'deny'],
    [[allow('publish', 'a'), deny('publish', 'a', { retain: true })], null, 'deny'],
    [[allow('publish', 'a', { retain: false })], null, 'deny'],
  ]
  for (const [rules, retain, effect] of rows) {
    const words = rules.map((r) => `${r.effect} with ${r.retain ?? 'either'}`).join(', ')
    test(`${words}; the flag is ${retain ?? 'not known'}: ${effect}`, () => {
      const asked = { retain } as Partial<AccessRequest>
      assert.equal(decide(principal(rules), publish('a', asked)).effect, effect)
    })
  }

  test('says nothing about subscriptions', () => {
    const granted = principal([allow('both', 'a', { retain: true })])
    assert.equal(decide(granted, subscribe('a')).effect, 'allow')
    const stopped = principal([allow('both', 'a'), deny('both', 'a', { retain: true })])
    assert.equal(decide(stopped, subscribe('a')).effect, 'deny')
  })
})

describe('share', () => {
  const plain = allow('subscribe', 'a/+')
  const shared = allow('subscribe', 'a/+', { share: 'g' })
  const rows: [title: string, rules: AccessRule[], granted: string[], denied: string[]][] = [
    ['an allow without it', [plain], ['a/b', 'a/+'], ['$share/g/a/b', '$share/h/a/+']],
    [
      'an allow with it',
      [shared],
      ['$share/g/a/b', '$share/g/a/+'],
      ['a/b', 'a/+', '$share/h/a/b', '$share/G/a/b', '$share/g/a/#', '$share/g/#', '$share/g/b'],
    ],
    [
      'an allow with it, of one plain topic',
      [allow('subscribe', 'a/b', { share: 'g' })],
      ['$share/g/a/b'],
      ['a/b', '$share/h/a/b', '$share/g/a/+', '$share/g/a', '$share/g/$share/g/a/b'],
    ],
    [
      'an allow whose share name is a level of what is asked for',
      [allow('subscribe', 'a/+', { share: 'b' }), allow('subscribe', 'b/#', { share: 'b' })],
      ['$share/b/a/b', '$share/b/b'],
      ['a/b', 'b/b', 'b', 'b/b/b', '$share/a/a/b', '$share/c/b/b'],
    ],
    [
      'a deny whose share name is a level of what is asked for',
      [plain, deny('subscribe', '#', { share: 'b' })],
      ['a/b', 'a/+'],
      ['$share/b/a/b'],
    ],
    ['both', [plain, shared], ['a/b', '$share/g/a/b'], ['$share/h/a/b', '$share/g/$share/g/a/b']],
    ['a deny without it', [plain, shared, deny('subscribe', 'a/b')], [], ['a/b', '$share/g/a/b']],
    [
      'a deny with it',
      [plain, shared, deny('subscribe', 'a/b', { share: 'g' })],
      ['a/b', 'a/+', '$share/g/a/c'],
      ['$share/g/a/b', '$share/g/a/+'],
    ],
  ]
  for (const [title, rules, granted, denied] of rows) {
    test(`${title} grants ${granted.join('  ') || 'nothing'}`, () => {
      for (const topic of granted) {
        assert.equal(decide(principal(rules), subscribe(topic)).effect, 'allow', topic)
      }
    })
    test(`${title} leaves denied ${denied.join('  ')}`, () => {
      for (const topic of denied) {
        assert.equal(decide(principal(rules), subscribe(topic)).effect, 'deny', topic)
      }
    })
  }

  test('grants no publish, for nobody publishes to a share', () => {
    const who = principal([allow('both', 'a', { share: 'g' })])
    for (const topic of ['a', '$share/g/a']) {
      assert.equal(decide(who, publish(topic)).effect, 'deny', topic)
    }
  })
})

describe('what no type allows is denied, and throws nothing', () => {
  const who = principal([allow('both', '#'), deny('both', 'secret')])
  for (const topic of [undefined, null, 7, {}, [], ['a'], true]) {
    test(`a topic that is ${JSON.stringify(topic) ?? 'undefined'}`, () => {
      for (const action of ['publish', 'subscribe'] as const) {
        const request = { action, topic: topic as unknown as string }
        assert.deepEqual(decide(who, request), { effect: 'deny', code: 'topic-malformed' })
      }
    })
  }
  for (const action of [undefined, null, '', 'Publish', 'all', 'toString', '__proto__']) {
    test(`an action that is ${JSON.stringify(action) ?? 'undefined'}`, () => {
      const request = { action: action as unknown as 'publish', topic: 'a' }
      assert.deepEqual(decide(who, request), { effect: 'deny', code: 'no-rule-grants' })
    })
  }
  for (const effect of ['Deny', 'DENY', 'Allow', '', undefined]) {
    test(`a rule whose effect is ${JSON.stringify(effect) ?? 'undefined'} grants nothing`, () => {
      const rule = { ...allow('both', '#'), effect: effect as unknown as 'allow' }
      assert.equal(decide(principal([rule]), publish('a')).effect, 'deny')
    })
  }
})
