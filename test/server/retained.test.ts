/**
 * Retained messages against a list of all there are.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { ApplicationMessage } from '../../src/server/message.ts'
import { RetainedMessages } from '../../src/server/retained.ts'
import { levelsCover } from '../../src/topic/relation.ts'
import { message } from './deliveries.ts'

const MANY = {
  maxRetained: 1_000,
  maxRetainedBytes: 1_000_000_000,
  maxRetainedPerOwner: 1_000,
  maxRetainedBytesPerOwner: 1_000_000_000,
}

const level = fc.constantFrom('', 'a', 'b', '$s', 'A')
const topic = fc
  .array(level, { minLength: 1, maxLength: 4 })
  .map((levels) => levels.join('/'))
  .filter((name) => name !== '')
const filter = fc
  .tuple(fc.array(fc.oneof(level, fc.constant('+')), { minLength: 1, maxLength: 4 }), fc.boolean())
  .map(([levels, isOpen]) => (isOpen ? [...levels, '#'] : levels))

test('a filter finds those of the topics that it covers, and no other', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(topic, fc.boolean(), fc.constantFrom('one', 'other')), { maxLength: 30 }),
      fc.array(filter, { minLength: 1, maxLength: 10 }),
      (changes, filters) => {
        const retained = new RetainedMessages(MANY)
        const all = new Map<string, ApplicationMessage>()
        for (const [name, isSet, owner] of changes) {
          if (isSet) {
            const next = message(name, `${all.size}`, { retain: true })
            assert.equal(retained.set(owner, next, 0), true)
            all.set(name, next)
          } else {
            retained.delete(name)
            all.delete(name)
          }
        }
        assert.equal(retained.size, all.size)
        for (const levels of [...filters, ['#'], ['+', '#'], ['$s', '#']]) {
          const expected = [...all.values()].filter((one) =>
            levelsCover(levels, one.topic.split('/')),
          )
          const found = retained.match(levels, 0)
          assert.deepEqual(new Set(found.map(({ message }) => message)), new Set(expected))
          for (const one of found) assert(retained.has(one))
        }
        for (const name of all.keys()) retained.delete(name)
        assert.deepEqual([retained.size, retained.bytes], [0, 0])
        assert.deepEqual(retained.match(['#'], 0), [])
      },
    ),
  )
})

test('what has expired is not found, and counts no more once it was looked for', () => {
  const retained = new RetainedMessages(MANY)
  retained.set('me', message('a/brief', '', { messageExpiryInterval: 5 }), 0)
  retained.set('me', message('a/lasting', '', { messageExpiryInterval: 6 }), 0)
  retained.set('me', message('a', ''), 0)
  assert.equal(retained.match(['a', '#'], 4_999).length, 3)
  assert.deepEqual(
    retained
      .match(['a', '#'], 5_000)
      .map((one) => one.topic)
      .toSorted(),
    ['a', 'a/lasting'],
  )
  assert.equal(retained.size, 2)
  retained.delete('a')
  retained.delete('a/lasting')
  retained.delete('a/never')
  assert.deepEqual([retained.size, retained.bytes], [0, 0])
})

test('one owner has its bound, and a topic belongs to who published last', () => {
  const retained = new RetainedMessages({ ...MANY, maxRetained: 4, maxRetainedPerOwner: 2 })
  const set = (owner: string, name: string) => retained.set(owner, message(name, 'm'), 0)
  assert.deepEqual(
    [set('me', 'a'), set('me', 'b'), set('me', 'c'), set('me', 'b')],
    [true, true, false, true],
  )
  // Taken over by another one, it leaves room.
  assert.deepEqual(
    [set('you', 'a'), set('me', 'c'), set('you', 'd'), set('you', 'e')],
    [true, true, true, false],
  )
  assert.deepEqual([set('they', 'f'), set('they', 'd')], [false, true])
  assert.equal(retained.size, 4)
})

test('a message without room leaves the one before', () => {
  const small = message('t', 'small', { retain: true })
  const { bytes } = small
  const retained = new RetainedMessages({ ...MANY, maxRetainedBytes: bytes + 1_000 })
  assert.equal(retained.set('me', small, 0), true)
  assert.equal(retained.set('me', message('t', 'x'.repeat(2_000)), 0), false)
  assert.deepEqual(
    retained.match(['t'], 0).map((one) => one.message),
    [small],
  )
  const before = retained.bytes
  assert.equal(retained.set('me', message('t', 'other'), 0), true)
  assert.equal(retained.bytes, before)
})

test('what has expired makes room', () => {
  const retained = new RetainedMessages({ ...MANY, maxRetained: 2 })
  const set = (name: string, now: number, seconds?: number) => {
    const expiry = seconds === undefined ? {} : { messageExpiryInterval: seconds }
    return retained.set('me', message(name, 'm', expiry), now)
  }
  assert.deepEqual([set('a', 0, 5), set('b', 0, 9), set('c', 4_999)], [true, true, false])
  assert.deepEqual([set('c', 5_000), set('d', 8_999), set('d', 9_000)], [true, false, true])
  assert.deepEqual(
    retained.match(['+'], 9_000).map(({ topic }) => topic),
    ['c', 'd'],
  )
})

test('a payload is as it was, text or not, small or large', () => {
  const payloads = [
    new Uint8Array(),
    Uint8Array.of(0, 127),
    Uint8Array.of(128),
    Uint8Array.of(0xef, 0xbb, 0xbf, 65),
    new TextEncoder().encode('21.5 °C'),
    new Uint8Array(512).fill(65),
    new Uint8Array(513).fill(65),
  ]
  for (const payload of payloads) {
    const retained = new RetainedMessages(MANY)
    const kept = { ...message('t'), payload, retain: true }
    retained.set('me', kept, 0)
    assert.deepEqual(
      retained.match(['t'], 0).map((one) => one.message),
      [kept],
    )
  }
})
