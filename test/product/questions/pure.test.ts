/**
 * What a product reads and writes depends on nothing but what it is given: no clock, no memory.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Asked, QuestionOutcome } from '../../../src/product/http/question.ts'
import { vernemq } from '../../../src/product/products.ts'
import { ASKING } from '../../support/products.ts'

const NOW = 1_764_000_000_000
const principal = {
  kind: 'token',
  username: 'token:t',
  rules: [],
  attributes: {},
  expiresAt: NOW + 60_500,
} as const

/** Fields that every question of some broker can be read from. */
const FIELDS = {
  ...{ username: 'u', password: 'p', clientid: 'c', client_id: 'c', mountpoint: 'm' },
  ...{ topic: 'a/b', action: 'publish', access: '2', acc: 2, qos: 1, retain: true },
  ...{ vhost: '/', resource: 'topic', name: 'amq.topic', permission: 'write' },
  ...{ routing_key: 'a.b', 'variable_map.client_id': 'c' },
  topics: [
    { topic: 'a', qos: 1 },
    { topic: 'b', qos: 0 },
  ],
}
const HOOKS = ['auth_on_register', 'auth_on_publish', 'auth_on_subscribe', 'auth_on_subscribe_m5']

function outcomesOf(asked: Asked): readonly QuestionOutcome[] {
  const base = { code: 'any', isTransient: false, asked, now: NOW } as const
  const allowed = { ...base, effect: 'allow' } as const
  return [
    { ...base, effect: 'deny' },
    { ...base, effect: 'deny', isTransient: true, asked: undefined },
    asked.kind === 'login' ? { ...allowed, principal } : allowed,
    { ...allowed, effects: ['allow', 'deny'] },
  ]
}

/** Calls a function while there is no clock and no chance. */
function withoutClock<T>(call: () => T): T {
  const { now } = Date
  const { random } = Math
  const none = () => assert.fail('it looks at the clock or rolls dice')
  Date.now = none
  Math.random = none
  try {
    return call()
  } finally {
    Date.now = now
    Math.random = random
  }
}

for (const { name, questions } of ASKING) {
  describe(name, () => {
    for (const question of questions) {
      for (const hook of name === 'vernemq' ? HOOKS : ['']) {
        test(`${question.path || hook}: the same in gives the same out`, () => {
          const headers = new Headers({ 'vernemq-hook': hook, 'content-type': 'application/json' })
          // RabbitMQ asks about a queue or an exchange in the same words.
          const fields = Object.freeze(
            question.path === 'resource' ? { ...FIELDS, resource: 'exchange' } : FIELDS,
          )
          const asked = withoutClock(() => question.read(fields, headers))
          assert.deepEqual(question.read(fields, headers), asked)
          const outcomes = outcomesOf(asked)
          const write = () => outcomes.map((outcome) => question.write(outcome))
          const answers = withoutClock(write)
          assert.deepEqual(write(), answers)
          // And what grants something is never what denies.
          const [denied, later, granted] = answers
          assert.notDeepEqual(granted, question.path.endsWith('superuser') ? undefined : denied)
          assert.notDeepEqual(granted, question.path.endsWith('superuser') ? undefined : later)
        })
      }
    }
  })
}

test('VerneMQ is told how long a login lasts from when it was decided', () => {
  const headers = new Headers({ 'vernemq-hook': 'auth_on_register' })
  const question = vernemq.questions[0]!
  const asked = question.read(FIELDS, headers)
  for (const [now, seconds] of [
    [NOW, 61],
    [NOW + 60_000, 1],
    [NOW + 90_000, 1],
  ] as const) {
    const outcome = {
      effect: 'allow',
      code: 'login',
      isTransient: false,
      asked,
      principal,
    } as const
    const { body } = question.write({ ...outcome, now })
    assert.deepEqual(JSON.parse(body), {
      result: 'ok',
      modifiers: {
        max_connection_lifetime: seconds,
        client_id: 'token:t///c',
        mountpoint: 'm',
      },
    })
  }
})
