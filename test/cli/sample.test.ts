/**
 * Samples of what a schema accepts.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import * as v from 'valibot'
import { sample } from '../../adapters/cli/dev/sample.ts'
import type { Schema } from '../../src/index.ts'

describe('a sample is found', () => {
  for (const [title, schema] of [
    ['of an empty object', v.object({})],
    ['of numbers', v.object({ a: v.number(), b: v.pipe(v.number(), v.maxValue(0)) })],
    ['of text', v.object({ text: v.string(), at: v.pipe(v.string(), v.isoTimestamp()) })],
    ['of truth values', v.strictObject({ on: v.boolean() })],
    ['of nested objects', v.object({ gps: v.object({ lat: v.number(), lon: v.number() }) })],
    ['of lists', v.object({ list: v.pipe(v.array(v.number()), v.minLength(1)) })],
    ['of lists of objects', v.object({ list: v.tuple([v.object({ a: v.string() })]) })],
    ['of what is no object', v.number()],
    [
      'by a schema that answers later',
      v.objectAsync({
        a: v.pipeAsync(
          v.number(),
          v.checkAsync(async (n) => n < 20),
        ),
      }),
    ],
  ] as const) {
    test(title, async () => {
      const found = await sample(schema as Schema)
      assert.ok(found)
      const result = await (schema as Schema)['~standard'].validate(found.value)
      assert.equal(result.issues, undefined, JSON.stringify(found.value))
    })
  }
})

describe('none is found, in finite time', () => {
  const endless: Schema = {
    '~standard': {
      version: 1,
      vendor: 'test',
      validate: () => ({ issues: [{ message: 'no', path: [crypto.randomUUID()] }] }),
    },
  }
  for (const [title, schema] of [
    ['of a word that has to be known', v.object({ answer: v.picklist(['the wind']) })],
    [
      'of one of several objects',
      v.union([v.object({ a: v.number() }), v.object({ b: v.string() })]),
    ],
    ['of what cannot be', v.object({ never: v.never() })],
    ['by a schema that always finds something else', endless],
    [
      'by a schema that throws',
      v.pipe(
        v.unknown(),
        v.check(() => assert.fail('out of order')),
      ),
    ],
  ] as const) {
    test(title, async () => assert.equal(await sample(schema as Schema), undefined))
  }
})
