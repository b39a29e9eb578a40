import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { type EmqxAclRule, emqxAcl } from '../../adapters/hono/index.ts'
import {
  type AccessAction,
  type AccessRule,
  decide,
  hubRules,
  type Principal,
} from '../../src/index.ts'
import { pump, weatherStation } from './fixture.ts'

const values = {
  prefix: 'things',
  type: 'pump',
  deviceId: 'P-1',
  username: 'pump/P-1',
  site: 'north',
}

function principal(rules: readonly AccessRule[], more: Record<string, string> = {}): Principal {
  return { kind: 'device', username: 'pump/P-1', rules, values: { ...values, ...more } }
}

function rule(action: AccessAction, filter: string, more: Partial<AccessRule> = {}): AccessRule {
  return { effect: 'allow', actions: [action], filter, ...more }
}

/** The grants in a list, each as `action topic`. */
function grants(list: readonly EmqxAclRule[] | undefined): string[] | undefined {
  return list
    ?.filter(({ permission }) => permission === 'allow')
    .map(({ action, topic }) => `${action} ${topic}`)
}

describe('emqxAcl', () => {
  const expressible: [string, AccessRule[], string[]][] = [
    ['no rules', [], []],
    ['a placeholder', [rule('publish', 'x/{deviceId}')], ['publish x/P-1']],
    ['a user name of two levels', [rule('publish', 'x/{username}')], ['publish x/pump/P-1']],
    ['an attribute', [rule('subscribe', 'sites/{site}/#')], ['subscribe sites/north/#']],
    ['"+" within a filter', [rule('subscribe', 'a/+/b')], ['subscribe a/+/b']],
    ['"+" before a level and "#"', [rule('subscribe', 'a/+/b/#')], ['subscribe a/+/b/#']],
    ['"+" at the end of a publish', [rule('publish', 'a/+')], ['publish a/+']],
    ['"+/#" at the end of a publish', [rule('publish', 'a/+/#')], ['publish a/+/#']],
    ['a topic of the broker', [rule('subscribe', '$SYS/#')], ['subscribe $SYS/#']],
    ['"eq" without a space', [rule('publish', 'eq/a')], ['publish eq/a']],
    ['"eq " further in', [rule('publish', 'a/eq b')], ['publish a/eq b']],
    ['"$" without a brace', [rule('publish', 'a/$b')], ['publish a/$b']],
    [
      'both actions',
      [{ effect: 'allow', actions: ['publish', 'subscribe'], filter: 'a/b' }],
      ['publish a/b', 'subscribe a/b'],
    ],
    [
      'a placeholder without a value: that rule is left out',
      [rule('publish', 'a/{clientId}'), rule('publish', 'a/b')],
      ['publish a/b'],
    ],
    [
      'a share of what is granted plainly: the share is left out',
      [rule('subscribe', 'a/+/b', { share: 'g' }), rule('subscribe', 'a/+/b')],
      ['subscribe a/+/b'],
    ],
    [
      'a share of part of what is granted plainly',
      [rule('subscribe', 'a/#'), rule('subscribe', 'a/+/b', { share: 'g' })],
      ['subscribe a/#'],
    ],
    ['a share for a publish, which grants nothing', [rule('publish', 'a', { share: 'g' })], []],
  ]
  for (const [title, rules, expected] of expressible) {
    test(`says ${title}`, () => {
      assert.deepEqual(grants(emqxAcl(principal(rules))), expected)
    })
  }

  const inexpressible: [string, AccessRule[], Record<string, string>?][] = [
    ['a deny', [rule('publish', 'a'), rule('publish', 'b', { effect: 'deny' })]],
    ['a highest QoS', [rule('publish', 'a', { maxQos: 1 })]],
    ['a retain flag', [rule('publish', 'a', { retain: false })]],
    ['"+" at the end of a subscription', [rule('subscribe', 'a/+')]],
    ['"+/#" at the end of a subscription', [rule('subscribe', 'a/+/#')]],
    [
      '"+" at the end, for both',
      [{ ...rule('publish', 'a/+'), actions: ['publish', 'subscribe'] }],
    ],
    ['"+" at the first level', [rule('subscribe', '+/a')]],
    ['"+" at the first level of a publish', [rule('publish', '+/a')]],
    ['"#" alone', [rule('subscribe', '#')]],
    ['"#" alone, for a publish', [rule('publish', '#')]],
    ['a share alone', [rule('subscribe', 'a/b', { share: 'g' })]],
    [
      'a share of more than is granted plainly',
      [rule('subscribe', 'a/b'), rule('subscribe', 'a/#', { share: 'g' })],
    ],
    [
      'a share of what is granted to publish',
      [rule('publish', 'a/b'), rule('subscribe', 'a/b', { share: 'g' })],
    ],
    [
      'a share of what another share is granted',
      [rule('subscribe', 'a', { share: 'g' }), rule('subscribe', 'a', { share: 'h' })],
    ],
    ['a filter that begins with "eq "', [rule('publish', 'eq a/b')]],
    ['a value that makes it begin so', [rule('publish', '{site}/a')], { site: 'eq x' }],
    ['a value EMQX would fill in', [rule('publish', 'a/{site}')], { site: `\${username}` }],
    ['a value that only looks so', [rule('publish', 'a/{clientId}')], { clientId: 'x${' }],
  ]
  for (const [title, rules, more] of inexpressible) {
    test(`does not say ${title}`, () => {
      assert.equal(emqxAcl(principal(rules, more)), undefined)
    })
  }

  test('closes the list against every topic, and against the roots of the broker', () => {
    const list = emqxAcl(principal([]))!
    for (const topic of ['a', '/', 'a/b/c', '#', '+/+', '$SYS/#', '$event/x', '$file/1/init']) {
      for (const action of ['publish', 'subscribe'] as const) {
        for (const guarded of [true, false]) {
          assert.equal(emqxDecides(list, action, topic, guarded), 'deny', `${action} ${topic}`)
        }
      }
    }
  })

  test('lets a hub subscribe alone and shared, and nobody wider', () => {
    const list = emqxAcl(principal(hubRules([weatherStation, pump])))!
    // EMQX takes "$share/<share name>/" off before it looks at the rules.
    for (const channel of ['data', 'status', 'reply']) {
      const topic = `things/weatherstation/+/${channel}`
      assert.equal(emqxDecides(list, 'subscribe', topic, true), 'allow')
    }
    for (const topic of [
      'things/weatherstation/+/#',
      'things/weatherstation/+/+',
      'things/#',
      '#',
    ]) {
      assert.equal(emqxDecides(list, 'subscribe', topic, true), 'deny')
    }
  })
})

