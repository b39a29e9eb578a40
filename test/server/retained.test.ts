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
            const next = message(name, `${all.size}`)
            assert.equal(retained.set(owner, next), true)
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
          assert.deepEqual(new Set(retained.match(levels, 0)), new Set(expected))
        }
        for (const one of all.values()) assert(retained.has(one))
        for (const name of all.keys()) retained.delete(name)
        assert.deepEqual([retained.size, retained.bytes], [0, 0])
        assert.deepEqual(retained.match(['#'], 0), [])
      },
    ),
  )
})

test('what has expired is not found, and counts no more once it was looked for', () => {
  const retained = new RetainedMessages(MANY)
  retained.set('me', message('a/brief', '', { messageExpiryInterval: 5 }))
  retained.set('me', message('a/lasting', '', { messageExpiryInterval: 6 }))
  retained.set('me', message('a', ''))
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
  const set = (owner: string, name: string) => retained.set(owner, message(name, 'm'))
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
  const small = message('t', 'small')
  const { bytes } = small
  const retained = new RetainedMessages({ ...MANY, maxRetainedBytes: bytes + 1_000 })
  assert.equal(retained.set('me', small), true)
  assert.equal(retained.set('me', message('t', 'x'.repeat(2_000))), false)
  assert.equal(retained.has(small), true)
  const before = retained.bytes
  assert.equal(retained.set('me', message('t', 'other')), true)
  assert.equal(retained.bytes, before)
})
