/**
 * Which rules can be declared, and where a refused one is said to be.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type AccessRule, checkRule, checkRules, expandFilter } from '../../src/rule/rule.ts'

const GOOD: AccessRule = { effect: 'allow', actions: ['publish'], filter: 'a/b' }

describe('a rule is accepted', () => {
  const rows: Partial<AccessRule>[] = [
    {},
    { effect: 'deny' },
    { actions: ['subscribe', 'publish'] },
    { filter: '#' },
    { filter: '+' },
    { filter: '/' },
    { filter: 'a//+/#' },
    { filter: '$SYS/#' },
    { filter: '{prefix}/{type}/{deviceId}/{username}/{clientId}/{site_2}/#' },
    { filter: '{x}' },
    { maxQos: 0 },
    { maxQos: 2 },
    { retain: true },
    { retain: false },
    { share: 'devicehub' },
    { share: ' ' },
    { effect: 'deny', share: 'g', retain: true },
  ]
  for (const change of rows) {
    test(JSON.stringify(change), () => checkRule({ ...GOOD, ...change }, 'rules.0'))
  }
})

describe('a rule is refused', () => {
  const word = 'must be a share name without "/", "+" and "#"'
  const actions = 'must list "publish", "subscribe" or both'
  const qos = 'must be 0, 1 or 2'
  const rows: [change: Record<string, unknown>, key: string, problem: string][] = [
    [{ effect: 'Deny' }, 'effect', 'must be "allow" or "deny"'],
    [{ effect: undefined }, 'effect', 'must be "allow" or "deny"'],
    [{ effect: true }, 'effect', 'must be "allow" or "deny"'],
    [{ actions: [] }, 'actions', actions],
    [{ actions: ['publish', 'all'] }, 'actions', actions],
    [{ actions: ['Publish'] }, 'actions', actions],
    [{ actions: 'publish' }, 'actions', actions],
    [{ actions: undefined }, 'actions', actions],
    [{ actions: { 0: 'publish', length: 1 } }, 'actions', actions],
    [{ maxQos: 3 }, 'maxQos', qos],
    [{ maxQos: -1 }, 'maxQos', qos],
    [{ maxQos: 0.5 }, 'maxQos', qos],
    [{ maxQos: '1' }, 'maxQos', qos],
    [{ maxQos: null }, 'maxQos', qos],
    [{ effect: 'deny', maxQos: 1 }, 'maxQos', 'limits an allow; a deny stops every QoS'],
    [{ retain: 'true' }, 'retain', 'must be true or false'],
    [{ retain: 1 }, 'retain', 'must be true or false'],
    [{ retain: null }, 'retain', 'must be true or false'],
    [{ share: '' }, 'share', word],
    [{ share: 'a/b' }, 'share', word],
    [{ share: '+' }, 'share', word],
    [{ share: 'a#' }, 'share', word],
    [{ share: 7 }, 'share', word],
    [{ share: null }, 'share', word],
    [{ maxQoS: 1 }, 'maxQoS', 'is no part of a rule'],
    [{ topic: 'a' }, 'topic', 'is no part of a rule'],
    [{ filter: undefined }, 'filter', 'must be a string'],
    [{ filter: ['a'] }, 'filter', 'must be a string'],
    [{ filter: '$share/g/a' }, 'filter', 'name the share in "share", not in the filter'],
    [{ filter: '$share/{username}/a' }, 'filter', 'name the share in "share", not in the filter'],
  ]
  for (const [change, key, problem] of rows) {
    const shown = Object.entries(change).map(([name, value]) => `${name}: ${JSON.stringify(value)}`)
    test(`${shown.join(', ')}: ${problem}`, () => {
      assert.throws(() => checkRule({ ...GOOD, ...change } as AccessRule, 'services.0.rules.3'), {
        name: 'ConfigError',
        code: 'ERR_CONFIG',
        key: `services.0.rules.3.${key}`,
        message: `services.0.rules.3.${key}: ${problem}`,
      })
    })
  }

  for (const rule of [undefined, null, 'allow', 7]) {
    test(`that is ${JSON.stringify(rule) ?? 'undefined'}`, () => {
      assert.throws(() => checkRule(rule as unknown as AccessRule, 'rules.0'), {
        name: 'ConfigError',
        message: 'rules.0: must be a rule',
      })
    })
  }

  const filters: [filter: string, problem: string][] = [
    ['', 'it must not be empty'],
    ['a/#/b', '"#" must be the last level'],
    ['a/b+', 'a wildcard must be a whole level'],
    ['$share/g', 'a filter must follow the share name'],
    ['a\0', 'it must not hold the character NUL or a lone surrogate'],
    ['x-{deviceId}', '"x-{deviceId}" is no whole-level placeholder'],
    ['{deviceId}x/a', '"{deviceId}x" is no whole-level placeholder'],
    ['{a}{b}', '"{a}{b}" is no whole-level placeholder'],
    ['{}', '"{}" is no whole-level placeholder'],
    ['{', '"{" is no whole-level placeholder'],
    ['a}', '"a}" is no whole-level placeholder'],
    ['{a b}', '"{a b}" is no whole-level placeholder'],
    ['{a.b}', '"{a.b}" is no whole-level placeholder'],
    ['{__proto__}', '"{__proto__}" is no whole-level placeholder'],
    ['{1}', '"{1}" is no whole-level placeholder'],
    ['{{deviceId}}', '"{{deviceId}}" is no whole-level placeholder'],
    ['%{deviceId}', '"%{deviceId}" is no whole-level placeholder'],
    ['{deviceId}\n', '"{deviceId}\n" is no whole-level placeholder'],
  ]
  for (const [filter, problem] of filters) {
    test(`whose filter is ${JSON.stringify(filter)}: ${JSON.stringify(problem)}`, () => {
      assert.throws(() => checkRule({ ...GOOD, filter }, 'rules.0'), {
        name: 'InvalidTopicError',
        problem,
      })
    })
  }
})

describe('a list of rules', () => {
  test('is accepted when each of them is, and when there are none', () => {
    checkRules([GOOD, { ...GOOD, effect: 'deny' }], 'rules')
    checkRules([], 'rules')
  })

  for (const none of [undefined, null, 'rules', 7, { 0: GOOD, length: 1 }, GOOD]) {
    test(`is no list: ${JSON.stringify(none)}`, () => {
      assert.throws(() => checkRules(none as unknown as AccessRule[], 'pump.rules'), {
        name: 'ConfigError',
        key: 'pump.rules',
        message: 'pump.rules: must be a list of rules',
      })
    })
  }

  test('is refused for the first that is wrong, which is named by its place', () => {
    const wrong = { ...GOOD, maxQos: 3 } as unknown as AccessRule
    const worse = { ...GOOD, effect: 'DENY' } as unknown as AccessRule
    assert.throws(() => checkRules([GOOD, GOOD, wrong, worse], 'pump.rules'), {
      name: 'ConfigError',
      key: 'pump.rules.2.maxQos',
    })
    assert.throws(() => checkRules([GOOD, { ...GOOD, filter: 'a+' }], 'pump.rules'), {
      name: 'InvalidTopicError',
    })
  })
})

describe('expandFilter', () => {
  const attributes = { deviceId: 'P-1', username: 'pump/P-1' }
  const rows: [filter: string, missing: string | undefined, levels: string[] | undefined][] = [
    ['a/+/#', undefined, ['a', '+', '#']],
    ['a/{deviceId}/#', undefined, ['a', 'P-1', '#']],
    ['{username}', undefined, ['pump', 'P-1']],
    ['{deviceId}/{deviceId}', undefined, ['P-1', 'P-1']],
    ['a/{site}', undefined, undefined],
    ['a/{site}/{deviceId}', '+', ['a', '+', 'P-1']],
    ['{toString}', undefined, undefined],
    ['{constructor}', '+', ['+']],
  ]
  for (const [filter, missing, levels] of rows) {
    test(`${filter} becomes ${levels?.join('/') ?? 'nothing'}`, () => {
      assert.deepEqual(expandFilter(filter, attributes, missing), levels)
    })
  }
})
