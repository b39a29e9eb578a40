/**
 * What stands in for `node:assert/strict` in a page judges as that does.
 *
 * @module
 */
import real from 'node:assert/strict'
import { describe, test } from 'node:test'
import assert from './assert.ts'

class Mistake extends Error {}
const mistake = new Mistake('a mistake')

const values: readonly (readonly [a: unknown, b: unknown])[] = [
  [1, 1],
  [1, 2],
  [1, '1'],
  [Number.NaN, Number.NaN],
  [0, -0],
  [undefined, null],
  [null, {}],
  [[], {}],
  [
    [1, [2]],
    [1, [2]],
  ],
  [
    [1, [2]],
    [1, [3]],
  ],
  [[1], [1, 2]],
  [
    { a: 1, b: 2 },
    { b: 2, a: 1 },
  ],
  [{ a: undefined }, {}],
  [{ a: undefined }, { b: undefined }],
  [new Uint8Array([1, 2]), new Uint8Array([1, 2])],
  [new Uint8Array([1, 2]), new Uint8Array([1, 3])],
  [new Uint8Array([1]), [1]],
  [mistake, mistake],
]

/** Whether something passes; a promise is waited for. */
async function passes(run: () => unknown): Promise<boolean> {
  try {
    await run()
    return true
  } catch {
    return false
  }
}

describe('it judges as node:assert/strict does', () => {
  for (const [a, b] of values) {
    test(`${String(a)} and ${String(b)}`, async () => {
      for (const name of ['equal', 'deepEqual'] as const) {
        real.equal(
          await passes(() => assert[name](a, b)),
          await passes(() => real[name](a, b)),
          name,
        )
      }
      real.equal(await passes(() => assert.ok(a)), await passes(() => real.ok(a)))
    })
  }

  const outcomes: readonly (readonly [name: string, run: () => Promise<unknown>])[] = [
    ['a mistake', () => Promise.reject(mistake)],
    ['another error', () => Promise.reject(new TypeError('other'))],
    ['a value', () => Promise.resolve(1)],
  ]
  const expectations: readonly (readonly [
    name: string,
    expected: RegExp | Error | object | ((error: unknown) => boolean),
  ])[] = [
    ['a class', Mistake],
    ['a pattern', /a mistake/],
    ['its message', { message: 'a mistake' }],
    ['another key', { code: 'E' }],
    ['a check that holds', () => true],
    ['a check that does not', () => false],
  ]
  for (const [outcome, run] of outcomes) {
    for (const [name, expected] of expectations) {
      test(`${outcome} where ${name} is expected`, async () => {
        real.equal(
          await passes(() => assert.rejects(run(), expected)),
          await passes(() => real.rejects(run(), expected)),
        )
      })
    }
  }

  test('the very error that is expected, and another one', async () => {
    real.ok(await passes(() => assert.rejects(Promise.reject(mistake), mistake)))
    real.ok(!(await passes(() => assert.rejects(Promise.reject(new Error('x')), mistake))))
  })
})
