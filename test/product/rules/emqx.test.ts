import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as v from 'valibot'
import { ConfigError } from '../../../src/base/errors.ts'
import { deviceRules, hubRules } from '../../../src/device/default-rules.ts'
import { command, defineDeviceType } from '../../../src/device/type.ts'
import { emqxAclList, emqxFileRules, emqxJwtClaim } from '../../../src/product/emqx/rules.ts'
import { type ExportCode, RuleExportError } from '../../../src/product/rules/rule-export.ts'
import type { AccessRule } from '../../../src/rule/rule.ts'
import { device } from './arbitrary.ts'
import { askEmqx } from './oracle.ts'
import { pub, stop, sub } from './rules.ts'

const pump = defineDeviceType('pump', { data: v.object({}), commands: { stop: command() } })
const CLOSING = ['#', '$SYS/#', '$event/#', '$file/#', '$file-async/#'].map((topic) => ({
  permission: 'deny',
  action: 'all',
  topic,
}))
const ACCEPT = { allowNarrower: true }

/** A placeholder of EMQX's own. */
const emqx = (name: string) => `$\{${name}}`

/** The list without what closes it, a rule a line. */
function listed(...rules: readonly AccessRule[]): readonly string[] {
  const { output } = emqxAclList(device(rules, 'pump', '7'))
  assert.deepEqual(output.slice(-CLOSING.length), CLOSING)
  return output.slice(0, -CLOSING.length).map(({ permission, action, topic, qos, retain }) => {
    const flags = [...(qos ? [`qos ${qos}`] : []), ...(retain === undefined ? [] : [`r ${retain}`])]
    return [permission, action, topic, ...flags].join(' ')
  })
}

