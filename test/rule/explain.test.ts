/**
 * What an operator is told: the sentence of every decision, and the codes of near misses.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { decide } from '../../src/rule/decide.ts'
import { type AccessRequest, UNKNOWN_PRINCIPAL } from '../../src/rule/decision.ts'
import { type Explanation, explainDecision, type NearMissCode } from '../../src/rule/explain.ts'
import type { Principal } from '../../src/rule/principal.ts'
import { allow, deny, principal, station } from './fixture.ts'

/** Decides, and says why. */
function explain(who: Principal, request: AccessRequest): Explanation {
  return explainDecision(decide(who, request), who, request)
}

const OWN = 'things/weatherstation/STATION-001'
const OTHER = 'things/weatherstation/STATION-002'
const ME = 'weatherstation/STATION-001'

const publish = (topic: string, more: Partial<AccessRequest> = {}): AccessRequest => ({
  action: 'publish',
  topic,
  ...more,
})
const subscribe = (topic: string, more: Partial<AccessRequest> = {}): AccessRequest => ({
  action: 'subscribe',
  topic,
  ...more,
})

test('a grant names the rule that made it', () => {
  const who = station()
  assert.deepEqual(explain(who, publish(`${OWN}/data`)), {
    effect: 'allow',
    code: 'allowed-by-rule',
    rule: who.rules[0],
    text: `${ME} may publish to "${OWN}/data": its rule grants "${OWN}/data".`,
    nearMisses: [],
  })
})

test('a device that asks for the commands of all is told what it may have', () => {
  const who = station()
  const sentence = `its rule grants "${OWN}/cmd" only, and "+" asks for every name in place of "STATION-001".`
  assert.deepEqual(explain(who, subscribe('things/weatherstation/+/cmd')), {
    effect: 'deny',
    code: 'no-rule-grants',
    text: `${ME} may not subscribe to "things/weatherstation/+/cmd": ${sentence}`,
    nearMisses: [
      { code: 'wider-than-rule', rule: who.rules[3], filter: `${OWN}/cmd`, text: sentence },
    ],
  })
})

