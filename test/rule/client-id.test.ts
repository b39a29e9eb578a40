/**
 * Whose a client id is.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import {
  checkClientIds,
  joinClientId,
  ownsClientId,
  readClientId,
} from '../../src/rule/client-id.ts'
import { isUsername } from '../../src/topic/name.ts'

describe('a client id is that of a user name', () => {
  const rows: [username: string, clientId: string, isOwn: boolean][] = [
    ['pump/P-1', 'pump/P-1', true],
    ['pump/P-1', 'pump/P-1//', true],
    ['pump/P-1', 'pump/P-1//b', true],
    ['pump/P-1', 'pump/P-1///anything/at+all#', true],
    ['hub', 'hub', true],
    ['hub', 'hub//a1b2c3d4', true],
    ['token:AAAAAAAAAAAAAAAAAAAAAA', 'token:AAAAAAAAAAAAAAAAAAAAAA//tab', true],
    ['é😀/1', 'é😀/1//b', true],
    ['pump/P-1', 'pump/P-2', false],
    ['pump/P-1', 'pump/P-11', false],
    ['pump/P-1', 'pump/P-1/', false],
    ['pump/P-1', 'pump/P-1/b', false],
    ['pump/P-1', 'pump/P-1 //b', false],
    ['pump/P-1', 'Pump/P-1', false],
    ['pump/P-1', ' pump/P-1', false],
    ['pump/P-1', '//pump/P-1', false],
    ['pump/P-1', 'pump//P-1', false],
    ['pump/P-1', 'pump', false],
    ['pump/P-1', 'P-1', false],
    ['pump/P-1', '', false],
    // Another's, whatever stands behind it.
    ['P-1', 'pump/P-1//P-1', false],
    ['hub', 'hub2//a', false],
    ['hub', 'hub/2', false],
    ['hub', 'pump/P-1///hub', false],
    ['hub', 'devicehub-0123', false],
  ]
  for (const [username, clientId, isOwn] of rows) {
    test(`${clientId || 'the empty one'} ${isOwn ? 'is' : 'is not'} one of ${username}`, () => {
      assert.equal(ownsClientId({ username }, clientId), isOwn)
    })
  }

  test('one of a list is its own as well, to the letter', () => {
    const principal = { username: 'pump/P-1', clientIds: ['legacy-7', 'old/8'] }
    for (const own of ['legacy-7', 'old/8', 'pump/P-1', 'pump/P-1//b']) {
      assert.ok(ownsClientId(principal, own), own)
    }
    for (const other of ['legacy-77', 'legacy-7//b', 'Legacy-7', 'old', 'pump/P-2', '']) {
      assert.ok(!ownsClientId(principal, other), other)
    }
  })
})

describe('no client id is that of two user names', () => {
  const level = fc.string({
    unit: fc.constantFrom('a', 'b', ':', ' ', 'é'),
    minLength: 1,
    maxLength: 3,
  })
  const username = fc
    .oneof(
      level,
      fc.tuple(level, level).map((levels) => levels.join('/')),
    )
    .filter(isUsername)
  const suffix = fc.string({ unit: fc.constantFrom('a', 'b', '/', '+', '#', ' '), maxLength: 8 })

  test('however it is made', () => {
    fc.assert(
      fc.property(username, username, suffix, suffix, (one, other, first, second) => {
        const own = [one, `${one}//${first}`, joinClientId(one, second)]
        for (const clientId of own) {
          assert.ok(ownsClientId({ username: one }, clientId))
          assert.equal(ownsClientId({ username: other }, clientId), one === other)
        }
        assert.notEqual(`${one}//${first}`, other)
      }),
      { numRuns: 20_000 },
    )
  })

  test('and what was joined is taken apart as it was', () => {
    fc.assert(
      fc.property(username, suffix, (name, own) => {
        assert.deepEqual(readClientId(joinClientId(name, own)), { username: name, own })
      }),
    )
  })

  for (const own of ['pump/P-1', 'pump/P-1//b', 'c-1', '///c-1', '//', '']) {
    test(`${own || 'the empty one'} was not joined`, () => {
      assert.deepEqual(readClientId(own), { username: undefined, own })
    })
  }
})

describe('a list of client ids', () => {
  const most = Array.from({ length: 64 }, (_, i) => `c-${i}`)
  for (const list of [
    [],
    ['legacy-7'],
    ['a/b', 'c d', '+', '#', 'é😀', '\ud7ff\ue000', 'x'.repeat(65_535)],
    most,
  ]) {
    test(`may be ${JSON.stringify(list).slice(0, 60)}`, () => checkClientIds('clientIds', list))
  }

  const rows: [unknown, string, RegExp][] = [
    ['legacy-7', 'clientIds', /must be a list of at most 64/],
    [{ 0: 'a' }, 'clientIds', /must be a list/],
    [Array.from({ length: 65 }, (_, i) => `c-${i}`), 'clientIds', /at most 64/],
    [['a', 7], 'clientIds.1', /must be a text/],
    [['a', ''], 'clientIds.1', /not empty/],
    [['pump/P-1//b'], 'clientIds.0', /"\/\/"/],
    [['a\0'], 'clientIds.0', /control character/],
    [['a\ud83d'], 'clientIds.0', /lone surrogate/],
    [['\ud800'], 'clientIds.0', /lone surrogate/],
    [['a', '\udfff'], 'clientIds.1', /lone surrogate/],
    [['é'.repeat(32_768)], 'clientIds.0', /65535 bytes/],
  ]
  for (const [list, key, message] of rows) {
    test(`must not be ${JSON.stringify(list).slice(0, 60)}`, () => {
      assert.throws(() => checkClientIds('clientIds', list as string[]), {
        name: 'ConfigError',
        key,
        message,
      })
    })
  }
})