describe('emqxAclList', () => {
  test("says a device's default rules, and closes the list", () => {
    const { output, findings } = emqxAclList(device(deviceRules(pump, 'things'), 'pump', '7'))
    assert.deepEqual(output, [
      { permission: 'allow', action: 'publish', topic: 'things/pump/7/data' },
      { permission: 'allow', action: 'publish', topic: 'things/pump/7/status' },
      { permission: 'allow', action: 'subscribe', topic: 'things/pump/7/cmd' },
      ...CLOSING,
    ])
    assert.deepEqual(findings, [])
  })

  test('grants nothing to one without rules', () => {
    assert.deepEqual(emqxAclList(device([])).output, CLOSING)
  })

  test('says what a hub needs: a share name adds nothing to the plain filter', () => {
    assert.deepEqual(listed(...hubRules([pump])), [
      'allow subscribe things/pump/+/data',
      'allow subscribe things/pump/+/status',
      'allow publish things/pump/+/cmd',
    ])
  })

  for (const [what, rules, expected] of [
    [
      'both actions',
      [pub('a', { actions: ['publish', 'subscribe'] })],
      ['allow publish a', 'allow subscribe a'],
    ],
    [
      'a highest QoS',
      [sub('a', { maxQos: 1 }), pub('b', { maxQos: 0 })],
      ['allow subscribe a qos 0,1', 'allow publish b qos 0'],
    ],
    ['the highest QoS there is', [sub('a', { maxQos: 2 })], ['allow subscribe a']],
    ['a retain flag', [pub('a', { retain: false })], ['allow publish a r false']],
    [
      'both retain flags',
      [pub('a', { retain: false }), pub('a', { retain: true })],
      ['allow publish a'],
    ],
    ['a retain flag on a subscription', [sub('a', { retain: true })], ['allow subscribe a']],
    ['placeholders', [pub('{username}/x')], ['allow publish pump/7/x']],
    ['a placeholder without a value', [pub('{site}/x')], []],
    ['one rule twice', [pub('a'), pub('a')], ['allow publish a']],
    ['a publish under a share name', [pub('a', { share: 'g' })], []],
    ['a deny beside it', [pub('a'), stop(pub('b'))], ['allow publish a']],
    ['a deny of the other action', [pub('a'), stop(sub('a'))], ['allow publish a']],
    ['a deny of all', [pub('a/b'), stop(pub('a/#'))], []],
    ['a deny of all subscriptions', [sub('a/b'), stop(sub('a/+'))], []],
    ['a deny of a part', [pub('a/#'), stop(pub('a/b'))], ['deny publish a/b', 'allow publish a/#']],
    [
      'a deny of one flag',
      [pub('a'), stop(pub('a', { retain: true }))],
      ['allow publish a r false'],
    ],
    [
      'a deny of a part with one flag',
      [pub('a/#'), stop(pub('a/b', { retain: true }))],
      ['deny publish a/b r true', 'allow publish a/#'],
    ],
    [
      'a deny that a wildcard begins',
      [pub('$x/#'), pub('a/#'), stop(pub('+/b'))],
      ['allow publish $x/#', 'deny publish +/b', 'allow publish a/#'],
    ],
    [
      '"+" at the end of a subscription',
      [sub('a/+')],
      ['deny subscribe eq a/#', 'allow subscribe a/+'],
    ],
    [
      '"+/#" at the end of a subscription',
      [sub('a/+/#')],
      ['deny subscribe eq a/#', 'allow subscribe a/+/#'],
    ],
    ['"+" at the end of a publish', [pub('a/+')], ['allow publish a/+']],
    [
      'a guard behind what may have it',
      [sub('a/+'), sub('a/#', { maxQos: 0 })],
      ['allow subscribe a/# qos 0', 'deny subscribe eq a/#', 'allow subscribe a/+'],
    ],
    [
      'a deny for a share name nobody has',
      [pub('a'), stop(sub('a', { share: 'g' }))],
      ['allow publish a'],
    ],
  ] as const satisfies readonly (readonly [string, readonly AccessRule[], readonly string[]])[]) {
    test(`says ${what}`, () => assert.deepEqual(listed(...rules), expected))
  }

  for (const [what, rules, reason, left] of [
    ['a share name alone', [sub('a', { share: 'g' })], 'share', []],
    ['a deny for a share name', [sub('a'), stop(sub('a', { share: 'g' }))], 'share', []],
    ['a deny of a part of a subscription', [sub('a/#'), stop(sub('a/b'))], 'deny', []],
    ['"#"', [pub('#')], 'first-level-wildcard', []],
    ['"+" at the first level', [sub('+/a')], 'first-level-wildcard', []],
    ['a placeholder of EMQX', [pub(`a/${emqx('clientid')}`)], 'filter-text', []],
    ['a placeholder of EMQX within a level', [pub(`a/x${emqx('username')}`)], 'filter-text', []],
    [
      'a deny of a placeholder of EMQX',
      [pub('a/+'), stop(pub(`a/${emqx('x')}`))],
      'filter-text',
      [],
    ],
    ['the mark of a text', [pub('eq a')], 'filter-text', []],
    ['a prefix it takes off', [pub('$delayed/5/a')], 'broker-topic', []],
    ['an exclusive subscription', [sub('$exclusive/a')], 'broker-topic', []],
    ['a queue', [sub('$queue/a')], 'broker-topic', []],
    ['the client id', [pub('a/{clientId}')], 'client-id', []],
    ['a deny by client id', [pub('a/#'), stop(pub('a/{clientId}'))], 'client-id', []],
    ['two "+" at the end of a subscription', [sub('a/+/+')], 'trailing-wildcard', ['eq a/+/+']],
    ['"+/+/#"', [sub('a/+/+/#')], 'trailing-wildcard', ['eq a/+/+/#']],
  ] as const satisfies readonly (readonly [
    string,
    readonly AccessRule[],
    ExportCode,
    readonly string[],
  ])[]) {
    test(`refuses ${what}, naming the rule`, () => {
      const principal = device(rules, 'pump', '7')
      assert.throws(
        () => emqxAclList(principal),
        (error) => {
          assert.ok(error instanceof RuleExportError)
          assert.equal(error.code, 'ERR_RULE_EXPORT')
          assert.deepEqual(
            error.findings.map((finding) => finding.code),
            [reason],
          )
          assert.ok(rules.includes(error.findings[0]!.rule as never))
          assert.equal(error.findings[0]!.principal, 'pump/7')
          assert.ok(error.message.includes(JSON.stringify(error.findings[0]!.rule.filter)))
          return true
        },
      )
      const { output, findings } = emqxAclList(principal, ACCEPT)
      assert.equal(findings.length, 1)
      const isPart = left.length > 0 || findings[0]!.rule.effect === 'deny'
      assert.equal(findings[0]!.kind, isPart ? 'narrower' : 'inexpressible')
      assert.deepEqual(
        output.slice(0, -CLOSING.length).map(({ topic }) => topic),
        left,
      )
    })
  }

  test('says a client id that is known', () => {
    const known = device([pub('a/{clientId}')])
    const { output } = emqxAclList({
      ...known,
      attributes: { ...known.attributes, clientId: 'c1' },
    })
    assert.equal(output[0]!.topic, 'a/c1')
  })

  for (const [filters, asked, expected] of [
    [['a/+'], 'a/b', 'allow'],
    [['a/+'], 'a/+', 'allow'],
    [['a/+'], 'a/#', 'deny'],
    [['a/+', 'a/+/#'], 'a/b/#', 'allow'],
    [['a/b/+', 'a/+/#'], 'a/b/#', 'allow'],
    [['a/b/+', 'a/+/#'], 'a/#', 'deny'],
    [['a/+/+'], 'a/+/+', 'allow'],
    [['a/+/+'], 'a/b/#', 'deny'],
    [['a/+/+'], 'a/+/#', 'deny'],
  ] as const) {
    test(`${expected}s a subscription to ${asked} by ${filters.join(' and ')}`, () => {
      const principal = device(filters.map((filter, i) => sub(filter, { maxQos: i === 0 ? 2 : 1 })))
      const { output } = emqxAclList(principal, ACCEPT)
      const request = { action: 'subscribe', topic: asked, qos: 1, retain: false } as const
      assert.equal(askEmqx(output, request, true), expected)
      assert.equal(askEmqx(output, request, false), expected)
    })
  }
})