describe('a near miss', () => {
  const guarded = station([
    allow('publish', 'logs/{deviceId}', { maxQos: 0 }),
    allow('publish', 'kept/{deviceId}', { retain: true }),
    allow('publish', 'fleeting/{deviceId}', { retain: false }),
    allow('subscribe', 'jobs/#', { share: 'workers' }),
    allow('subscribe', 'rooms/+'),
  ])
  const byName = principal([allow('publish', 'a/{username}/b')], {
    type: 'pump',
    username: 'pump/P-1',
  })
  const byClient = principal([allow('publish', 'a/{clientId}/b')], { clientId: 'c-1' })

  const rows: [code: NearMissCode, who: Principal, request: AccessRequest, sentence: string][] = [
    [
      'wider-than-rule',
      guarded,
      subscribe('#'),
      `its rule grants "${OWN}/cmd" only, and "#" asks for every topic.`,
    ],
    [
      'wider-than-rule',
      guarded,
      subscribe(`${OWN}/#`),
      `its rule grants "${OWN}/cmd" only, and "#" asks for every topic below.`,
    ],
    [
      'wider-than-rule',
      guarded,
      subscribe(`${OWN}/cmd/#`),
      `its rule grants "${OWN}/cmd" only, and "#" asks for every topic below.`,
    ],
    [
      'wider-than-rule',
      guarded,
      subscribe(`${OWN}/+`),
      `its rule grants "${OWN}/cmd" only, and "+" asks for every name in place of "cmd".`,
    ],
    [
      'wider-than-rule',
      guarded,
      subscribe('rooms/#'),
      'its rule grants "rooms/+" only, and "#" asks for every topic below.',
    ],
    [
      'wider-than-rule',
      guarded,
      subscribe('$share/workers/things/+/STATION-001/cmd'),
      `its rule grants "${OWN}/cmd" only, and "+" asks for every name in place of "weatherstation".`,
    ],
    [
      'other-device',
      guarded,
      publish(`${OTHER}/data`),
      `its rule grants "${OWN}/data" only; that topic belongs to the device "STATION-002".`,
    ],
    [
      'other-device',
      guarded,
      subscribe(`${OTHER}/cmd`),
      `its rule grants "${OWN}/cmd" only; that topic belongs to the device "STATION-002".`,
    ],
    [
      'other-device',
      byName,
      publish('a/pump/P-2/b'),
      'its rule grants "a/pump/P-1/b" only; that topic belongs to another device.',
    ],
    [
      'other-device',
      byClient,
      publish('a/c-2/b'),
      'its rule grants "a/c-1/b" only; that topic belongs to another device.',
    ],
    [
      'other-action',
      guarded,
      publish(`${OWN}/cmd`),
      `its rule grants "${OWN}/cmd" only to subscribe, not to publish.`,
    ],
    [
      'other-action',
      guarded,
      subscribe(`${OWN}/data`),
      `its rule grants "${OWN}/data" only to publish, not to subscribe.`,
    ],
    [
      'qos-above-maximum',
      guarded,
      publish('logs/STATION-001', { qos: 1 }),
      'its rule grants "logs/STATION-001" up to QoS 0, and QoS 1 was asked for.',
    ],
    [
      'qos-above-maximum',
      guarded,
      publish('logs/STATION-001'),
      'its rule grants "logs/STATION-001" up to QoS 0, and the QoS asked for is not known.',
    ],
    [
      'retain-flag',
      guarded,
      publish('kept/STATION-001', { retain: false }),
      'its rule grants "kept/STATION-001" only with the retain flag.',
    ],
    [
      'retain-flag',
      guarded,
      publish('fleeting/STATION-001', { retain: true }),
      'its rule grants "fleeting/STATION-001" only without the retain flag.',
    ],
    [
      'retain-flag',
      guarded,
      publish('kept/STATION-001'),
      'its rule grants "kept/STATION-001" only with the retain flag, which is not known.',
    ],
    [
      'share-name',
      guarded,
      subscribe(`$share/devicehub/${OWN}/cmd`),
      `its rule grants "${OWN}/cmd" only without a share name.`,
    ],
    [
      'share-name',
      guarded,
      subscribe('jobs/a'),
      'its rule grants "jobs/#" only under the share name "workers".',
    ],
    [
      'share-name',
      guarded,
      subscribe('$share/others/jobs/a'),
      'its rule grants "jobs/#" only under the share name "workers".',
    ],
  ]
  for (const [code, who, request, sentence] of rows) {
    test(`${request.action} ${request.topic}: ${code}, ${sentence}`, () => {
      const why = explain(who, request)
      assert.equal(why.effect, 'deny')
      assert.equal(why.code, 'no-rule-grants')
      assert.deepEqual([why.nearMisses[0]?.code, why.nearMisses[0]?.text], [code, sentence])
      const asked = `${who.username} may not ${request.action} to "${request.topic}"`
      assert.equal(why.text, `${asked}: ${sentence}`)
    })
  }

  test('comes in the order of nearness, whatever the order of rules', () => {
    const rules = [
      allow('subscribe', 'a/x'),
      allow('publish', 'a/+'),
      allow('subscribe', 'a/+', { share: 'g' }),
      allow('subscribe', 'a/+', { maxQos: 0 }),
    ]
    for (const some of [rules, rules.toReversed()]) {
      const { nearMisses } = explain(principal(some), subscribe('a/+', { qos: 1 }))
      assert.deepEqual(
        nearMisses.map(({ code }) => code),
        ['qos-above-maximum', 'share-name', 'wider-than-rule', 'other-action'],
      )
    }
  })

  test('is no rule that denies, has no value, or has nothing to do with it', () => {
    const who = principal([
      deny('both', 'b'),
      allow('both', 'a/{site}'),
      allow('both', 'c'),
      allow('publish', 'a'),
    ])
    assert.deepEqual(explain(who, subscribe('a/x')).nearMisses, [])
  })
})

describe('without a near miss the explanation lists what is granted', () => {
  const many = principal(
    ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((topic) => allow('publish', topic)),
  )
  const rows: [who: Principal, request: AccessRequest, text: string][] = [
    [
      station(),
      subscribe('$SYS/#'),
      `${ME} may not subscribe to "$SYS/#": it may subscribe only to "${OWN}/cmd".`,
    ],
    [
      station(),
      publish(`${OWN}/config`),
      `${ME} may not publish to "${OWN}/config": it may publish only to "${OWN}/data", "${OWN}/status", "${OWN}/reply".`,
    ],
    [
      many,
      publish('z'),
      'svc may not publish to "z": it may publish only to "a", "b", "c", "d", "e" and 2 more.',
    ],
    [many, subscribe('z'), 'svc may not subscribe to "z": no rule lets it subscribe at all.'],
    [principal([]), publish('a'), 'svc may not publish to "a": no rule lets it publish at all.'],
    [
      principal([allow('publish', 'a/{site}')]),
      publish('a/north'),
      'svc may not publish to "a/north": it may publish only to "a/{site}".',
    ],
  ]
  for (const [who, request, text] of rows) {
    test(text, () => assert.equal(explain(who, request).text, text))
  }
})

