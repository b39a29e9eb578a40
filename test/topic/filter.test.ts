/**
 * Which texts are topic names and topic filters, and what they are made of (MQTT 5, sections 1.5.4,
 * 4.7 and 4.8.2).
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { InvalidTopicError } from '../../src/base/errors.ts'
import { quote } from '../../src/base/quote.ts'
import { parseTopicFilter, parseTopicName } from '../../src/topic/filter.ts'
import { MAX_TOPIC_BYTES, MAX_TOPIC_LEVELS } from '../../src/topic/scan.ts'

const levels = (count: number) => Array.from({ length: count }, () => 'x').join('/')

/** Texts that are neither a name nor a filter, and what is said about them. */
const MALFORMED: [title: string, text: unknown, problem: string][] = [
  ['nothing', '', 'it must not be empty'],
  ['a lone NUL', '\0', 'it must not hold the character NUL or a lone surrogate'],
  ['a NUL within', 'a/b\0c', 'it must not hold the character NUL or a lone surrogate'],
  ['a NUL at the end', 'a\0', 'it must not hold the character NUL or a lone surrogate'],
  [
    'a high surrogate at the end',
    'a/\ud83d',
    'it must not hold the character NUL or a lone surrogate',
  ],
  [
    'a high surrogate before a letter',
    '\ud83dx',
    'it must not hold the character NUL or a lone surrogate',
  ],
  ['two high surrogates', '\ud83d\ud83d', 'it must not hold the character NUL or a lone surrogate'],
  ['a low surrogate', '\ude00', 'it must not hold the character NUL or a lone surrogate'],
  [
    'a pair the wrong way round',
    '\ude00\ud83d',
    'it must not hold the character NUL or a lone surrogate',
  ],
  ['65,536 bytes of ASCII', 'a'.repeat(65_536), 'it must not be longer than 65535 bytes'],
  ['65,536 bytes in pairs', 'é'.repeat(32_768), 'it must not be longer than 65535 bytes'],
  ['65,538 bytes in threes', '€'.repeat(21_846), 'it must not be longer than 65535 bytes'],
  ['65,536 bytes in fours', '😀'.repeat(16_384), 'it must not be longer than 65535 bytes'],
  ['ten million characters', 'a'.repeat(10_000_000), 'it must not be longer than 65535 bytes'],
  ['129 levels', levels(129), 'it has more than 128 levels'],
  ['129 empty levels', '/'.repeat(128), 'it has more than 128 levels'],
  ['10,000 levels', levels(10_000), 'it has more than 128 levels'],
  ['undefined', undefined, 'it must be a string'],
  ['null', null, 'it must be a string'],
  ['a number', 7, 'it must be a string'],
  ['a list', ['a', 'b'], 'it must be a string'],
  ['something with a length', { length: 1 }, 'it must be a string'],
]

/** Texts at the very bounds. */
const WITHIN_BOUNDS: [title: string, text: string, levels: number][] = [
  ['65,535 bytes of ASCII', 'a'.repeat(65_535), 1],
  ['65,535 bytes in threes', '€'.repeat(21_845), 1],
  ['65,534 bytes in pairs', 'é'.repeat(32_767), 1],
  ['65,535 bytes in fours and an odd end', `${'😀'.repeat(16_383)}€`, 1],
  ['128 levels', levels(128), 128],
  ['128 empty levels', '/'.repeat(127), 128],
]

/** Checks what was thrown, to the last word. */
function refuses(parse: () => unknown, kind: string, text: unknown, problem: string): void {
  const shown = typeof text === 'string' ? text.slice(0, 200) : ''
  assert.throws(parse, (error) => {
    assert.ok(error instanceof InvalidTopicError)
    assert.equal(error.code, 'ERR_TOPIC_INVALID')
    assert.equal(error.problem, problem)
    assert.equal(error.topic, shown)
    const quoted = quote(typeof text === 'string' ? text : '')
    assert.equal(error.message, `Invalid ${kind} ${quoted}: ${problem}`)
    return true
  })
}

test('the bounds are those of the protocol, and of EMQX', () => {
  assert.equal(MAX_TOPIC_BYTES, 65_535)
  assert.equal(MAX_TOPIC_LEVELS, 128)
})

