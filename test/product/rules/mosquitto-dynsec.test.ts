import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ConfigError } from '../../../src/base/errors.ts'
import { mosquittoDynsecRoles } from '../../../src/product/mosquitto/roles.ts'
import type { ExportCode } from '../../../src/product/rules/rule-export.ts'
import type { AccessRule } from '../../../src/rule/rule.ts'
import { both, pub, pump7, refusal, stop, sub } from './rules.ts'

const ACCEPT = { allowNarrower: true }

describe('mosquittoDynsecRoles', () => {
  /** A role's entries: what they say, how they stand to each other. */
  function entries(...rules: readonly AccessRule[]): readonly string[] {
    const { roles } = mosquittoDynsecRoles([pump7(...rules)]).output
    return roles[0]!.acls
      .filter(({ acltype }) => acltype !== 'unsubscribePattern')
      .map((acl) => `${acl.allow ? 'allow' : 'deny'} ${acl.acltype} ${acl.topic} ${acl.priority}`)
  }

  test('is one role each, and the defaults that it takes', () => {
    const { output, findings } = mosquittoDynsecRoles([pump7(pub('a'), sub('b/+'))])
    const entry = (acltype: string, topic: string) => ({ acltype, topic, priority: 0, allow: true })
    assert.deepEqual(output, {
      roles: [
        {
          username: 'pump/7',
          rolename: 'devicehub/pump/7',
          acls: [
            entry('publishClientSend', 'a'),
            entry('subscribePattern', 'b/+'),
            entry('unsubscribePattern', 'b/+'),
            entry('publishClientReceive', 'b/+'),
          ],
        },
      ],
      defaultAccess: [
        { acltype: 'publishClientSend', allow: false },
        { acltype: 'publishClientReceive', allow: false },
        { acltype: 'subscribe', allow: false },
        { acltype: 'unsubscribe', allow: true },
      ],
    })
    assert.deepEqual(findings, [])
  })

  test('names a share', () => {
    assert.deepEqual(entries(sub('a/#', { share: 'g' })), [
      'allow subscribePattern $share/g/a/# 0',
      'allow publishClientReceive a/# 0',
    ])
  })

  test('puts a deny first, for the subscription and for each message', () => {
    assert.deepEqual(entries(both('a/#'), stop(both('a/b'))), [
      'deny publishClientSend a/b 1',
      'deny publishClientReceive a/b 1',
      'deny subscribePattern a/b 1',
      'allow publishClientSend a/# 0',
      'allow subscribePattern a/# 0',
      'allow publishClientReceive a/# 0',
    ])
  })

  test('keeps "#" from what begins with "$", but for what is granted there', () => {
    assert.deepEqual(entries(sub('#'), sub('$SYS/#'), sub('$x/a'), sub('a', { share: 'g' })), [
      'allow publishClientReceive # 0',
      'allow subscribePattern $SYS/# 0',
      'allow publishClientReceive $SYS/# 0',
      'allow subscribePattern $x/a 0',
      'allow publishClientReceive $x/a 0',
      'allow subscribePattern $share/g/a 0',
      'allow publishClientReceive a 0',
      'deny subscribePattern $CONTROL/# -3',
      'deny subscribePattern $x/# -3',
      'deny subscribePattern $share/# -3',
      'allow subscribePattern # -4',
    ])
  })

  test('keeps "/#" from "#"', () => {
    assert.deepEqual(entries(sub('/#')), [
      'deny subscribeLiteral # 1',
      'allow subscribePattern /# 0',
      'allow publishClientReceive /# 0',
    ])
    assert.ok(!entries(sub('/#'), sub('#')).some((entry) => entry.includes('Literal')))
  })

  for (const [what, rules, reason] of [
    ['a highest QoS', [sub('a', { maxQos: 0 })], 'qos'],
    ['a retain flag', [pub('a', { retain: true })], 'retain'],
    ['a deny of one flag', [pub('a'), stop(pub('a', { retain: true }))], 'retain'],
    ['a level "%u"', [pub('a/%u')], 'filter-text'],
    ['a deny of a level "%c"', [pub('a/+'), stop(pub('a/%c'))], 'filter-text'],
    ['a control character', [pub('a\u0001')], 'filter-text'],
    ['the client id', [sub('a/{clientId}')], 'client-id'],
    ['topics of the broker', [pub('$SYS/x')], 'broker-topic'],
    [
      'a deny for one share name of two',
      [sub('a/#', { share: 'g' }), sub('a/#'), stop(sub('a/b', { share: 'g' }))],
      'deny',
    ],
  ] as const satisfies readonly (readonly [string, readonly AccessRule[], ExportCode])[]) {
    test(`refuses ${what}, naming the rule`, () => {
      const thrown = refusal(() => mosquittoDynsecRoles([pump7(...rules)]))
      assert.deepEqual(
        thrown.findings.map((finding) => finding.code),
        [reason],
      )
      assert.ok(rules.includes(thrown.findings[0]!.rule as never))
      assert.equal(mosquittoDynsecRoles([pump7(...rules)], ACCEPT).findings.length, 1)
    })
  }

  test('refuses two principals of one user name', () => {
    assert.throws(() => mosquittoDynsecRoles([pump7(), pump7()]), ConfigError)
  })
})