describe('a deny is named', () => {
  const rows: [filter: string, topic: string, shown: string][] = [
    ['secret/#', '#', 'secret/#'],
    ['secret/{deviceId}', 'secret/STATION-001', 'secret/STATION-001'],
    ['secret/{clientId}', 'secret/a', 'secret/{clientId}'],
  ]
  for (const [filter, topic, shown] of rows) {
    test(`${filter} for ${topic}`, () => {
      const rule = deny('subscribe', filter)
      const why = explain(station([allow('subscribe', '#'), rule]), subscribe(topic))
      assert.equal(why.code, 'denied-by-rule')
      assert.equal(why.rule, rule)
      assert.equal(
        why.text,
        `${ME} may not subscribe to "${topic}": a rule denies "${shown}", and a deny wins over every allow.`,
      )
    })
  }
})

describe('a malformed topic is shown, with what is wrong with it', () => {
  const rows: [request: AccessRequest, text: string][] = [
    [publish('a/#'), 'publish to "a/#": a name holds no wildcard, "+" or "#".'],
    [publish(''), 'publish to "": it must not be empty.'],
    [
      publish('a\0b'),
      'publish to "a\\u0000b": it must not hold the character NUL or a lone surrogate.',
    ],
    [subscribe('a+'), 'subscribe to "a+": a wildcard must be a whole level.'],
    [subscribe('#/a'), 'subscribe to "#/a": "#" must be the last level.'],
    [subscribe('$share/g'), 'subscribe to "$share/g": a filter must follow the share name.'],
    [
      subscribe('a/\ud83d'),
      'subscribe to "a/\\ud83d": it must not hold the character NUL or a lone surrogate.',
    ],
    [
      publish('x'.repeat(100_000)),
      `publish to "${'x'.repeat(200)}…": it must not be longer than 65535 bytes.`,
    ],
    [publish(undefined as unknown as string), 'publish to "undefined": it must be a string.'],
  ]
  for (const [request, text] of rows) {
    test(text.slice(0, 80), () => {
      assert.deepEqual(explain(station(), request), {
        effect: 'deny',
        code: 'topic-malformed',
        text: `${ME} may not ${text}`,
        nearMisses: [],
      })
    })
  }
})

describe('somebody no rule is known for is named as given', () => {
  const nobody = 'no active device, service account or token has this user name.'
  const rows: [username: string | undefined, text: string][] = [
    ['pump/P-1', `pump/P-1 may not publish to "a": ${nobody}`],
    ['dashboard', `dashboard may not publish to "a": ${nobody}`],
    ['a/b/c', `"a/b/c" may not publish to "a": ${nobody}`],
    ['a"b', `"a\\"b" may not publish to "a": ${nobody}`],
    ['x\ny', `"x\\ny" may not publish to "a": ${nobody}`],
    ['x\u009b2J', `"x\\u{9b}2J" may not publish to "a": ${nobody}`],
    ['x\u202eyz', `"x\\u{202e}yz" may not publish to "a": ${nobody}`],
    ['x\u2028y', `"x\\u{2028}y" may not publish to "a": ${nobody}`],
    ['\ud83d', `"\\ud83d" may not publish to "a": ${nobody}`],
    ['u'.repeat(5_000), `"${'u'.repeat(200)}…" may not publish to "a": ${nobody}`],
    ['', 'A client without a user name may not publish to "a": access is granted by user name.'],
    [
      undefined,
      'A client without a user name may not publish to "a": access is granted by user name.',
    ],
  ]
  for (const [username, text] of rows) {
    test(text.slice(0, 80), () => {
      assert.deepEqual(explainDecision(UNKNOWN_PRINCIPAL, undefined, publish('a'), username), {
        effect: 'deny',
        code: 'principal-unknown',
        text,
        nearMisses: [],
      })
    })
  }
})