describe('a topic name', () => {
  const good: [name: string, levels: string[]][] = [
    ['a', ['a']],
    ['sport/tennis/player1', ['sport', 'tennis', 'player1']],
    ['/', ['', '']],
    ['//', ['', '', '']],
    ['/finance', ['', 'finance']],
    ['finance/', ['finance', '']],
    ['a//b', ['a', '', 'b']],
    ['$SYS/broker/uptime', ['$SYS', 'broker', 'uptime']],
    ['$share/group/a', ['$share', 'group', 'a']],
    ['Accounts payable', ['Accounts payable']],
    ['a/ /b', ['a', ' ', 'b']],
    ['accounts', ['accounts']],
    ['ACCOUNTS', ['ACCOUNTS']],
    ['température/été', ['température', 'été']],
    ['😀/水', ['😀', '水']],
    ['\ufeff/a', ['\ufeff', 'a']],
    ['__proto__/constructor', ['__proto__', 'constructor']],
    ['{deviceId}/%u', ['{deviceId}', '%u']],
  ]
  for (const [name, expected] of good) {
    test(`${JSON.stringify(name)} has the levels ${JSON.stringify(expected)}`, () => {
      assert.deepEqual(parseTopicName(name), expected)
    })
  }
  for (const [title, name, count] of WITHIN_BOUNDS) {
    test(`may be ${title}`, () => assert.equal(parseTopicName(name).length, count))
  }

  for (const name of ['#', '+', 'a/#', 'a/+/b', '+/a', 'a+', '#a', 'a/b#c', 'sport+', 'a/++/b']) {
    test(`is not ${JSON.stringify(name)}, which holds a wildcard`, () => {
      const problem = 'a name holds no wildcard, "+" or "#"'
      refuses(() => parseTopicName(name), 'topic name', name, problem)
    })
  }
  for (const [title, name, problem] of MALFORMED) {
    test(`is not ${title}`, () => {
      refuses(() => parseTopicName(name as string), 'topic name', name, problem)
    })
  }
})

describe('a topic filter', () => {
  const good: [filter: string, levels: string[], share?: string][] = [
    ['#', ['#']],
    ['+', ['+']],
    ['/', ['', '']],
    ['/+', ['', '+']],
    ['+/+', ['+', '+']],
    ['+/', ['+', '']],
    ['sport/tennis/player1/#', ['sport', 'tennis', 'player1', '#']],
    ['sport/#', ['sport', '#']],
    ['+/tennis/#', ['+', 'tennis', '#']],
    ['sport/+/player1', ['sport', '+', 'player1']],
    ['a//#', ['a', '', '#']],
    ['$SYS/#', ['$SYS', '#']],
    ['$SYS/monitor/+', ['$SYS', 'monitor', '+']],
    ['$share/consumer1/sport/tennis/+', ['sport', 'tennis', '+'], 'consumer1'],
    ['$share/consumer2/#', ['#'], 'consumer2'],
    ['$share/consumer1//finance', ['', 'finance'], 'consumer1'],
    ['$share/g//', ['', ''], 'g'],
    ['$share/ /a', ['a'], ' '],
    ['$share/$share/a', ['a'], '$share'],
    ['$share/g/$share/h/a', ['$share', 'h', 'a'], 'g'],
    ['$share/g/$SYS/#', ['$SYS', '#'], 'g'],
    ['$shared/g/a', ['$shared', 'g', 'a']],
    ['$SHARE/g/a', ['$SHARE', 'g', 'a']],
    ['$queue/a', ['$queue', 'a']],
    ['/$share/g/a', ['', '$share', 'g', 'a']],
    ['a/$share/b', ['a', '$share', 'b']],
  ]
  for (const [filter, expected, share] of good) {
    const under = share === undefined ? '' : ` under the share name ${JSON.stringify(share)}`
    test(`${JSON.stringify(filter)} has the levels ${JSON.stringify(expected)}${under}`, () => {
      const parsed = parseTopicFilter(filter)
      assert.deepEqual(parsed.levels, expected)
      assert.equal(parsed.share, share)
      assert.equal('share' in parsed, share !== undefined)
    })
  }
  for (const [title, filter, count] of WITHIN_BOUNDS) {
    test(`may be ${title}`, () => assert.equal(parseTopicFilter(filter).levels.length, count))
  }

  const bad: [filter: string, problem: string][] = [
    ['sport/tennis#', 'a wildcard must be a whole level'],
    ['sport/tennis/#/ranking', '"#" must be the last level'],
    ['#/a', '"#" must be the last level'],
    ['#/', '"#" must be the last level'],
    ['#/#', '"#" must be the last level'],
    ['a/##', 'a wildcard must be a whole level'],
    ['sport+', 'a wildcard must be a whole level'],
    ['+sport/a', 'a wildcard must be a whole level'],
    ['a/++', 'a wildcard must be a whole level'],
    ['a/+#', 'a wildcard must be a whole level'],
    ['a/#+', 'a wildcard must be a whole level'],
    ['$share', 'the share name must be a plain word'],
    ['$share/', 'the share name must be a plain word'],
    ['$share//a', 'the share name must be a plain word'],
    ['$share/+/a', 'the share name must be a plain word'],
    ['$share/#', 'the share name must be a plain word'],
    ['$share/a+b/a', 'the share name must be a plain word'],
    ['$share/a#/a', 'the share name must be a plain word'],
    ['$share/g', 'a filter must follow the share name'],
    ['$share/g/', 'a filter must follow the share name'],
    ['$share/g/#/a', '"#" must be the last level'],
    ['$share/g/a+', 'a wildcard must be a whole level'],
  ]
  for (const [filter, problem] of bad) {
    test(`is not ${JSON.stringify(filter)}: ${problem}`, () => {
      refuses(() => parseTopicFilter(filter), 'topic filter', filter, problem)
    })
  }
  for (const [title, filter, problem] of MALFORMED) {
    test(`is not ${title}`, () => {
      refuses(() => parseTopicFilter(filter as string), 'topic filter', filter, problem)
    })
  }
})
