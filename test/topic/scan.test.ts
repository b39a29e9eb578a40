/**
 * Topics read in place: the bounds to the character, and that nothing of one text is left when the
 * next is read. What they are compared by is in relation-sets.test.ts.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { parseTopicFilter, parseTopicName } from '../../src/topic/filter.ts'
import { MAX_TOPIC_BYTES, MAX_TOPIC_LEVELS, TopicScan } from '../../src/topic/scan.ts'
import { isNaiveFilter, isNaiveName } from './oracle.ts'
import { ORACLE_SEED, SEEDED } from './seed.ts'

const TOO_LONG = 'it is longer than 65535 bytes'
const LONE = 'it holds a lone surrogate'

/** What a scan says of a text as a name and as a filter, which is the same. */
function problemOf(text: string): string | undefined {
  const scan = new TopicScan()
  const problem = scan.readName(text)
  assert.equal(scan.readFilter(text), problem)
  return problem
}

describe('the bytes of a character', () => {
  // Each the first or the last that takes as many bytes of UTF-8.
  const rows: [character: string, bytes: number][] = [
    ['\u0001', 1],
    ['.', 1],
    ['0', 1],
    ['\u007f', 1],
    ['\u0080', 2],
    ['\u07ff', 2],
    ['\u0800', 3],
    ['\ud7ff', 3],
    ['\ue000', 3],
    ['\uffff', 3],
    ['\u{10000}', 4],
    ['\u{103ff}', 4],
    ['\u{10fc00}', 4],
    ['\u{10ffff}', 4],
  ]
  for (const [character, bytes] of rows) {
    test(`U+${character.codePointAt(0)!.toString(16)} takes ${bytes}`, () => {
      const most = character.repeat(Math.floor(MAX_TOPIC_BYTES / bytes))
      const full = most + 'a'.repeat(MAX_TOPIC_BYTES % bytes)
      assert.equal(new TextEncoder().encode(full).length, MAX_TOPIC_BYTES)
      assert.equal(problemOf(full), undefined)
      assert.equal(problemOf(`${full}a`), TOO_LONG)
      assert.equal(problemOf(full.replace(character, '/') + character), TOO_LONG)
    })
  }
})

test('what is longer than the bound is not read to its end', () => {
  assert.equal(problemOf(`${'a'.repeat(MAX_TOPIC_BYTES - 1)}\0`), 'it holds the character NUL')
  for (const end of ['\0', '\ud83d', '/'.repeat(200)]) {
    assert.equal(problemOf(`${'a'.repeat(MAX_TOPIC_BYTES)}${end}`), TOO_LONG)
  }
})

describe('a surrogate without its other half is refused', () => {
  const rows: [text: string, isPair: boolean][] = [
    ['\ud800\udc00', true],
    ['\ud800\udfff', true],
    ['\udbff\udc00', true],
    ['\udbff\udfff', true],
    ['\ud800', false],
    ['\udbff', false],
    ['\udc00', false],
    ['\udfff', false],
    ['\ud800\ud800', false],
    ['\ud800\udbff', false],
    ['\ud800\ue000', false],
    ['\udbff\ue000', false],
    ['\udc00\udc00', false],
    ['\udc00\udfff', false],
    ['\udfff\udc00', false],
    ['\ud800/\udc00', false],
  ]
  for (const [text, isPair] of rows) {
    test(`${JSON.stringify(text)}: ${isPair ? 'a pair' : 'alone'}`, () => {
      for (const whole of [text, `a${text}`, `${text}a`, `a/${text}/b`]) {
        assert.equal(problemOf(whole), isPair ? undefined : LONE)
      }
    })
  }
})

describe('as many levels as there may be are all compared', () => {
  const words = Array.from({ length: MAX_TOPIC_LEVELS }, (_, i) => `l${i}`)
  const scan = new TopicScan()
  for (const at of [0, 1, 63, 64, 125, 126, 127]) {
    const changed = (level: string) => words.map((word, i) => (i === at ? level : word))
    test(`the level ${at}`, () => {
      assert.equal(scan.readFilter(words.join('/')), undefined)
      assert.equal(scan.isCoveredBy(words), true)
      assert.equal(scan.isOverlappedBy(words), true)
      assert.equal(scan.isCoveredBy(changed('+')), true)
      assert.equal(scan.isCoveredBy(changed('x')), false)
      assert.equal(scan.isOverlappedBy(changed('x')), false)
      assert.equal(scan.readFilter(changed('+').join('/')), undefined)
      assert.equal(scan.isCoveredBy(words), false)
      assert.equal(scan.isCoveredBy(changed('+')), true)
      assert.equal(scan.isOverlappedBy(words), true)
    })
  }

  test('and "#" is one of them', () => {
    const open = [...words.slice(0, -1), '#']
    assert.equal(scan.readFilter(open.join('/')), undefined)
    assert.equal(scan.isCoveredBy(open), true)
    assert.equal(scan.isCoveredBy(words), false)
    assert.equal(scan.isOverlappedBy(words), true)
    assert.equal(scan.isOverlappedBy([...words.slice(0, -2), 'x', '#']), false)
  })
})

