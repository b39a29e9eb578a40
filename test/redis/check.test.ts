/**
 * What is refused before anything is sent, and answers that Redis does not give.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type RedisCommand, RedisError, redisKeys } from '../../adapters/redis/index.ts'
import { COMPARE_AND_SET } from '../../adapters/redis/script.ts'
import { ConfigError } from '../../src/index.ts'
import { fastClock } from '../support/fast-clock.ts'

/** Keys over a client that answers the same to everything, and what is sent to it. */
function answering(answer: unknown) {
  const sent: RedisCommand[] = []
  const keys = redisKeys(async (command) => {
    sent.push(command)
    return answer
  })
  return { keys, sent }
}

describe('a key', () => {
  for (const [title, key, problem] of [
    ['of 1,024 characters', 'k'.repeat(1_024), undefined],
    ['of 1,024 characters outside of the BMP', '😀'.repeat(1_024), undefined],
    ['of none', '', undefined],
    ['of 1,025 characters', 'k'.repeat(1_025), 'The key is longer than 1024 characters'],
    ['of 1,025 outside of the BMP', '😀'.repeat(1_025), 'The key is longer than 1024 characters'],
    ['with half a character', 'a\ud800', 'The key holds a lone surrogate'],
    ['with the other half', '\udc00a', 'The key holds a lone surrogate'],
    ['that is a number', 7 as unknown as string, 'The key must be a string'],
  ] as const) {
    test(`${title}: ${problem ?? 'taken'}`, async () => {
      const { keys, sent } = answering(null)
      const uses = [
        () => keys.get(key),
        () => keys.setIfAbsent(key, '', 60),
        () => keys.compareAndSet(key, '', '', 60),
      ]
      for (const use of uses) {
        if (problem) await assert.rejects(async () => use(), new TypeError(problem))
        else await use()
      }
      assert.deepEqual(
        sent.map(([name]) => name),
        problem ? [] : ['GET', 'SET', 'EVALSHA'],
      )
    })
  }
})

describe('a value', () => {
  for (const [title, value, problem] of [
    ['of 8,192 characters', 'v'.repeat(8_192), undefined],
    ['of none', '', undefined],
    ['of control characters', '\0\r\n\x7f', undefined],
    ['of 8,193 characters', 'v'.repeat(8_193), 'is longer than 8192 characters'],
    ['beyond ASCII', 'v\x80', 'holds more than ASCII'],
    ['that is a number', 7 as unknown as string, 'must be a string'],
  ] as const) {
    test(`${title}: ${problem ?? 'taken'}`, async () => {
      const { keys, sent } = answering('OK')
      for (const [field, use] of [
        ['value', () => keys.set('a', value, 60)],
        ['value', () => keys.setIfAbsent('a', value, 60)],
        ['value', () => keys.compareAndSet('a', '', value, 60)],
        ['expected value', () => keys.compareAndSet('a', value, '', 60)],
      ] as const) {
        if (problem === undefined) await use()
        else await assert.rejects(async () => use(), new TypeError(`The ${field} ${problem}`))
      }
      assert.equal(sent.length, problem ? 0 : 4)
    })
  }
})

describe('a lifetime', () => {
  const bad = [0, -1, 0.5, 1.5, 86_401, Number.NaN, Infinity, '60' as unknown as number]
  for (const lifetime of [1, 60, 86_400, ...bad]) {
    const isBad = bad.includes(lifetime)
    test(`of ${JSON.stringify(lifetime)} seconds: ${isBad ? 'refused' : 'taken'}`, async () => {
      const { keys, sent } = answering('OK')
      for (const use of [
        () => keys.set('a', 'v', lifetime),
        () => keys.setIfAbsent('a', 'v', lifetime),
        () => keys.compareAndSet('a', 'e', 'v', lifetime),
      ]) {
        const problem = new TypeError('The lifetime must be 1 to 86400 whole seconds')
        if (isBad) await assert.rejects(async () => use(), problem)
        else await use()
      }
      const end = ['EX', `${lifetime}`]
      const expected = [
        ['SET', 'devicehub:a', 'v', ...end],
        ['SET', 'devicehub:a', 'v', ...end, 'NX'],
        ['EVALSHA', COMPARE_AND_SET.sha1, '1', 'devicehub:a', 'e', 'v', `${lifetime}`],
      ]
      assert.deepEqual(sent, isBad ? [] : expected)
    })
  }
})

