import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { deviceRules, hubRules } from '../../src/access/default-rules.ts'
import type { ExportReason } from '../../src/access/export/finding.ts'
import { mosquittoAclFile } from '../../src/access/export/mosquitto-acl-file.ts'
import type { Principal } from '../../src/access/principal.ts'
import type { AccessRule } from '../../src/access/rule.ts'
import { command, defineDeviceType } from '../../src/device/type.ts'
import { ConfigError } from '../../src/errors.ts'
import { both, pub, pump7, refusal, stop, sub } from './rules.ts'

const data = {} as never
const pump = defineDeviceType('pump', { data, commands: { stop: command() } })
const valve = defineDeviceType('valve', { data, commands: { shut: command({ reply: data }) } })
const ACCEPT = { allowNarrower: true }

const hub: Principal = { kind: 'service', username: 'hub', rules: hubRules([pump]), values: {} }

/** The lines of one user's section, without its first. */
function lines(principal: Principal, options = {}): readonly string[] {
  const { output } = mosquittoAclFile([principal], options)
  return output.split('\n').filter((line) => /^(topic|pattern)/.test(line))
}

describe('mosquittoAclFile', () => {
  test('has a section for each user', () => {
    const text = mosquittoAclFile([pump7(...deviceRules(pump, 'things')), hub]).output
    assert.equal(
      text,
      `# What no line grants is refused.

user pump/7
topic write things/pump/7/data
topic write things/pump/7/status
topic read things/pump/7/cmd

user hub
topic read things/pump/+/data
topic read things/pump/+/status
topic write things/pump/+/cmd
`,
    )
  })

  test('grants nobody anything without principals', () => {
    assert.equal(mosquittoAclFile([]).output, '# What no line grants is refused.\n')
  })

  test('has no section for one without rules', () => {
    assert.equal(mosquittoAclFile([pump7()]).output, '# What no line grants is refused.\n')
  })

  for (const [what, rules, expected] of [
    ['both actions', [both('a')], ['topic readwrite a']],
    ['both actions by two rules', [pub('a'), sub('a')], ['topic readwrite a']],
    ['"#" and "+"', [pub('#'), sub('+/a')], ['topic write #', 'topic read +/a']],
    [
      'both retain flags',
      [pub('a', { retain: false }), pub('a', { retain: true })],
      ['topic write a'],
    ],
    ['spaces within', [pub('a b/c d')], ['topic write a b/c d']],
    ['what looks like a comment', [pub('a/#')], ['topic write a/#']],
    ['what looks like a placeholder', [pub('%u/%c')], ['topic write %u/%c']],
    [
      'a share name beside the plain filter',
      [sub('a/#'), sub('a/b', { share: 'g' })],
      ['topic read a/#'],
    ],
    [
      'a deny of a part',
      [both('a/#'), stop(both('a/b'))],
      ['topic deny a/b', 'topic readwrite a/#'],
    ],
    [
      'a deny of the only action there',
      [pub('a/#'), stop(pub('a/+/c'))],
      ['topic deny a/+/c', 'topic write a/#'],
    ],
    [
      'a deny of both actions by two rules',
      [both('a/#'), stop(pub('a/b')), stop(sub('a/b'))],
      ['topic deny a/b', 'topic readwrite a/#'],
    ],
    ['a deny of all', [sub('a/b'), stop(both('a/#'))], []],
    ['a deny of one of two', [both('a'), stop(pub('a'))], ['topic read a']],
  ] as const satisfies readonly (readonly [string, readonly AccessRule[], readonly string[]])[]) {
    test(`says ${what}`, () => assert.deepEqual(lines(pump7(...rules)), expected))
  }

  for (const [what, rules, reason, left] of [
    ['a highest QoS', [pub('a', { maxQos: 1 })], 'qos', []],
    ['a retain flag', [pub('a', { retain: false })], 'retain', []],
    [
      'a deny of one flag',
      [pub('a/#'), stop(pub('a/b', { retain: true }))],
      'retain',
      ['topic deny a/b', 'topic write a/#'],
    ],
    ['a share name alone', [sub('a', { share: 'g' })], 'share', []],
    [
      'a deny for a share name',
      [sub('a/#'), stop(sub('a/b', { share: 'g' }))],
      'share',
      ['topic deny a/b', 'topic read a/#'],
    ],
    [
      'a deny of one action of two',
      [both('a/#'), stop(pub('a/b'))],
      'deny',
      ['topic deny a/b', 'topic readwrite a/#'],
    ],
    ['the client id', [pub('a/{clientId}')], 'client-id', []],
    ['a line break', [pub('a\ntopic write #')], 'filter-text', []],
    ['a carriage return', [pub('a\r')], 'filter-text', []],
    ['a tab', [pub('a\tb')], 'filter-text', []],
    ['a space at the beginning', [pub(' a')], 'filter-text', []],
    ['a space at the end', [pub('a ')], 'filter-text', []],
    ['a deny with a space at the end', [pub('a/#'), stop(pub('a/b '))], 'filter-text', []],
    ['topics of the broker', [pub('$SYS/#')], 'broker-topic', []],
  ] as const satisfies readonly (readonly [
    string,
    readonly AccessRule[],
    ExportReason,
    readonly string[],
  ])[]) {
    test(`refuses ${what}, naming the rule`, () => {
      const principal = pump7(...rules)
      const thrown = refusal(() => mosquittoAclFile([principal]))
      assert.deepEqual(
        thrown.findings.map((finding) => finding.reason),
        [reason],
      )
      assert.ok(rules.includes(thrown.findings[0]!.rule as never))
      assert.ok(thrown.message.includes(JSON.stringify(thrown.findings[0]!.rule.filter)))
      assert.deepEqual(lines(principal, ACCEPT), left)
    })
  }

  for (const username of ['x\nuser y', ' x', 'x ', '', 'a+b', 'x\ty']) {
    test(`refuses the user name ${JSON.stringify(username)}`, () => {
      const principal = { ...pump7(pub('a')), username }
      assert.deepEqual(
        refusal(() => mosquittoAclFile([principal])).findings.map(({ reason }) => reason),
        ['user-name'],
      )
      assert.deepEqual(lines(principal, ACCEPT), [])
    })
  }

  test('refuses two principals of one user name', () => {
    assert.throws(() => mosquittoAclFile([pump7(), pump7(pub('a'))]), ConfigError)
  })

  test('says how many more there are than it names', () => {
    const { message, findings } = refusal(() =>
      mosquittoAclFile([pump7(...['a', 'b', 'c', 'd', 'e'].map((f) => pub(f, { maxQos: 0 })))]),
    )
    assert.equal(findings.length, 5)
    assert.match(message, /And 2 more\.$/)
  })
})

