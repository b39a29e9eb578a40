/**
 * The lines of `devicehub listen`.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { jsonLine } from '../../adapters/cli/json-line.ts'
import { type ListenEvent, toText } from '../../adapters/cli/listen/event-line.ts'

const at = { time: '2025-01-15T12:00:00.000Z', broker: 'default' }

function data(payload: unknown): ListenEvent {
  return { ...at, event: 'data', type: 'pump', device: 'P-1', payload }
}

describe('for people', () => {
  for (const [event, line] of [
    [data({ rpm: 1 }), 'data pump/P-1 {"rpm":1}'],
    [data('on\n\u001b[2J'), 'data pump/P-1 "on\\n\\u001b[2J"'],
    [data('\u009b2J\u2028'), 'data pump/P-1 "\\u{9b}2J\\u{2028}"'],
    [data(10n), 'data pump/P-1 "10"'],
    [data(undefined), 'data pump/P-1 null'],
    [{ ...at, event: 'broker', state: 'connected' }, 'broker connected'],
    [{ ...at, event: 'broker', state: 'disconnected', text: 'gone' }, 'broker disconnected: gone'],
    [
      {
        ...at,
        event: 'broker',
        state: 'subscribed',
        subscriptions: [
          { filter: 'a/+', qos: 1, shared: true },
          { filter: 'b/+', qos: 1, shared: false, unsharedBecause: 'broker-has-none' },
          { filter: 'c/+', qos: 1, shared: false },
        ],
      },
      'broker subscribed: a/+ (shared), b/+ (not shared: broker-has-none), c/+',
    ],
    [
      { ...at, event: 'rejected', topic: 'a\u001bb', code: 'topic-unknown', text: 'no\ntype' },
      'rejected "a\\u001bb" topic-unknown: no\\u{a}type',
    ],
  ] as const satisfies readonly (readonly [ListenEvent, string])[]) {
    test(line, () => assert.equal(toText(event), `${at.time} default ${line}`))
  }

  test('a long payload is cut', () => {
    assert.ok(toText(data('x'.repeat(10_000))).length < 700)
  })
})

describe('for programs', () => {
  for (const payload of [
    { rpm: 1.5, text: 'ä\n\u001b\u009b\u2028\u202e\u{e0041}\u{1f600}' },
    'x'.repeat(10_000),
    null,
  ]) {
    test(`${JSON.stringify(payload).slice(0, 40)} is read back, from printable characters`, () => {
      const line = jsonLine(data(payload))
      assert.doesNotMatch(line, /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
      assert.deepEqual(JSON.parse(line), data(payload))
    })
  }
})