/**
 * What EMQX makes of a list: the first rule that matches decides, and the topic, be it a name or a
 * filter, is matched as a name.
 *
 * @param guarded Whether a wildcard at the first level is kept from topics that begin with `$`.
 * Versions differ in this.
 */
function emqxDecides(
  list: readonly EmqxAclRule[],
  action: AccessAction,
  topic: string,
  guarded: boolean,
): 'allow' | 'deny' | 'no-match' {
  const words = topic.split('/')
  const first = list.find((r) => {
    if (r.action !== 'all' && r.action !== action) return false
    assert.ok(!r.topic.startsWith('eq ') && !r.topic.includes('${'), 'not modelled here')
    return emqxMatches(words, r.topic.split('/'), guarded)
  })
  return first?.permission ?? 'no-match'
}

function emqxMatches(words: string[], filter: string[], guarded: boolean): boolean {
  if (guarded && words[0]?.startsWith('$') && (filter[0] === '+' || filter[0] === '#')) return false
  const [word, ...words2] = words
  const [level, ...filter2] = filter
  if (word === undefined && level === undefined) return true
  if (word !== undefined && (level === word || level === '+')) {
    return emqxMatches(words2, filter2, false)
  }
  return level === '#' && filter2.length === 0
}

describe('with a list EMQX grants what decide() grants', () => {
  const LEVELS = ['a', 'b', '', '+', '$SYS', 'P-1', 'north']

  /** Every topic name and filter of up to three levels. */
  const questions: { action: AccessAction; topic: string }[] = []
  const build = (before: string[]) => {
    for (const level of [...LEVELS, '#']) {
      const levels = [...before, level]
      const topic = levels.join('/')
      if (topic !== '') {
        questions.push({ action: 'subscribe', topic })
        if (!/[+#]/.test(topic)) questions.push({ action: 'publish', topic })
      }
      if (level !== '#' && levels.length < 3) build(levels)
    }
  }
  build([])

  const words = [...LEVELS, '{deviceId}', '{site}', '{clientId}', '{missing}']
  const filter = fc
    .tuple(
      fc.array(fc.constantFrom(...words), { minLength: 1, maxLength: 2 }),
      fc.nat(words.length),
    )
    .map(([levels, last]) => [...levels, words[last] ?? '#'].join('/'))
  const condition = fc.oneof(
    { weight: 20, arbitrary: fc.constant({}) },
    { weight: 4, arbitrary: fc.constantFrom({ share: 'g' }, { share: 'h' }) },
    { weight: 3, arbitrary: fc.constant<Partial<AccessRule>>({ effect: 'deny' }) },
    {
      weight: 1,
      arbitrary: fc.constantFrom<Partial<AccessRule>>(
        { maxQos: 0 },
        { maxQos: 2 },
        { retain: true },
      ),
    },
  )
  const actions = fc.subarray<AccessAction>(['publish', 'subscribe'], { minLength: 1 })
  const accessRule = fc
    .tuple(actions, filter, condition)
    .map(
      ([of, text, more]): AccessRule => ({ effect: 'allow', actions: of, filter: text, ...more }),
    )
  const clientId = fc.constantFrom<Record<string, string>>(
    {},
    { clientId: 'a' },
    { clientId: '$SYS' },
    { clientId: 'x${' },
  )

  test('no more and no less, share names aside', () => {
    let lists = 0
    const check = (rules: AccessRule[], more: Record<string, string>) => {
      const who = principal(rules, more)
      const list = emqxAcl(who)
      if (!list) return
      if (list.some(({ permission }) => permission === 'allow')) lists++
      for (const { action, topic } of questions) {
        const granted = decide(who, { action, topic }).effect === 'allow'
        for (const guarded of [true, false]) {
          const answer = emqxDecides(list, action, topic, guarded)
          assert.equal(answer === 'allow', granted, `${action} ${topic}: ${answer}`)
        }
      }
    }
    const rules = fc.array(accessRule, { minLength: 1, maxLength: 4 })
    fc.assert(fc.property(rules, clientId, check), { numRuns: 300 })
    // Otherwise it would have shown nothing.
    assert.ok(lists > 30, `${lists} lists were compared`)
  })
})
