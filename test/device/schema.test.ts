/**
 * Validating with any validator that speaks Standard Schema.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as v from 'valibot'
import { PayloadError, type PayloadIssue } from '../../src/base/errors.ts'
import {
  type Schema,
  type SchemaIssue,
  type SchemaResult,
  validate,
} from '../../src/device/schema.ts'

type Answer = SchemaResult<unknown> | Promise<SchemaResult<unknown>>

/** A validator by hand. */
function schema(answer: (value: unknown) => Answer): Schema {
  return { '~standard': { version: 1, vendor: 'test', validate: answer } }
}

/** What becomes of a validation, whether it is done at once or later. */
const validated = async (...args: Parameters<typeof validate>): Promise<unknown> =>
  validate(...args)

/** What the schema found, as it reaches a caller. */
async function issuesOf(by: Schema, value: unknown): Promise<readonly PayloadIssue[]> {
  const error = await validated(by, value, 'data of pump/P-1').then(
    () => assert.fail('the schema took it'),
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof PayloadError)
  assert.equal(error.code, 'ERR_PAYLOAD_INVALID')
  assert.match(error.message, /^data of pump\/P-1: /)
  return error.issues
}

describe('what a schema makes of a value is returned', () => {
  const rows: [title: string, by: Schema, value: unknown, expected: unknown][] = [
    ['at once', schema((value) => ({ value })), { a: 1 }, { a: 1 }],
    ['later', schema(async (value) => ({ value })), 7, 7],
    ['another value', schema(() => ({ value: 'made' })), 'given', 'made'],
    ['undefined', schema(() => ({ value: undefined })), 1, undefined],
    ['null', schema(() => ({ value: null })), 1, null],
    ['with no issues said', schema((value) => ({ value, issues: undefined })), 1, 1],
    ['by valibot', v.object({ a: v.optional(v.number(), 5) }), { b: 1 }, { a: 5 }],
  ]
  for (const [title, by, value, expected] of rows) {
    test(title, async () => assert.deepEqual(await validate(by, value, 'data'), expected))
  }
})

describe('a refusal names each place', () => {
  const issue = (message: string, path?: SchemaIssue['path']): SchemaIssue => ({ message, path })
  const rows: [title: string, issues: SchemaIssue[], expected: PayloadIssue[], said: string][] = [
    [
      'without a path',
      [issue('must be an object')],
      [{ path: '', message: 'must be an object' }],
      'must be an object',
    ],
    ['with an empty path', [issue('no', [])], [{ path: '', message: 'no' }], 'no'],
    ['with keys', [issue('no', ['a', 'b'])], [{ path: 'a.b', message: 'no' }], 'a.b: no'],
    [
      'with keys as objects',
      [issue('no', [{ key: 'a' }, { key: 0 }, 'c'])],
      [{ path: 'a.0.c', message: 'no' }],
      'a.0.c: no',
    ],
    ['with a number', [issue('no', [3])], [{ path: '3', message: 'no' }], '3: no'],
    [
      'with a symbol',
      [issue('no', [Symbol('s')])],
      [{ path: 'Symbol(s)', message: 'no' }],
      'Symbol(s): no',
    ],
    [
      'one after the other',
      [issue('no', ['a']), issue('nor that')],
      [
        { path: 'a', message: 'no' },
        { path: '', message: 'nor that' },
      ],
      'a: no; nor that',
    ],
  ]
  for (const [title, issues, expected, said] of rows) {
    for (const [when, by] of [
      ['at once', schema(() => ({ issues }))],
      ['later', schema(async () => ({ issues }))],
    ] as const) {
      test(`${title}, ${when}`, async () => {
        assert.deepEqual(await issuesOf(by, 1), expected)
        await assert.rejects(validated(by, 1, 'x'), { message: `x: ${said}` })
      })
    }
  }

  test('even when there is none to name', async () => {
    assert.deepEqual(
      await issuesOf(
        schema(() => ({ issues: [] })),
        1,
      ),
      [],
    )
  })

  test('by valibot, into a list', async () => {
    const by = v.object({ readings: v.array(v.object({ value: v.number() })) })
    const issues = await issuesOf(by, { readings: [{ value: 1 }, { value: 'x' }] })
    assert.deepEqual(
      issues.map(({ path }) => path),
      ['readings.1.value'],
    )
  })
})

describe('a schema that fails is a refusal', () => {
  const rows: [title: string, by: Schema][] = [
    [
      'throwing at once',
      schema(() => {
        throw new RangeError('out of order')
      }),
    ],
    ['rejecting', schema(async () => Promise.reject(new RangeError('out of order')))],
  ]
  for (const [title, by] of rows) {
    test(title, async () => {
      assert.deepEqual(await issuesOf(by, 1), [
        { path: '', message: 'the schema threw: RangeError: out of order' },
      ])
    })
  }
})

test('a schema that gives no answer refuses', async () => {
  for (const answer of [undefined, null, true]) {
    const silent = { '~standard': { version: 1, vendor: 'test', validate: () => answer } }
    await assert.rejects(validated(silent as unknown as Schema, 1, 'data'), {
      name: 'PayloadError',
      message: 'data: the schema gave no answer',
    })
  }
})
