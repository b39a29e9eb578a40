/**
 * Which words may become levels of a topic.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { parseTopicFilter, parseTopicName } from '../../src/topic/filter.ts'
import { checkName, findNameProblem, isUsername, MAX_NAME_LENGTH } from '../../src/topic/name.ts'

const GOOD: [title: string, name: string][] = [
  ['one letter', 'a'],
  ['a usual id', 'STATION-001'],
  ['a MAC address', '00:1B:44:11:3A:B7'],
  ['a UUID', '7f9c24e8-3b12-4f56-9d3e-8a1b2c3d4e5f'],
  ['a space', ' '],
  ['dots', '..'],
  ['punctuation', 'a!"%&\'()*,-.:;<=>?@[\\]^_`{|}~'],
  ['a "$" that is not first', 'a$'],
  ['umlauts', 'Wärmezähler'],
  ['Chinese', '水泵'],
  ['Arabic', 'مضخة'],
  ['an emoji of four people', '👨‍👩‍👧‍👦'],
  ['a combining accent', 'e\u0301'],
  ['the last character there is', '\u{10ffff}'],
  ['__proto__', '__proto__'],
  ['constructor', 'constructor'],
  ['a placeholder', '{deviceId}'],
  ['128 letters', 'a'.repeat(128)],
  ['128 characters of two units each', '😀'.repeat(128)],
]

const BAD: [title: string, name: unknown, problem: string][] = [
  ['an empty one', '', 'is empty'],
  ['129 letters', 'a'.repeat(129), 'is longer than 128 characters'],
  ['129 characters of two units each', '😀'.repeat(129), 'is longer than 128 characters'],
  ['128 pairs and a letter', `${'😀'.repeat(128)}a`, 'is longer than 128 characters'],
  ['ten million letters', 'a'.repeat(10_000_000), 'is longer than 128 characters'],
  ['a level separator', '/', 'holds "/"'],
  ['two levels', 'a/b', 'holds "/"'],
  ['a separator at the end', 'a/', 'holds "/"'],
  ['a "+"', '+', 'holds "+"'],
  ['a "+" within', 'a+b', 'holds "+"'],
  ['a "#"', '#', 'holds "#"'],
  ['a "#" at the end', 'a#', 'holds "#"'],
  ['a "$" first', '$SYS', 'must not begin with "$", which marks topics of the broker'],
  ['a lone "$"', '$', 'must not begin with "$", which marks topics of the broker'],
  ['NUL', '\0', 'holds a control character'],
  ['NUL at the end', 'a\0', 'holds a control character'],
  ['a line break', 'a\nb', 'holds a control character'],
  ['a tab', '\t', 'holds a control character'],
  ['the last of the C0 controls', '\u001f', 'holds a control character'],
  ['DEL', 'a\u007f', 'holds a control character'],
  ['the first of the C1 controls', '\u0080', 'holds a control character'],
  ['the last of the C1 controls', '\u009f', 'holds a control character'],
  ['a high surrogate alone', '\ud83d', 'holds a lone surrogate'],
  ['a low surrogate alone', 'a\ude00', 'holds a lone surrogate'],
  ['a pair the wrong way round', '\ude00\ud83d', 'holds a lone surrogate'],
  ['undefined', undefined, 'must be a string, not undefined'],
  ['null', null, 'must be a string, not null'],
  ['a number', 7, 'must be a string, not number'],
  ['a boolean', true, 'must be a string, not boolean'],
  ['a list', ['a'], 'must be a string, not object'],
  ['a String object', Object('a'), 'must be a string, not object'],
  ['a symbol', Symbol('a'), 'must be a string, not symbol'],
]

test('a name has 128 characters at most', () => assert.equal(MAX_NAME_LENGTH, 128))

describe('a name may be', () => {
  for (const [title, name] of GOOD) {
    test(title, () => {
      assert.equal(findNameProblem(name), undefined)
      assert.equal(checkName('device id', name), name)
    })
  }
})

describe('a name may not be', () => {
  for (const [title, name, problem] of BAD) {
    test(`${title}: it ${problem}`, () => {
      assert.equal(findNameProblem(name), problem)
      assert.throws(() => checkName('device id', name), {
        name: 'InvalidNameError',
        code: 'ERR_NAME_INVALID',
        field: 'device id',
        message: `The device id ${problem}`,
      })
    })
  }
})

test('a name is always one level of a topic, and never a wildcard', () => {
  const text = fc.string({ unit: 'binary', maxLength: 140 })
  const spiced = fc
    .array(fc.oneof(text, fc.constantFrom('/', '+', '#', '$', '\0', '\ud83d')), { maxLength: 4 })
    .map((parts) => parts.join(''))
  fc.assert(
    fc.property(spiced, (name) => {
      if (findNameProblem(name)) return
      assert.deepEqual(parseTopicName(`a/${name}/b`), ['a', name, 'b'])
      assert.deepEqual(parseTopicFilter(`${name}/a`), { levels: [name, 'a'] })
    }),
    { numRuns: 2_000 },
  )
})

describe('isUsername', () => {
  const rows: [username: string, yes: boolean][] = [
    ['hub', true],
    ['weatherstation/STATION-001', true],
    ['__proto__/__proto__', true],
    [`${'a'.repeat(128)}/${'b'.repeat(128)}`, true],
    ['ü', true],
    ['Haus 7', true],
    ['水泵/P 1', true],
    [`${'😀'.repeat(128)}/${'ü'.repeat(128)}`, true],
    ['', false],
    ['/', false],
    ['a/', false],
    ['ü/', false],
    ['/ü', false],
    ['ü//b', false],
    ['ü/b/c', false],
    ['ü/+', false],
    [`ü/${'ü'.repeat(129)}`, false],
    ['/a', false],
    ['a//b', false],
    ['a/b/c', false],
    ['a/+', false],
    ['#/a', false],
    ['$a', false],
    ['a/$b', false],
    ['a\0/b', false],
    ['a/\ud83d', false],
    [`${'a'.repeat(129)}/b`, false],
    ['a'.repeat(1_000_000), false],
    ['/'.repeat(1_000_000), false],
  ]
  for (const [username, yes] of rows) {
    test(`${JSON.stringify(username.slice(0, 40))} of ${username.length}: ${yes}`, () => {
      assert.equal(isUsername(username), yes)
    })
  }
})
