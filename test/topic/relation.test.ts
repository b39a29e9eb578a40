import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { matches } from '../../src/topic/relation.ts'

describe('matches', () => {
  for (const [filter, name, expected] of [
    ['a/#', 'a', true],
    ['+/x', '$SYS/x', false],
  ] as const) {
    test(`${filter} ${expected ? 'matches' : 'does not match'} ${name}`, () => {
      assert.equal(matches(filter, name), expected)
    })
  }
  test('skipped', { skip: 'because reason' }, () => {})
})