describe('patterns', () => {
  const meter = defineDeviceType('meter', { data })
  const patterns = { types: [pump, meter] }
  const PATTERNS = [
    'pattern write things/%u/data',
    'pattern write things/%u/status',
    'pattern read things/%u/cmd',
  ]

  test('say the default rules once for all types, after the last section', () => {
    const other = pump7(...deviceRules(pump, 'things'), pub('log'))
    assert.equal(
      mosquittoAclFile([other], { patterns }).output,
      `# What no line grants is refused.

user pump/7
topic write log

${PATTERNS.join('\n')}
`,
    )
  })

  test('leave a device of the default rules no section', () => {
    const principal = pump7(...deviceRules(pump, 'things'))
    assert.deepEqual(lines(principal, { patterns }), PATTERNS)
  })

  test('are kept from those who have no such rule', () => {
    assert.deepEqual(lines({ ...hub, rules: [sub('a')] }, { patterns }), [
      'topic deny things/hub/data',
      'topic deny things/hub/status',
      'topic deny things/hub/cmd',
      'topic read a',
      ...PATTERNS,
    ])
  })

  test('are refused where that takes something away', () => {
    const principal = { ...hub, rules: [sub('things/+/data')] }
    const { findings } = refusal(() => mosquittoAclFile([principal], { patterns }))
    assert.deepEqual(
      findings.map(({ reason, rule }) => [reason, rule.filter]),
      [['pattern', 'things/+/data']],
    )
  })

  test('say the rules of a type beside the default ones', () => {
    const types = [defineDeviceType('pump', { data, rules: [pub('{prefix}/{username}/log')] })]
    const [, , , line] = lines(hub, { patterns: { types, prefix: 'x' } }).slice(-4)
    assert.equal(line, 'pattern write x/%u/log')
  })

  for (const [what, types, refused] of [
    ['a reply that another type has not', [pump, valve], ['things/valve/{deviceId}/reply']],
    [
      'a template without the type before the id',
      [defineDeviceType('pump', { data, template: '{prefix}/{deviceId}/{channel}' })],
      ['things/{deviceId}/data', 'things/{deviceId}/status', 'things/{deviceId}/cmd'],
    ],
    [
      'a deny of a type',
      [defineDeviceType('meter', { data, rules: [stop(pub('things/meter/{deviceId}/data'))] })],
      [
        'things/meter/{deviceId}/data',
        'things/meter/{deviceId}/status',
        'things/meter/{deviceId}/cmd',
      ],
    ],
    ...[
      '{clientId}/log',
      'log',
      '{username}/#',
      '+/{username}',
      '%c/{username}',
      '{username}/ ',
    ].map(
      (filter) =>
        [
          `the rule ${JSON.stringify(filter)} of a type`,
          [defineDeviceType('meter', { data, rules: [pub(filter)] })],
          [filter],
        ] as const,
    ),
  ] as const) {
    test(`refuse ${what}`, () => {
      const { findings } = refusal(() => mosquittoAclFile([], { patterns: { types } }))
      assert.deepEqual(
        findings.map(({ rule }) => rule.filter),
        refused,
      )
      assert.ok(findings.every(({ reason }) => reason === 'pattern'))
    })
  }
})
