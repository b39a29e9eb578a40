import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as v from 'valibot'
import { ConfigError } from '../../../src/base/errors.ts'
import { deviceRules, hubRules } from '../../../src/device/default-rules.ts'
import { command, defineDeviceType } from '../../../src/device/type.ts'
import { mosquittoAclFile } from '../../../src/product/mosquitto/acl-file.ts'
import type { ExportCode } from '../../../src/product/rules/rule-export.ts'
import { decide } from '../../../src/rule/decide.ts'
import type { Principal } from '../../../src/rule/principal.ts'
import type { AccessRule } from '../../../src/rule/rule.ts'
import { device } from './arbitrary.ts'
import { SECTIONS } from './mosquitto-recorded.ts'
import { both, pub, pump7, refusal, stop, sub } from './rules.ts'

const data = v.object({})
const pump = defineDeviceType('pump', { data, commands: { stop: command() } })
const ACCEPT = { allowNarrower: true }

const hub: Principal = { kind: 'service', username: 'hub', rules: hubRules([pump]), attributes: {} }

/** The lines of one user's section, without its first. */
function lines(principal: Principal, options = {}): readonly string[] {
  const { output } = mosquittoAclFile([principal], options)
  return output.split('\n').filter((line) => line.startsWith('topic '))
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

  test('is what Mosquitto 2.1.2 granted by as the rules say', () => {
    const devices = ['8', '9'].map((id) => device(deviceRules(pump, 'things'), 'pump', id))
    assert.equal(mosquittoAclFile(devices).output, SECTIONS.file)
    for (const [username, topic, granted] of SECTIONS.answers) {
      const principal = devices.find((one) => one.username === username)
      const asked = { action: 'publish', topic, qos: 1, retain: false } as const
      const { effect } = principal ? decide(principal, asked) : { effect: 'deny' }
      assert.equal(effect === 'allow', granted, `${username} ${topic}`)
    }
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
    ExportCode,
    readonly string[],
  ])[]) {
    test(`refuses ${what}, naming the rule`, () => {
      const principal = pump7(...rules)
      const thrown = refusal(() => mosquittoAclFile([principal]))
      assert.deepEqual(
        thrown.findings.map((finding) => finding.code),
        [reason],
      )
      assert.ok(rules.includes(thrown.findings[0]!.rule as never))
      assert.ok(thrown.message.includes(JSON.stringify(thrown.findings[0]!.rule.filter)))
      assert.deepEqual(lines(principal, ACCEPT), left)
    })
  }

  for (const username of ['pump/7', 'pump/%u', '%c', 'a+b', '#', 'a b']) {
    test(`has a section for the user name ${JSON.stringify(username)}, and no line for all`, () => {
      const { output } = mosquittoAclFile([{ ...pump7(pub('a')), username }])
      assert.equal(output.split('\n\n')[1], `user ${username}\ntopic write a\n`)
      assert.doesNotMatch(output, /^pattern/m)
    })
  }

  for (const username of ['x\nuser y', ' x', 'x ', '', 'x\ty']) {
    test(`refuses the user name ${JSON.stringify(username)}`, () => {
      const principal = { ...pump7(pub('a')), username }
      assert.deepEqual(
        refusal(() => mosquittoAclFile([principal])).findings.map(({ code: reason }) => reason),
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