describe('an answer', () => {
  const [text, set, notSet] = ['a text', 'it was set', 'it was not set']
  for (const [title, answer, get, write] of [
    ['OK', 'OK', text, set],
    ['null', null, undefined, notSet],
    ['another text', 'QUEUED', text, 'string'],
    ['bytes', new Uint8Array([79, 75]), 'object', 'object'],
    ['a number', 1, 'number', 'number'],
    ['true', true, 'boolean', 'boolean'],
    ['nothing', undefined, 'undefined', 'undefined'],
  ] as const) {
    const { keys } = answering(answer)
    const strange = (found: string) =>
      new TypeError(`The client answers with ${found}: it must give texts of Redis as strings`)

    test(`${title} to GET: ${get}`, async () => {
      if (get === text) assert.equal(await keys.get('a'), answer)
      else if (get === undefined) assert.equal(await keys.get('a'), undefined)
      else await assert.rejects(async () => keys.get('a'), strange(get))
    })

    test(`${title} to a write: ${write}`, async () => {
      for (const use of [
        () => keys.setIfAbsent('a', 'v', 60),
        () => keys.compareAndSet('a', 'e', 'v', 60),
      ]) {
        if (write === set || write === notSet) assert.equal(await use(), write === set)
        else await assert.rejects(async () => use(), strange(write))
      }
      // To set a key anyhow there is no "no".
      const found = write === notSet ? 'null' : write
      if (write === set) await keys.set('a', 'v', 60)
      else await assert.rejects(async () => keys.set('a', 'v', 60), strange(found))
    })
  }
})

describe('what a client throws', () => {
  for (const [title, thrown, problem] of [
    ['an error', new Error('Connection is closed.'), 'Connection is closed.'],
    ['a text', 'no', 'no'],
    ['nothing', undefined, 'undefined'],
    ['a long one', new Error('x'.repeat(300)), `${'x'.repeat(200)}…`],
    ['two lines', new Error('one\ntwo'), 'one\\u{a}two'],
  ] as const) {
    for (const [way, send] of [
      ['rejects with', () => Promise.reject(thrown)],
      [
        'throws',
        () => {
          throw thrown
        },
      ],
    ] as const) {
      test(`${way} ${title}`, async () => {
        const failure = await Promise.resolve(redisKeys(send).get('a')).catch((e) => e)
        assert.ok(failure instanceof RedisError)
        assert.equal(failure.code, 'ERR_REDIS')
        assert.equal(failure.problem, problem)
        assert.equal(failure.message, `Redis: ${problem}`)
        assert.equal(failure.cause, undefined)
      })
    }
  }
})

test('a client that never answers is given up after 2 seconds', async () => {
  using clock = fastClock()
  const keys = redisKeys(() => new Promise(() => {}))
  const outcomes = await Promise.allSettled([
    keys.get('a'),
    keys.set('a', 'v', 60),
    keys.setIfAbsent('a', 'v', 60),
    keys.compareAndSet('a', 'e', 'v', 60),
  ])
  for (const outcome of outcomes) {
    assert.ok(outcome.status === 'rejected')
    assert.equal(outcome.reason.message, 'Redis: no answer within 2000 ms')
  }
  assert.ok(clock.passed() <= 2_000)
})

describe('an option', () => {
  const send = async () => null
  for (const [title, client, options, key] of [
    ['a client that is a function', send, undefined, undefined],
    ['a client that has `call`', { call: send }, {}, undefined],
    ['a prefix of one character', send, { prefix: ':' }, undefined],
    ['a prefix of 128', send, { prefix: 'p'.repeat(128) }, undefined],
    ['no client', undefined, undefined, 'client'],
    ['null', null, undefined, 'client'],
    ['a client of another kind', { send }, undefined, 'client'],
    ['a URL', 'redis://:password@localhost', undefined, 'client'],
    ['an empty prefix', send, { prefix: '' }, 'prefix'],
    ['a prefix of 129', send, { prefix: 'p'.repeat(129) }, 'prefix'],
    ['a prefix with half a character', send, { prefix: '\ud800' }, 'prefix'],
    ['a prefix that is a number', send, { prefix: 1 }, 'prefix'],
    ['an unknown one', send, { prefxi: 'a:' }, 'prefxi'],
    ['no object', send, 'a:', 'options'],
  ] as const) {
    test(`${title}: ${key === undefined ? 'taken' : `wrong is ${key}`}`, () => {
      const make = () => redisKeys(client as never, options as never)
      if (key === undefined) assert.doesNotThrow(make)
      else {
        assert.throws(make, (error) => {
          assert.ok(error instanceof ConfigError)
          assert.equal(error.key, key)
          assert.ok(!error.message.includes('password'))
          return true
        })
      }
    })
  }
})
