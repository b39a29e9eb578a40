/**
 * What a broker cannot carry out, each question by itself, and how it is decided.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { decide } from '../../src/rule/decide.ts'
import type { AccessRequest } from '../../src/rule/decision.ts'
import {
  type BrokerFacts,
  findCharacter,
  findDeviceProblem,
  findSubscriptionProblem,
  isWild,
  separateLevels,
} from '../../src/rule/facts.ts'
import type { AccessRule } from '../../src/rule/rule.ts'
import { allow, deny, principal } from './fixture.ts'

/** Tells everything and keeps everything apart. */
const OPEN: BrokerFacts = { qos: true, retain: true, share: true, clientId: true, separators: '' }
const STRIPS: BrokerFacts = { ...OPEN, share: false }
const NO_SHARES: BrokerFacts = { ...OPEN, share: 'none' }
const SHOWS_RESERVED: BrokerFacts = { ...OPEN, hidesReserved: false }
const DOTS: BrokerFacts = { ...OPEN, separators: '.' }
const NEITHER: BrokerFacts = { ...NO_SHARES, hidesReserved: false }

describe('a subscription', () => {
  const SHARES = 'the broker has no shared subscriptions'
  const WILD = 'a wildcard at the first level reaches topics that begin with "$" there'
  const rows: readonly [filter: string, facts: BrokerFacts, problem: string | undefined][] = [
    ['$share/crew/a', OPEN, undefined],
    ['$share/crew/#', OPEN, undefined],
    ['#', OPEN, undefined],
    ['$share/crew/a', STRIPS, undefined],
    ['#', { ...OPEN, hidesReserved: true }, undefined],
    ['$share/crew/a', NO_SHARES, SHARES],
    ['$share/crew/#', NO_SHARES, SHARES],
    ['share/crew/a', NO_SHARES, undefined],
    ['a', NO_SHARES, undefined],
    ['#', NO_SHARES, undefined],
    ['+/a', NO_SHARES, undefined],
    ['#', SHOWS_RESERVED, WILD],
    ['+', SHOWS_RESERVED, WILD],
    ['+/a', SHOWS_RESERVED, WILD],
    ['$share/crew/+/a', SHOWS_RESERVED, WILD],
    ['$share/crew/a/+', SHOWS_RESERVED, undefined],
    ['a/#', SHOWS_RESERVED, undefined],
    ['a/+', SHOWS_RESERVED, undefined],
    ['a', SHOWS_RESERVED, undefined],
    ['$share/crew/a', SHOWS_RESERVED, undefined],
    ['$share/crew/#', NEITHER, SHARES],
    ['#', NEITHER, WILD],
    ['a/#', NEITHER, undefined],
  ]
  for (const [filter, facts, problem] of rows) {
    const { share, hidesReserved } = facts
    test(`${filter}, where ${JSON.stringify({ share, hidesReserved })}: ${problem ?? 'fine'}`, () => {
      assert.equal(findSubscriptionProblem(filter, facts), problem)
    })
  }
})

describe('a device', () => {
  const STARS = { ...OPEN, wildcards: '*' }
  const BOTH = { ...OPEN, separators: '.:', wildcards: '*' }
  const rows: readonly [id: string | undefined, facts: BrokerFacts, found: string | undefined][] = [
    ['P.1*', OPEN, undefined],
    ['P-1', BOTH, undefined],
    ['P-x', DOTS, undefined],
    ['P.1', DOTS, '.'],
    ['P*1', DOTS, undefined],
    ['P*1', STARS, '*'],
    ['P.1', STARS, undefined],
    ['P*1', BOTH, '*'],
    ['P:1', BOTH, ':'],
    ['P*1.', BOTH, '.'],
    [undefined, BOTH, undefined],
  ]
  for (const [id, facts, found] of rows) {
    const { separators, wildcards = '' } = facts
    test(`${id}, where ${JSON.stringify([separators, wildcards])} are not kept apart: ${found ?? 'fine'}`, () => {
      const device = id === undefined ? {} : { device: { type: 'pump', id } }
      assert.equal(findDeviceProblem({ ...principal([]), ...device }, facts), found)
    })
  }
})

test('levels are split where the broker splits them', () => {
  const rows: readonly [levels: string[], separators: string, split: string[]][] = [
    [['a.b', 'c'], '', ['a.b', 'c']],
    [['a.b', 'c'], '.', ['a', 'b', 'c']],
    [['a.b.c'], '.', ['a', 'b', 'c']],
    [['a:b.c'], '.:', ['a', 'b', 'c']],
    [['.'], '.', ['', '']],
    [['a'], '.', ['a']],
  ]
  for (const [levels, separators, split] of rows) {
    assert.deepEqual(separateLevels(levels, separators), split)
  }
})

