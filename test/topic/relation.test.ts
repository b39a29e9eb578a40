/**
 * Which names a filter matches, and how filters relate to each other as sets of names.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { InvalidTopicError } from '../../src/base/errors.ts'
import { covers, matches, overlaps } from '../../src/topic/relation.ts'

describe('matches', () => {
  const rows: [filter: string, yes: string[], no: string[]][] = [
    // The examples of section 4.7.
    [
      'sport/tennis/player1/#',
      [
        'sport/tennis/player1',
        'sport/tennis/player1/ranking',
        'sport/tennis/player1/score/wimbledon',
        'sport/tennis/player1/',
      ],
      ['sport/tennis/player2', 'sport/tennis', 'sport/tennis/player10', 'Sport/tennis/player1'],
    ],
    ['sport/#', ['sport', 'sport/', 'sport/a/b'], ['sports', '/sport', 'a/sport', '$sport']],
    ['#', ['a', '/', 'a/b/c', '//'], ['$SYS', '$SYS/a', '$', '$share/g/a']],
    [
      'sport/tennis/+',
      ['sport/tennis/player1', 'sport/tennis/player2', 'sport/tennis/'],
      ['sport/tennis/player1/ranking', 'sport/tennis'],
    ],
    ['sport/+', ['sport/', 'sport/a'], ['sport', 'sport/a/b']],
    ['+', ['finance', ' '], ['/finance', 'a/b', '/', '$SYS']],
    ['/+', ['/finance', '/'], ['finance', '//', '/a/b']],
    ['+/+', ['/finance', '/', 'a/b', 'a/$b'], ['finance', 'a/b/c', '$SYS/a']],
    ['+/tennis/#', ['a/tennis', '/tennis/x'], ['tennis', '$x/tennis', 'a/b/tennis']],
    ['+/monitor/Clients', ['a/monitor/Clients'], ['$SYS/monitor/Clients']],
    ['$SYS/#', ['$SYS', '$SYS/', '$SYS/monitor/Clients'], ['SYS', '$sys', '$SYSTEM', 'a']],
    ['$SYS/monitor/+', ['$SYS/monitor/Clients'], ['$SYS/monitor', '$SYS/other/Clients']],
    // Empty levels are levels.
    ['/', ['/'], ['a', '//', 'a/', '/a']],
    ['a//b', ['a//b'], ['a/b', 'a///b', 'a/x/b']],
    ['a/+/b', ['a//b', 'a/x/b', 'a/$x/b'], ['a/b', 'a/x/y/b']],
    ['a/', ['a/'], ['a', 'a//', 'a/b']],
    ['/#', ['/', '/a', '//'], ['a', 'a/', '$']],
    ['a//#', ['a/', 'a//', 'a//x'], ['a', 'a/b']],
    // Names are compared by the character.
    ['a', ['a'], ['A', 'a ', ' a', '\ufeffa', 'á']],
    ['é', ['é'], ['e\u0301']],
    // A share prefix plays no part.
    ['$share/g/a/+', ['a/b'], ['$share/g/a/b', 'a']],
    ['$share/g/#', ['a'], ['$SYS', '$share/g/a']],
  ]
  for (const [filter, yes, no] of rows) {
    test(`${filter} matches ${yes.join('  ')}`, () => {
      for (const name of yes) assert.equal(matches(filter, name), true, name)
    })
    test(`${filter} does not match ${no.join('  ')}`, () => {
      for (const name of no) assert.equal(matches(filter, name), false, name)
    })
  }

  test('refuses a malformed filter, and a name that holds a wildcard', () => {
    for (const [filter, name] of [
      ['a/#/b', 'a'],
      ['', 'a'],
      ['a', ''],
      ['a', '#'],
      ['+', '+'],
      ['$share/g', 'a'],
    ] as const) {
      assert.throws(() => matches(filter, name), InvalidTopicError, `${filter} and ${name}`)
    }
  })
})

describe('covers', () => {
  const rows: [outer: string, yes: string[], no: string[]][] = [
    ['a/b', ['a/b'], ['a', 'a/+', 'a/#', '+/b', '#', 'a/b/c', 'a/b/#']],
    ['a/+', ['a/b', 'a/+', 'a/'], ['a', 'a/#', 'a/+/#', 'a/+/b', '+/b', '+/+', '#', 'a/b/#']],
    ['a/#', ['a', 'a/b', 'a/+', 'a/#', 'a/+/#', 'a/b/c/+'], ['#', '+', '+/#', 'b/#', 'ab']],
    ['a/+/#', ['a/b', 'a/+', 'a/b/#', 'a/+/+'], ['a', 'a/#']],
    ['+', ['a', '+'], ['#', '+/#', '+/+', '$SYS', '/']],
    ['+/b', ['a/b', '/b', '+/b'], ['+/+', '#', '$x/b', '+/b/#']],
    ['#', ['#', '+', '+/#', 'a/#', '/', 'a/+/b'], ['$SYS', '$SYS/#', '$x/+/a']],
    ['+/#', ['#', '+', '+/#', 'a', 'a/b/#', '/'], ['$SYS', '$SYS/#']],
    ['+/+/#', ['a/b', '+/+', '/', 'a/b/#'], ['#', 'a', '+', 'a/#', '$x/b']],
    ['/#', ['/', '/a', '/+', '/#', '/+/#'], ['#', '+', '+/#', 'a']],
    ['/+/#', ['/', '/a', '/+', '/#'], ['#', '+/#', '+']],
    ['$SYS/#', ['$SYS', '$SYS/#', '$SYS/+'], ['#', '+', '+/#', '$other/#']],
    ['$SYS/+', ['$SYS/a'], ['+/+', '+/a', '$SYS', '$SYS/#']],
    ['$share/g/a/+', ['a/b', '$share/h/a/b'], ['$share/g/a/#']],
  ]
  for (const [outer, yes, no] of rows) {
    test(`${outer} covers ${yes.join('  ')}`, () => {
      for (const inner of yes) assert.equal(covers(outer, inner), true, inner)
    })
    test(`${outer} does not cover ${no.join('  ')}`, () => {
      for (const inner of no) assert.equal(covers(outer, inner), false, inner)
    })
  }
})

describe('overlaps', () => {
  const rows: [a: string, yes: string[], no: string[]][] = [
    ['a/b', ['a/b', 'a/+', '+/b', '#', 'a/b/#'], ['a', 'b/a', 'a/b/+', '$x/#']],
    ['a/+', ['a/b', '+/b', 'a/#', 'a/+/#', '#', '+/#'], ['a', 'b/+', '+', 'a/+/b', '$x/+']],
    ['a/#', ['a', '+', 'a/b/c', '+/b', '+/+/c', '#'], ['b', 'b/#', '$x', '$x/#', '/a']],
    ['+/a', ['b/+', '/a', '+/+', '#'], ['$x/a', '$x/+', '$x/#', '+/b', '+']],
    ['#', ['#', '+', 'a', '/', '+/b/#'], ['$x', '$x/#', '$SYS/+']],
    ['+', ['a', '+', '#', 'a/#', '+/#'], ['/', '/+', '/#', '+/+', '$x']],
    ['$SYS/#', ['$SYS', '$SYS/+', '$SYS/a/b'], ['#', '+', '+/#', '+/a', '$sys/#', 'SYS/#']],
    ['secret/#', ['secret', '#', '+', '+/+', 'secret/a', '+/a/b'], ['secrets', 'secrets/#', 'a/#']],
    ['$share/g/a/+', ['a/b', '$share/h/+/b'], ['$share/g/b/+']],
  ]
  for (const [a, yes, no] of rows) {
    test(`${a} and each of ${yes.join('  ')} share a name`, () => {
      for (const b of yes) {
        assert.equal(overlaps(a, b), true, b)
        assert.equal(overlaps(b, a), true, b)
      }
    })
    test(`${a} and each of ${no.join('  ')} share none`, () => {
      for (const b of no) {
        assert.equal(overlaps(a, b), false, b)
        assert.equal(overlaps(b, a), false, b)
      }
    })
  }
})

test('a malformed filter on either side is refused', () => {
  for (const relate of [covers, overlaps]) {
    for (const bad of ['', 'a/#/b', 'a+', '$share/g', 'a\0']) {
      assert.throws(() => relate(bad, 'a'), InvalidTopicError)
      assert.throws(() => relate('a', bad), InvalidTopicError)
    }
  }
})
