/**
 * The routing tree finds just the filters that match, whatever was added and taken away.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { matches } from '../../src/topic/relation.ts'
import { filterTree } from '../../src/topic/tree.ts'
import { allFilters, allNames, naiveMatches } from './oracle.ts'
import { ORACLE_SEED, SEEDED } from './seed.ts'

const FILTERS = [
  'a/b',
  'a/+',
  'a/#',
  '+/b',
  '#',
  '+',
  '/',
  '+/+',
  'a//b',
  'a/+/b',
  '$SYS/#',
  '$SYS/+/load',
  '+/b/#',
]

describe('find', () => {
  const rows: [string, string[]][] = [
    ['a/b', ['a/b', 'a/+', 'a/#', '+/b', '#', '+/+', '+/b/#']],
    ['a', ['a/#', '#', '+']],
    ['a/', ['a/+', 'a/#', '#', '+/+']],
    ['/', ['/', '#', '+/+']],
    ['/b', ['+/b', '#', '+/+', '+/b/#']],
    ['a//b', ['a/#', 'a//b', 'a/+/b', '#']],
    ['x/b/c', ['#', '+/b/#']],
    ['$SYS', ['$SYS/#']],
    ['$SYS/broker/load', ['$SYS/#', '$SYS/+/load']],
    ['$other/b', []],
  ]
  const tree = filterTree<string>()
  for (const filter of FILTERS) tree.add(filter, filter)
  for (const [name, expected] of rows) {
    test(`${name}: ${expected.join(', ') || 'nothing'}`, () => {
      assert.deepEqual([...tree.find(name)].sort(), [...expected].sort())
    })
  }

  for (const name of ['', 'a/+', '#', 'a\0b']) {
    test(`${JSON.stringify(name)} is refused: it is no topic name`, () => {
      assert.throws(() => tree.find(name), { code: 'ERR_TOPIC_INVALID' })
    })
  }
})

describe('add and delete', () => {
  test('a value is there once under a filter, and once in what is found', () => {
    const tree = filterTree<number>()
    tree.add('a/+', 1)
    tree.add('a/+', 1)
    tree.add('a/#', 1)
    tree.add('$share/group/a/b', 2)
    assert.equal(tree.size, 3)
    assert.deepEqual([...tree.find('a/b')].sort(), [1, 2])
  })

  test('a value may be anything, also what is nothing or a set', () => {
    for (const value of [undefined, null, NaN, 0, '', new Set([1])]) {
      const tree = filterTree<unknown>()
      tree.add('a/b', value)
      tree.add('a/b', value)
      assert.equal(tree.size, 1)
      assert.deepEqual([...tree.find('a/b')], [value])
      tree.add('a/b', 'another')
      assert.deepEqual([...tree.find('a/b')], [value, 'another'])
      assert.equal(tree.delete('a/b', value), true)
      assert.equal(tree.delete('a/b', value), false)
      assert.deepEqual([...tree.find('a/b')], ['another'])
      assert.equal(tree.size, 1)
    }
  })

  test('NaN is a value of its own', () => {
    const tree = filterTree<number>()
    tree.add('a', 1)
    assert.equal(tree.delete('a', NaN), false)
    tree.add('a', NaN)
    assert.equal(tree.size, 2)
    assert.equal(tree.delete('a', 1), true)
    assert.equal(tree.delete('a', 1), false)
    assert.deepEqual([...tree.find('a')], [NaN])
  })

  test('what was not there cannot be taken away', () => {
    const tree = filterTree<number>()
    tree.add('a/b', 1)
    for (const [filter, value] of [
      ['a/b', 2],
      ['a/+', 1],
      ['a', 1],
      ['a/b/c', 1],
      ['#', 1],
    ] as const) {
      assert.equal(tree.delete(filter, value), false)
    }
    assert.equal(tree.size, 1)
  })

  test('a malformed filter is refused, and nothing is added', () => {
    const tree = filterTree<number>()
    for (const filter of ['', 'a/#/b', 'a+', '$share/g']) {
      assert.throws(() => tree.add(filter, 1), { code: 'ERR_TOPIC_INVALID' })
      assert.throws(() => tree.delete(filter, 1), { code: 'ERR_TOPIC_INVALID' })
    }
    assert.equal(tree.size, 0)
  })

  test('a level named like a property of every object is a level like any other', () => {
    const tree = filterTree<number>()
    tree.add('__proto__/constructor', 1)
    assert.deepEqual([...tree.find('__proto__/constructor')], [1])
    assert.deepEqual([...tree.find('toString/constructor')], [])
  })

  // Where filters part, what is left below a level is of four kinds: that level itself, all that
  // follows it, one word, and any word.
  const below = ['x/y', 'x/y/#', 'x/y/a', 'x/y/+', 'x/y/a/b', 'x/y/+/b']
  for (const last of below) {
    test(`${last} stays when all others beside it are taken away, and goes when it is`, () => {
      const tree = filterTree<string>()
      const name = last.replace('/#', '/z').replace('+', 'z')
      for (let round = 0; round < 2; round++) {
        for (const filter of below) tree.add(filter, filter)
        for (const filter of below) {
          if (filter !== last) assert.equal(tree.delete(filter, filter), true, filter)
          assert.ok(tree.find(name).has(last), `after ${filter}`)
        }
        assert.equal(tree.size, 1)
        assert.equal(tree.delete(last, last), true)
        assert.equal(tree.delete(last, last), false)
        assert.equal(tree.size, 0)
        assert.equal(tree.find(name).size, 0)
      }
    })
  }

  test(`all filters of a few levels, added and taken away in any order ${SEEDED}`, () => {
    const filters = allFilters(3, ['a', 'b'])
    const names = allNames(4, ['a', 'b'])
    const order = fc.shuffledSubarray([...filters], { minLength: 2 })
    fc.assert(
      fc.property(order, order, (added, taken) => {
        const tree = filterTree<string>()
        const held = new Set(added)
        const check = () => {
          assert.equal(tree.size, held.size)
          for (const name of names) {
            const expected = [...held].filter((filter) => naiveMatches(filter, name))
            assert.deepEqual([...tree.find(name)].sort(), expected.sort())
          }
        }
        for (const filter of added) tree.add(filter, filter)
        check()
        for (const filter of taken) assert.equal(tree.delete(filter, filter), held.delete(filter))
        check()
        for (const filter of taken.slice(0, 3)) {
          tree.add(filter, filter)
          held.add(filter)
        }
        check()
      }),
      { numRuns: 200, seed: ORACLE_SEED },
    )
  })

  test(`agrees with a loop over all filters, after any additions and deletions ${SEEDED}`, () => {
    const level = fc.constantFrom('', 'a', 'b', '$x')
    const name = fc.array(level, { minLength: 1, maxLength: 4 }).map((levels) => levels.join('/'))
    const filter = fc
      .tuple(
        fc.array(fc.oneof(level, fc.constant('+')), { minLength: 1, maxLength: 4 }),
        fc.boolean(),
      )
      .map(([levels, hash]) => [...levels, ...(hash ? ['#'] : [])].join('/'))
      .filter((text) => text !== '')
    const step = fc.record({ add: fc.boolean(), filter, value: fc.nat(3) })
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 40 }),
        fc.array(name.filter(Boolean)),
        (steps, names) => {
          const tree = filterTree<number>()
          const pairs = new Map<string, { filter: string; value: number }>()
          for (const { add, filter, value } of steps) {
            const key = JSON.stringify([filter, value])
            if (add) {
              tree.add(filter, value)
              pairs.set(key, { filter, value })
            } else {
              assert.equal(tree.delete(filter, value), pairs.delete(key))
            }
          }
          assert.equal(tree.size, pairs.size)
          for (const name of names) {
            const expected = [...pairs.values()].filter((pair) => matches(pair.filter, name))
            const values = [...new Set(expected.map((pair) => pair.value))].sort()
            assert.deepEqual([...tree.find(name)].sort(), values)
          }
        },
      ),
      { numRuns: 2_000, seed: ORACLE_SEED },
    )
  })
})