test('a character is found in any level', () => {
  const rows: readonly [levels: string[], characters: string, found: string | undefined][] = [
    [['a', 'b.'], '.', '.'],
    [['a.', 'b'], '*.', '.'],
    [['a*', '.'], '.*', '.'],
    [['a', 'b'], '.*', undefined],
    [['a.'], '', undefined],
    [[], '.', undefined],
  ]
  for (const [levels, characters, found] of rows) {
    assert.equal(findCharacter(levels, characters), found)
  }
})

test('a level is wild that is "+" or "#" as a whole', () => {
  const rows: readonly [level: string | undefined, wild: boolean][] = [
    ['+', true],
    ['#', true],
    ['a', false],
    ['', false],
    ['+a', false],
    ['##', false],
    [undefined, false],
  ]
  for (const [level, wild] of rows) assert.equal(isWild(level), wild)
})

describe('decisions are closed to what the broker hides', () => {
  type Row = readonly [AccessRule[], AccessRequest['action'], string, BrokerFacts, string, string]
  const rows: readonly Row[] = [
    // rules, action, topic, facts, with a broker that hides nothing, with this one
    [
      [allow('both', 'a/#'), deny('both', 'a.b/#')],
      'publish',
      'a/b/c',
      DOTS,
      'allowed-by-rule',
      'denied-by-rule',
    ],
    [
      [allow('both', 'a/#'), deny('both', 'a.b/#')],
      'subscribe',
      'a/+/c',
      DOTS,
      'allowed-by-rule',
      'denied-by-rule',
    ],
    [
      [allow('both', 'a/#'), deny('both', 'a.b/#')],
      'publish',
      'a/c',
      DOTS,
      'allowed-by-rule',
      'allowed-by-rule',
    ],
    [
      [allow('subscribe', 'a/#'), deny('subscribe', 'a/b', { share: 'x' })],
      'subscribe',
      'a/b',
      STRIPS,
      'allowed-by-rule',
      'denied-by-rule',
    ],
    [
      [allow('subscribe', 'a/#'), deny('subscribe', 'a/b', { share: 'x' })],
      'subscribe',
      'a/c',
      STRIPS,
      'allowed-by-rule',
      'allowed-by-rule',
    ],
    [
      [allow('subscribe', 'a', { share: 'x' })],
      'subscribe',
      '$share/x/a',
      NO_SHARES,
      'allowed-by-rule',
      'broker-unsupported',
    ],
    [
      [allow('publish', 'a/#'), deny('publish', 'a/b', { share: 'x' })],
      'publish',
      'a/b',
      STRIPS,
      'allowed-by-rule',
      'allowed-by-rule',
    ],
    [
      [allow('publish', '$share/x/a')],
      'publish',
      '$share/x/a',
      NO_SHARES,
      'allowed-by-rule',
      'allowed-by-rule',
    ],
    [[allow('subscribe', 'a')], 'subscribe', 'a', NO_SHARES, 'allowed-by-rule', 'allowed-by-rule'],
    [
      [allow('subscribe', '#')],
      'subscribe',
      '#',
      SHOWS_RESERVED,
      'allowed-by-rule',
      'broker-unsupported',
    ],
    [
      [allow('subscribe', '#')],
      'subscribe',
      '+/a',
      SHOWS_RESERVED,
      'allowed-by-rule',
      'broker-unsupported',
    ],
    [
      [allow('subscribe', '#', { share: 'x' })],
      'subscribe',
      '$share/x/+',
      SHOWS_RESERVED,
      'allowed-by-rule',
      'broker-unsupported',
    ],
    [
      [allow('subscribe', '#')],
      'subscribe',
      'a/#',
      SHOWS_RESERVED,
      'allowed-by-rule',
      'allowed-by-rule',
    ],
    [
      [allow('subscribe', '#'), deny('subscribe', 'a')],
      'subscribe',
      '#',
      SHOWS_RESERVED,
      'denied-by-rule',
      'denied-by-rule',
    ],
  ]
  for (const [rules, action, topic, broker, open, closed] of rows) {
    test(`${JSON.stringify(rules)}: ${action} ${topic}: ${closed}`, () => {
      const who = principal(rules)
      const check = (facts: BrokerFacts | undefined, expected: string) => {
        const decision = decide(who, { action, topic, ...(facts && { facts }) })
        const effect = expected === 'allowed-by-rule' ? 'allow' : 'deny'
        assert.deepEqual([decision.effect, decision.code], [effect, expected])
        // One object is handed out to everybody who asks.
        assert.ok(Object.isFrozen(decision))
      }
      check(undefined, open)
      check(OPEN, open)
      check(broker, closed)
    })
  }
})
