/**
 * What is granted and what is not, and how a denial is explained.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import * as v from 'valibot'
import {
  type AccessRequest,
  type AccessRule,
  command,
  decide,
  defineDeviceType,
  deviceRules,
  explainDecision,
  hubRules,
  matches,
  type NearMissCode,
  type Principal,
} from '../../src/index.ts'

const station = defineDeviceType('weatherstation', {
  data: v.object({}),
  commands: { ping: command({ reply: v.object({}) }) },
})
const pump = defineDeviceType('pump', { data: v.object({}) })

function device(
  type: typeof station | typeof pump,
  id: string,
  more: AccessRule[] = [],
): Principal {
  const username = `${type.name}/${id}`
  return {
    kind: 'device',
    username,
    device: { type: type.name, id },
    rules: [...deviceRules(type, 'things'), ...more],
    values: { prefix: 'things', type: type.name, deviceId: id, username },
  }
}

function service(rules: readonly AccessRule[], values: Record<string, string> = {}): Principal {
  return { kind: 'service', username: 'svc', rules, values }
}

const allow = (filter: string, more: Partial<AccessRule> = {}): AccessRule => ({
  effect: 'allow',
  actions: ['publish', 'subscribe'],
  filter,
  ...more,
})
const deny = (filter: string, more: Partial<AccessRule> = {}): AccessRule => ({
  ...allow(filter, more),
  effect: 'deny',
})

type Row = [action: 'publish' | 'subscribe', topic: string, effect: 'allow' | 'deny']

function table(title: string, principal: Principal, rows: Row[]): void {
  describe(title, () => {
    for (const [action, topic, effect] of rows) {
      test(`${action} ${JSON.stringify(topic.slice(0, 60))}: ${effect}`, () => {
        const request = { action, topic, qos: 1, retain: false } as const
        assert.equal(decide(principal, request).effect, effect)
        assert.equal(explainDecision(principal, request).effect, effect)
      })
    }
  })
}

const own = 'things/weatherstation/S-1'
table('a device by default', device(station, 'S-1'), [
  ['publish', `${own}/data`, 'allow'],
  ['publish', `${own}/status`, 'allow'],
  ['publish', `${own}/reply`, 'allow'],
  ['subscribe', `${own}/cmd`, 'allow'],
  ['publish', `${own}/cmd`, 'deny'],
  ['publish', `${own}/DATA`, 'deny'],
  ['publish', `${own}/data/`, 'deny'],
  ['publish', `${own}/data/x`, 'deny'],
  ['publish', `/${own}/data`, 'deny'],
  ['publish', own, 'deny'],
  ['publish', 'things/weatherstation/S-2/data', 'deny'],
  ['publish', 'things/pump/S-1/data', 'deny'],
  ['publish', 'things/weatherstation/+/data', 'deny'],
  ['publish', '$SYS/broker', 'deny'],
  ['publish', '', 'deny'],
  ['subscribe', `${own}/data`, 'deny'],
  ['subscribe', `${own}/reply`, 'deny'],
  ['subscribe', `${own}/+`, 'deny'],
  ['subscribe', `${own}/#`, 'deny'],
  ['subscribe', 'things/weatherstation/+/cmd', 'deny'],
  ['subscribe', 'things/+/S-1/cmd', 'deny'],
  ['subscribe', '+/weatherstation/S-1/cmd', 'deny'],
  ['subscribe', 'things/#', 'deny'],
  ['subscribe', '#', 'deny'],
  ['subscribe', '$SYS/#', 'deny'],
  ['subscribe', `$share/devicehub/${own}/cmd`, 'deny'],
  ['subscribe', `$share//${own}/cmd`, 'deny'],
  ['subscribe', '$share/devicehub', 'deny'],
  ['subscribe', `${own}/cmd\0`, 'deny'],
  ['subscribe', 'a/'.repeat(10_000), 'deny'],
  ['publish', `${own}/${'x'.repeat(70_000)}`, 'deny'],
])

table('a device whose type declares no reply', device(pump, 'P-1'), [
  ['publish', 'things/pump/P-1/data', 'allow'],
  ['publish', 'things/pump/P-1/reply', 'deny'],
])

table('a hub', service(hubRules([station, pump])), [
  ['subscribe', 'things/weatherstation/+/data', 'allow'],
  ['subscribe', 'things/weatherstation/S-1/data', 'allow'],
  ['subscribe', '$share/devicehub/things/pump/+/status', 'allow'],
  ['subscribe', 'things/weatherstation/+/reply', 'allow'],
  ['publish', 'things/pump/P-1/cmd', 'allow'],
  ['subscribe', '$share/other/things/pump/+/status', 'deny'],
  ['subscribe', '$share/devicehub/things/weatherstation/+/reply', 'deny'],
  ['subscribe', 'things/pump/+/reply', 'deny'],
  ['subscribe', 'things/pump/+/cmd', 'deny'],
  ['subscribe', 'things/#', 'deny'],
  ['publish', 'things/pump/P-1/data', 'deny'],
  ['publish', 'things/pump/P-1/cmd/x', 'deny'],
])

table('an allow needs containment', service([allow('a/+'), allow('b/#'), allow('+/x')]), [
  ['subscribe', 'a/+', 'allow'],
  ['subscribe', 'a/', 'allow'],
  ['subscribe', 'b/#', 'allow'],
  ['subscribe', 'b', 'allow'],
  ['subscribe', 'b/+/c/#', 'allow'],
  ['subscribe', 'a/#', 'deny'],
  ['subscribe', 'a', 'deny'],
  ['subscribe', 'a/b/c', 'deny'],
  ['subscribe', '+/+', 'deny'],
  ['subscribe', '$SYS/x', 'deny'],
])

table('a deny needs overlap, and wins', service([allow('#'), deny('secret/#'), deny('+/key')]), [
  ['subscribe', 'open/a', 'allow'],
  ['publish', 'open/a', 'allow'],
  ['subscribe', 'open/+/a', 'allow'],
  ['subscribe', '#', 'deny'],
  ['subscribe', '+', 'deny'],
  ['subscribe', 'secret', 'deny'],
  ['subscribe', 'secret/+', 'deny'],
  ['subscribe', '+/a', 'deny'],
  ['subscribe', 'open/+', 'deny'],
  ['publish', 'open/key', 'deny'],
])

describe('conditions', () => {
  const rows: [string, Principal, Partial<AccessRequest>, 'allow' | 'deny'][] = [
    ['QoS at the maximum', service([allow('a', { maxQos: 1 })]), { qos: 1 }, 'allow'],
    ['QoS above the maximum', service([allow('a', { maxQos: 1 })]), { qos: 2 }, 'deny'],
    ['QoS not known', service([allow('a', { maxQos: 1 })]), {}, 'deny'],
    ['no maximum, QoS not known', service([allow('a')]), {}, 'allow'],
    [
      'the wanted retain flag',
      service([allow('a', { retain: false })]),
      { retain: false },
      'allow',
    ],
    ['the other retain flag', service([allow('a', { retain: false })]), { retain: true }, 'deny'],
    ['retain flag not known', service([allow('a', { retain: false })]), {}, 'deny'],
    [
      'a deny of retained ones',
      service([allow('a'), deny('a', { retain: true })]),
      { retain: true },
      'deny',
    ],
    [
      'a deny of retained ones, not retained',
      service([allow('a'), deny('a', { retain: true })]),
      { retain: false },
      'allow',
    ],
    [
      'a deny of retained ones, not known',
      service([allow('a'), deny('a', { retain: true })]),
      {},
      'deny',
    ],
  ]
  for (const [title, principal, more, effect] of rows) {
    test(`${title}: ${effect}`, () => {
      assert.equal(decide(principal, { action: 'publish', topic: 'a', ...more }).effect, effect)
    })
  }

  const shares: [string, AccessRule[], string, 'allow' | 'deny'][] = [
    ['a rule with the name', [allow('a', { share: 'g' })], '$share/g/a', 'allow'],
    ['a rule with another name', [allow('a', { share: 'g' })], '$share/h/a', 'deny'],
    ['a rule without a name', [allow('a')], '$share/g/a', 'deny'],
    ['a rule with a name, plain', [allow('a', { share: 'g' })], 'a', 'deny'],
    ['a deny without a name', [allow('a', { share: 'g' }), deny('a')], '$share/g/a', 'deny'],
    [
      'a deny with another name',
      [allow('a', { share: 'g' }), deny('a', { share: 'h' })],
      '$share/g/a',
      'allow',
    ],
    ['a deny with the name, plain', [allow('a'), deny('a', { share: 'g' })], 'a', 'allow'],
  ]
  for (const [title, rules, topic, effect] of shares) {
    test(`${title}: ${effect}`, () => {
      assert.equal(decide(service(rules), { action: 'subscribe', topic }).effect, effect)
    })
  }
})

describe('placeholders', () => {
  const rows: [string, AccessRule[], Record<string, string>, string, 'allow' | 'deny'][] = [
    ['an attribute', [allow('sites/{site}/x')], { site: 'north' }, 'sites/north/x', 'allow'],
    [
      'an attribute of another',
      [allow('sites/{site}/x')],
      { site: 'north' },
      'sites/south/x',
      'deny',
    ],
    [
      'a user name of two levels',
      [allow('t/{username}/x')],
      { username: 'p/1' },
      't/p/1/x',
      'allow',
    ],
    ['an allow without a value', [allow('sites/{site}/x')], {}, 'sites/north/x', 'deny'],
    ['an allow without a value, as text', [allow('sites/{site}/x')], {}, 'sites/{site}/x', 'deny'],
    ['an allow named like an object property', [allow('a/{constructor}')], {}, 'a/x', 'deny'],
    ['a deny without a value', [allow('#'), deny('sites/{site}/x')], {}, 'sites/north/x', 'deny'],
    [
      'a deny with another value',
      [allow('#'), deny('sites/{site}/x')],
      { site: 'north' },
      'sites/south/x',
      'allow',
    ],
  ]
  for (const [title, rules, values, topic, effect] of rows) {
    test(`${title}: ${effect}`, () => {
      assert.equal(decide(service(rules, values), { action: 'publish', topic }).effect, effect)
    })
  }
})

describe('properties', () => {
  const level = fc.constantFrom('a', 'b', '$x', '')
  const filter = fc
    .tuple(
      fc.array(fc.oneof(level, fc.constant('+')), { minLength: 1, maxLength: 3 }),
      fc.boolean(),
    )
    .map(([levels, hash]) => [...levels, ...(hash ? ['#'] : [])].join('/'))
    .filter((text) => text !== '')
  const rule = fc.record({
    effect: fc.constantFrom('allow', 'deny'),
    actions: fc.constant(['subscribe'] as const),
    filter,
  }) satisfies fc.Arbitrary<AccessRule>
  const levels = ['a', 'b', '$x', '', 'other']
  const names: string[] = []
  for (let depth = 1, grown = ['']; depth <= 5; depth++) {
    grown = grown.flatMap((text) => levels.map((next) => (depth === 1 ? next : `${text}/${next}`)))
    names.push(...grown.filter(Boolean))
  }

  test('what is granted, name by name, is what some allow matches and no deny does', () => {
    fc.assert(
      fc.property(fc.array(rule, { maxLength: 5 }), filter, (rules, topic) => {
        const { effect } = decide(service(rules), { action: 'subscribe', topic })
        if (effect === 'deny') return
        for (const name of names) {
          if (!matches(topic, name)) continue
          const matching = rules.filter((r) => matches(r.filter, name))
          assert.ok(
            matching.some((r) => r.effect === 'allow'),
            `${topic} reaches ${name}`,
          )
          assert.ok(!matching.some((r) => r.effect === 'deny'), `${topic} reaches ${name}`)
        }
      }),
      { numRuns: 1_000 },
    )
  })

  test('a request for a single name is decided exactly, and the order of rules plays no part', () => {
    fc.assert(
      fc.property(
        fc.shuffledSubarray(names, { minLength: 1, maxLength: 20 }),
        fc.array(rule, { maxLength: 6 }),
        (topics, rules) => {
          for (const topic of topics) {
            const matching = rules.filter((r) => matches(r.filter, topic))
            const expected =
              matching.some((r) => r.effect === 'allow') &&
              matching.every((r) => r.effect === 'allow')
            for (const order of [rules, [...rules].reverse()]) {
              const { effect } = decide(service(order), { action: 'subscribe', topic })
              assert.equal(effect, expected ? 'allow' : 'deny')
            }
          }
        },
      ),
      { numRuns: 1_000 },
    )
  })

  test('explaining decides alike, and nothing makes either throw', () => {
    fc.assert(
      fc.property(
        fc.array(rule, { maxLength: 4 }),
        fc.oneof(
          fc.string({ unit: 'binary' }),
          filter,
          filter.map((text) => `$share/g/${text}`),
        ),
        fc.constantFrom('publish' as const, 'subscribe' as const),
        (rules, topic, action) => {
          const principal = service(rules)
          const { text, nearMisses, ...decision } = explainDecision(principal, { action, topic })
          assert.deepEqual(decision, decide(principal, { action, topic }))
          assert.ok(text.startsWith('svc may '))
          assert.ok(Array.isArray(nearMisses))
        },
      ),
      { numRuns: 2_000 },
    )
  })
})

describe('explanations', () => {
  const s = device(station, 'S-1')
  const rows: [Principal, AccessRequest, NearMissCode | undefined, string][] = [
    [
      s,
      { action: 'subscribe', topic: 'things/weatherstation/+/cmd' },
      'wider-than-rule',
      'weatherstation/S-1 may not subscribe to "things/weatherstation/+/cmd": its rule grants "things/weatherstation/S-1/cmd" only, and "+" asks for every name in place of "S-1".',
    ],
    [
      s,
      { action: 'subscribe', topic: '#' },
      'wider-than-rule',
      'weatherstation/S-1 may not subscribe to "#": its rule grants "things/weatherstation/S-1/cmd" only, and "#" asks for every topic.',
    ],
    [
      s,
      { action: 'publish', topic: 'things/weatherstation/S-2/data' },
      'other-device',
      'weatherstation/S-1 may not publish to "things/weatherstation/S-2/data": its rule grants "things/weatherstation/S-1/data" only; that topic belongs to the device "S-2".',
    ],
    [
      s,
      { action: 'subscribe', topic: 'things/weatherstation/S-1/data' },
      'other-action',
      'weatherstation/S-1 may not subscribe to "things/weatherstation/S-1/data": its rule grants "things/weatherstation/S-1/data" only to publish.',
    ],
    [
      service([allow('a', { maxQos: 0 })]),
      { action: 'publish', topic: 'a', qos: 2 },
      'qos-above-maximum',
      'svc may not publish to "a": its rule grants "a" up to QoS 0, and QoS 2 was asked for.',
    ],
    [
      service([allow('a', { retain: false })]),
      { action: 'publish', topic: 'a', retain: true },
      'retain-flag',
      'svc may not publish to "a": its rule grants "a" only without the retain flag.',
    ],
    [
      service([allow('a', { share: 'g' })]),
      { action: 'subscribe', topic: '$share/h/a' },
      'share-name',
      'svc may not subscribe to "$share/h/a": its rule grants "a" only under the share name "g".',
    ],
    [
      service([allow('a')]),
      { action: 'publish', topic: 'b' },
      undefined,
      'svc may not publish to "b": it may publish only "a".',
    ],
    [
      service([]),
      { action: 'publish', topic: 'b' },
      undefined,
      'svc may not publish to "b": no rule lets it publish at all.',
    ],
    [
      service([allow('#'), deny('secret/#')]),
      { action: 'subscribe', topic: '#' },
      undefined,
      'svc may not subscribe to "#": a rule denies "secret/#", and a deny wins over every allow.',
    ],
  ]
  for (const [principal, request, code, text] of rows) {
    test(text, () => {
      const explanation = explainDecision(principal, request)
      assert.equal(explanation.effect, 'deny')
      assert.equal(explanation.nearMisses[0]?.code, code)
      assert.equal(explanation.text, text)
    })
  }

  test('somebody unknown, whose name holds anything', () => {
    const { text, reason } = explainDecision(undefined, { action: 'publish', topic: 'a' }, 'x\ny')
    assert.equal(reason, 'principal-unknown')
    assert.equal(
      text,
      '"x\\ny" may not publish to "a": no active device or service account has this user name.',
    )
  })

  test('a malformed topic', () => {
    const { text, reason } = explainDecision(service([]), { action: 'publish', topic: 'a/#' })
    assert.equal(reason, 'topic-malformed')
    assert.equal(
      text,
      'svc may not publish to "a/#". Invalid topic name "a/#": a name holds no wildcard, "+" or "#".',
    )
  })
})
