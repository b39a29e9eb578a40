/**
 * What the cases of contracts claim: each claim holds, and is noticed where it does not.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { BrokerError, ConfigError } from '../../src/base/errors.ts'
import * as claims from '../../src/testing/assert.ts'
import { isSame } from '../../src/testing/same.ts'
import { show } from '../../src/testing/show.ts'

const bytes = (...values: number[]) => Uint8Array.from(values)
const bare = (value: object) => Object.assign(Object.create(null), value) as object

describe('two values have the same in them, or not', () => {
  for (const [a, b, expected] of [
    [1, 1, true],
    [1, '1', false],
    [Number.NaN, Number.NaN, true],
    [undefined, undefined, true],
    [undefined, null, false],
    ['a', 'a', true],
    ['é', 'e\u0301', false],
    [[], [], true],
    [[1, 2], [1, 2], true],
    [[1, 2], [2, 1], false],
    [[1], [1, undefined], false],
    [[], {}, false],
    [{ a: { b: [1] } }, { a: { b: [1] } }, true],
    [{ a: { b: [1] } }, { a: { b: [2] } }, false],
    [{ a: 1, b: 2 }, { b: 2, a: 1 }, true],
    [{ a: undefined }, {}, false],
    [{ a: undefined }, { b: undefined }, false],
    [{ a: 1 }, bare({ a: 1 }), false],
    [{ __proto__: null, a: 1 }, bare({ a: 1 }), true],
    [bytes(1, 2), bytes(1, 2), true],
    [bytes(1, 2), bytes(1, 3), false],
    [bytes(1, 2), bytes(1, 2).subarray(0, 1), false],
    [bytes(1, 2), [1, 2], false],
    [new Error('a'), new Error('a'), false],
  ] as const) {
    test(`${show(a)} and ${show(b)}: ${expected}`, () => {
      assert.equal(isSame(a, b), expected)
      assert.equal(isSame(b, a), expected)
    })
  }
})

describe('a claim', () => {
  const config = new ConfigError('port', 'must be a number')
  const lost = new BrokerError('ERR_BROKER_TIMEOUT', 'No answer')

  test('that holds says nothing', async () => {
    claims.ok(1)
    claims.equal('a', 'a')
    claims.deepEqual({ a: [1] }, { a: [1] })
    await claims.rejects(Promise.reject(config), ConfigError)
    await claims.rejects(Promise.reject(config), Error)
    await claims.rejects(Promise.reject(config), config)
    await claims.rejects(Promise.reject(lost), { code: 'ERR_BROKER_TIMEOUT' })
  })

  for (const [claim, message] of [
    [() => claims.ok(0), /^something that has to hold/],
    [() => claims.ok(0, 'no message'), /^no message$/],
    [() => claims.equal(1, 2), /^expected 2, and it is 1$/],
    [() => claims.equal('', undefined, 'of P-1'), /^of P-1: expected undefined, and it is ""$/],
    [() => claims.deepEqual([1], [bytes(1)]), /^expected \["bytes 1"\], and it is \[1\]$/],
  ] as const) {
    test(`that does not: ${message}`, () => {
      assert.throws(claim, { name: 'ContractError', code: 'ERR_CONTRACT', message })
    })
  }

  for (const [work, expected, message] of [
    [
      () => Promise.resolve(),
      ConfigError,
      /^expected a rejection with a ConfigError, and it resolved$/,
    ],
    [
      () => Promise.reject(lost),
      ConfigError,
      /it rejected with BrokerError \(ERR_BROKER_TIMEOUT\)/,
    ],
    [
      () => Promise.reject(lost),
      new Error('mine'),
      /with Error: mine, and it rejected with BrokerError/,
    ],
    [
      () => Promise.reject(lost),
      { code: 'ERR_CONFIG' },
      /with {"code":"ERR_CONFIG"}, and it rejected/,
    ],
    [() => Promise.reject(lost), { code: 'ERR_BROKER_TIMEOUT', field: 'x' }, /and it rejected/],
    [() => Promise.reject('text'), { code: 'ERR_CONFIG' }, /and it rejected with "text"$/],
  ] as const) {
    test(`of a rejection that does not: ${message}`, async () => {
      await assert.rejects(claims.rejects(work(), expected), { name: 'ContractError', message })
    })
  }

  test('that does not hold shows both sides to a test runner', () => {
    assert.throws(() => claims.equal(1, 2), { expected: 2, actual: 1 })
  })
})