describe('emqxJwtClaim', () => {
  test('is the list under the name of the claim', () => {
    const principal = device(deviceRules(pump, 'things'), 'pump', '7')
    const { output, findings } = emqxJwtClaim(principal)
    assert.deepEqual(output, { acl: emqxAclList(principal).output })
    assert.deepEqual(findings, [])
  })

  test('is refused as the list is', () => {
    assert.throws(() => emqxJwtClaim(device([pub('#')])), RuleExportError)
    assert.deepEqual(emqxJwtClaim(device([pub('#')]), ACCEPT).output, { acl: CLOSING })
  })
})

describe('emqxFileRules', () => {
  test('says the rules of each user, and closes the file', () => {
    const pump7 = device(
      [
        ...deviceRules(pump, 'things'),
        pub('log/#', { maxQos: 1, retain: false }),
        stop(pub('log/x')),
        sub('news/+', { maxQos: 0 }),
      ],
      'pump',
      '7',
    )
    const pump8 = device(deviceRules(pump, 'things'), 'pump', '8')
    assert.equal(
      emqxFileRules([pump7, pump8]).output,
      `%% -*- coding: utf-8 -*-
{deny, {user, "pump/7"}, publish, ["log/x"]}.
{allow, {user, "pump/7"}, {publish, [{qos, [0, 1]}, {retain, false}]}, ["log/#"]}.
{deny, {user, "pump/7"}, subscribe, [{eq, "news/#"}]}.
{allow, {user, "pump/7"}, {subscribe, [{qos, [0]}]}, ["news/+"]}.
{allow, {user, "pump/7"}, publish, ["things/pump/7/data"]}.
{allow, {user, "pump/7"}, publish, ["things/pump/7/status"]}.
{allow, {user, "pump/7"}, subscribe, ["things/pump/7/cmd"]}.
{allow, {user, "pump/8"}, publish, ["things/pump/8/data"]}.
{allow, {user, "pump/8"}, publish, ["things/pump/8/status"]}.
{allow, {user, "pump/8"}, subscribe, ["things/pump/8/cmd"]}.
{deny, all}.
`,
    )
  })

  test('grants nobody anything without principals', () => {
    assert.equal(emqxFileRules([]).output, '%% -*- coding: utf-8 -*-\n{deny, all}.\n')
  })

  for (const [what, id, written] of [
    ['a quote', 'x"}, all', 'x\\"}, all'],
    ['a backslash', 'x\\"', 'x\\\\\\"'],
    ['a line break', 'x\n{allow, all}.', 'x\\x{a}\\{allow, all}.'.replace('\\{', '{')],
    ['DEL and C1', 'x\x7f\x85', 'x\\x{7f}\\x{85}'],
    ['other letters', 'Zähler 水表', 'Zähler 水表'],
  ] as const) {
    test(`keeps ${what} within its string`, () => {
      const { output } = emqxFileRules([device([pub('a/{deviceId}')], 'pump', id)])
      assert.equal(
        output.split('\n')[1],
        `{allow, {user, "pump/${written}"}, publish, ["a/${written}"]}.`,
      )
    })
  }

  test('refuses, naming every rule of every user', () => {
    const principals = [device([pub('#')], 'pump', '7'), device([sub('+')], 'pump', '8')]
    assert.throws(() => emqxFileRules(principals), {
      name: 'RuleExportError',
      message:
        "EMQX's rules file cannot express these rules exactly: " +
        'pump/7: the rule to allow publish "#" reaches topics that begin with "$" there. ' +
        'pump/8: the rule to allow subscribe "+" reaches topics that begin with "$" there.',
    })
    const { findings } = emqxFileRules(principals, ACCEPT)
    assert.deepEqual(
      findings.map(({ principal }) => principal),
      ['pump/7', 'pump/8'],
    )
  })

  test('refuses two principals of one user name', () => {
    assert.throws(() => emqxFileRules([device([]), device([pub('a')])]), ConfigError)
  })
})
