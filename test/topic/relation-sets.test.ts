/**
 * Filters held against the sets of names they stand for, written out: what covers is a superset,
 * what overlaps has a name in common, and nothing is granted beyond that nor held back.
 *
 * A filter of n levels is told from any other of n levels by names of at most n + 1 levels, since
 * "#" alone reaches deeper, and does so at once. The alphabet has two plain words and the empty
 * one, so a "+" always matches more than a word does. So the names written out decide exactly.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { parseTopicFilter } from '../../src/topic/filter.ts'
import { covers, matches, overlaps, withoutEmptyName } from '../../src/topic/relation.ts'
import { TopicScan } from '../../src/topic/scan.ts'
import {
  ALPHABET,
  allFilters,
  allNames,
  includes,
  intersects,
  type NameSet,
  naiveMatches,
  namesOf,
  withoutShare,
} from './oracle.ts'
import { ORACLE_SEED, SEEDED } from './seed.ts'

/** A filter with its names, its levels as they are and as a deny has them. */
interface Written {
  readonly filter: string
  readonly names: NameSet
  readonly levels: readonly string[]
  readonly denied: readonly string[]
}

function writeOut(filters: readonly string[], names: readonly string[]): readonly Written[] {
  return filters.map((filter) => {
    const { levels } = parseTopicFilter(filter)
    const denied = withoutEmptyName(levels)
    return { filter, names: namesOf(withoutShare(filter), names), levels, denied }
  })
}

const scan = new TopicScan()

/** Compares what is said about every pair with its sets, and counts the pairs that relate. */
function comparePairs(written: readonly Written[]): { covering: number; overlapping: number } {
  let covering = 0
  let overlapping = 0
  for (const b of written) {
    for (const a of written) {
      const isCovering = includes(a.names, b.names)
      const isOverlapping = intersects(a.names, b.names)
      const pair = `${a.filter} and ${b.filter}`
      // A message is put together only when it is needed: there are many pairs.
      if (covers(a.filter, b.filter) !== isCovering) assert.fail(`covers: ${pair}`)
      if (overlaps(a.filter, b.filter) !== isOverlapping) assert.fail(`overlaps: ${pair}`)
      assert.equal(scan.readFilter(b.filter), undefined)
      if (scan.isCoveredBy(a.levels) !== isCovering) assert.fail(`isCoveredBy: ${pair}`)
      if (scan.isOverlappedBy(a.denied) !== isOverlapping) assert.fail(`isOverlappedBy: ${pair}`)
      if (isCovering) covering++
      if (isOverlapping) overlapping++
    }
  }
  return { covering, overlapping }
}

describe('as sets of names written out', () => {
  test('every filter of up to 3 levels, with every other', () => {
    comparePairs(writeOut(allFilters(3), allNames(4)))
  })

  test(`150,000 pairs of filters of up to 5 levels ${SEEDED}`, () => {
    const families = fc.sample(family, { numRuns: 80, seed: ORACLE_SEED })
    const written = writeOut(families.flat(), allNames(6))
    assert.ok(written.length ** 2 >= 150_000)
    const { covering, overlapping } = comparePairs(written)
    assert.ok(covering > 3_000, `${covering} cover: too few to tell`)
    assert.ok(overlapping > 10_000, `${overlapping} overlap: too few to tell`)
  })

  test(`100,000 filters and names of up to 5 levels ${SEEDED}`, () => {
    const filters = fc.sample(family, { numRuns: 80, seed: ORACLE_SEED }).flat()
    const names = fc.sample(fc.constantFrom(...allNames(5)), { numRuns: 250, seed: ORACLE_SEED })
    let matching = 0
    for (const filter of filters) {
      for (const name of names) {
        const expected = naiveMatches(withoutShare(filter), name)
        if (matches(filter, name) !== expected) assert.fail(`matches: ${filter} and ${name}`)
        if (expected) matching++
      }
    }
    assert.ok(matching > 1_000, `${matching} match: too few to tell`)
  })
})

// Filters drawn one by one have next to nothing in common, so they are drawn as relatives.
const level = fc.constantFrom(...ALPHABET, 'a', 'b')
const change = fc.record({
  levels: fc.array(fc.constantFrom(undefined, undefined, '+', 'a', ''), { maxLength: 5 }),
  cut: fc.constantFrom(undefined, undefined, 0, 1, 2, 3, 4),
  share: fc.constantFrom('', '', '', '$share/g/', '$share/$x/'),
})
const family: fc.Arbitrary<readonly string[]> = fc
  .tuple(
    fc.array(level, { minLength: 1, maxLength: 5 }),
    fc.array(change, { minLength: 5, maxLength: 5 }),
  )
  .map(([base, changes]) =>
    changes.map(({ levels, cut, share }) => {
      const changed = base.map((own, i) => levels[i] ?? own)
      if (cut !== undefined && cut < 5) changed.splice(cut, 5, '#')
      const filter = changed.join('/')
      return share + (filter === '' ? 'a' : filter)
    }),
  )