describe('a share name', () => {
  const scan = new TopicScan()
  const rows: [filter: string, share: string | undefined][] = [
    ['a/b', undefined],
    ['g', undefined],
    ['a/g', undefined],
    ['a/g/c', undefined],
    ['g/g/g', undefined],
    ['$share/g/a', 'g'],
    ['$share/g/g', 'g'],
    ['$share/h/g', 'h'],
    ['$share/gg/g', 'gg'],
    ['$share/$share/g', '$share'],
  ]
  for (const [filter, own] of rows) {
    test(`of ${filter} is ${own ?? 'none'}`, () => {
      assert.equal(scan.readFilter(filter), undefined)
      for (const share of [undefined, '', 'a', 'b', 'g', 'h', 'gg', '$share']) {
        assert.equal(scan.hasShare(share), share === own, String(share))
      }
    })
  }

  test('is a level like any other in a topic name', () => {
    assert.equal(scan.readName('$share/g/a'), undefined)
    assert.equal(scan.hasShare(undefined), true)
    assert.equal(scan.hasShare('g'), false)
    assert.equal(scan.isCoveredBy(['a']), false)
    assert.equal(scan.isCoveredBy(['$share', 'g', 'a']), true)
  })
})

describe('nothing is left of what was read before', () => {
  test('no wildcard, and no word that holds one', () => {
    const scan = new TopicScan()
    assert.equal(scan.readFilter('a/b+'), 'a wildcard must be a whole level')
    assert.equal(scan.readFilter('+'), undefined)
    assert.equal(scan.readFilter('a/b+'), 'a wildcard must be a whole level')
    assert.equal(scan.readName('a/b'), undefined)
    assert.equal(scan.readFilter('a/b'), undefined)
    assert.equal(scan.readFilter('a/b/#'), undefined)
    assert.equal(scan.readFilter('+/b'), undefined)
  })

  test('no level where "#" has none', () => {
    for (const before of ['a//c', 'a/b/c', '//', 'a/b']) {
      const scan = new TopicScan()
      assert.equal(scan.readName(before), undefined)
      assert.equal(scan.readFilter('#'), undefined)
      for (const level of ['', 'b', 'c']) {
        assert.equal(scan.isCoveredBy(['+', level]), false, before)
        assert.equal(scan.isOverlappedBy(['+', level]), true, before)
      }
    }
  })

  test('no share name, and no "$"', () => {
    const scan = new TopicScan()
    assert.equal(scan.readFilter('$share/g/$SYS/#'), undefined)
    assert.equal(scan.isCoveredBy(['#']), false)
    assert.equal(scan.readFilter('a/g/b'), undefined)
    assert.equal(scan.hasShare('g'), false)
    assert.equal(scan.isCoveredBy(['#']), true)
    assert.equal(scan.isCoveredBy(['a', 'g', 'b']), true)
  })

  test('and a text that is refused changes no answer about the next', () => {
    const scan = new TopicScan()
    for (const bad of ['', 'a\0', '\ud83d', 'x/#/y', '$share/g', '/'.repeat(200), '+'.repeat(9)]) {
      assert.ok(scan.readFilter(bad))
      assert.equal(scan.readFilter('a/+'), undefined)
      assert.equal(scan.isFilled(['a/+'], [], {}), true)
      assert.equal(scan.isFilled([bad], [], {}), false)
      assert.equal(scan.isCoveredBy(['a', '#']), true)
      assert.equal(scan.isCoveredBy(['a']), false)
    }
  })
})

test(`50,000 texts are names and filters as the specification has it ${SEEDED}`, () => {
  const spice = fc.constantFrom(
    '/',
    '/',
    '+',
    '#',
    '$share/',
    '$',
    'a',
    'é',
    '\0',
    '\ud83d',
    '\udc00',
  )
  const text = fc.oneof(
    fc.array(
      fc.oneof({ weight: 5, arbitrary: spice }, fc.string({ unit: 'binary', maxLength: 3 })),
      {
        maxLength: 8,
      },
    ),
    fc
      .array(fc.constantFrom('$share', 'g', '+', '#', '', 'a', 'b+'), { maxLength: 5 })
      .map((levels) => [levels.join('/')]),
  )
  // One scan for all of them, so that nothing one leaves behind goes unnoticed.
  const scan = new TopicScan()
  fc.assert(
    fc.property(
      text.map((parts) => parts.join('')),
      (topic) => {
        assert.equal(scan.readName(topic) === undefined, isNaiveName(topic))
        assert.equal(scan.readFilter(topic) === undefined, isNaiveFilter(topic))
      },
    ),
    { numRuns: 50_000, seed: ORACLE_SEED },
  )
})

test('a topic read in place is well formed where one taken apart is, and no other', () => {
  const parts = ['a', '/', '+', '#', '$share', '\0', '\ud83d', '\ude00']
  const scan = new TopicScan()
  const isTaken = (check: () => unknown) => {
    try {
      check()
      return true
    } catch {
      return false
    }
  }
  let texts = ['']
  for (let length = 0; length <= 5; length++) {
    for (const text of texts) {
      const shown = JSON.stringify(text)
      assert.equal(
        scan.readName(text) === undefined,
        isTaken(() => parseTopicName(text)),
        shown,
      )
      const isFilter = scan.readFilter(text) === undefined
      assert.equal(
        isFilter,
        isTaken(() => parseTopicFilter(text)),
        shown,
      )
      if (!isFilter) continue
      const { share } = parseTopicFilter(text)
      assert.equal(scan.prefixLevels, share === undefined ? 0 : 2, shown)
      assert.ok(scan.hasShare(share), shown)
    }
    texts = texts.flatMap((text) => parts.map((part) => text + part))
  }
})
