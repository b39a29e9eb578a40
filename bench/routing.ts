/**
 * Finding the filters that match a topic name, among few and among many.
 *
 * @module
 */
import { deepEqual } from 'node:assert/strict'
import matchMqtt from 'mqtt-match'
import { filterTree } from '../src/index.ts'
import { type FleetTopics, fleetTopics } from './fleet-filters.ts'
import { type Contender, type Effort, measure } from './measure.ts'
import { plainMatches } from './plain-loop.ts'
import { tell } from './progress.ts'
import { comparison, duration, grouped, multiple, table } from './table.ts'
import { dedupTrieOf, trieOf } from './trie.ts'

const SIZES: readonly number[] = [10, 1000, 100_000]

/** How much longer a find may take among the most filters than among the fewest. */
const GROWTH_LIMIT = 2

/** How often a loop may compare a filter with a name to show that it finds what others find. */
const CHECKED_MATCHES = 100_000

/** Finds the places of the filters that match a name. */
type Find<Found extends Iterable<number>> = (name: string) => Found

/** Measures every size, and the growth from the smallest to the largest. Yields Markdown for each. */
export function* bench(effort: Effort): Iterable<string> {
  const sizes = SIZES.map((size) => {
    const topics = fleetTopics(size)
    return { size, topics, contenders: contendersFor(topics) }
  })
  for (const { size, contenders } of sizes) {
    tell(`routing: ${grouped(size)} filters`)
    yield `### ${grouped(size)} filters\n\n${comparison('Finds', measure(contenders, effort))}`
  }
  tell('routing: growth')
  const rows = measure(
    sizes.map(({ size, contenders }) => ({ ...contenders[0]!, name: grouped(size) })),
    effort,
  ).map(({ name, time, ratio }, i) => {
    const { contenders, topics } = sizes[i]!
    const found = topics.names.reduce((sum, _, at) => sum + contenders[0]!.op(at), 0)
    const average = (found / topics.names.length).toFixed(2)
    const result = ratio <= GROWTH_LIMIT ? 'pass' : 'miss'
    const verdict = i === 0 ? '–' : result
    return [name, duration(time), average, multiple(ratio), verdict]
  })
  const head = [
    'Filters',
    'Time of a find',
    'Found, on average',
    'Ratio',
    `At most ${GROWTH_LIMIT}`,
  ]
  yield `### Growth of \`filterTree\`\n\n${table(head, rows)}`
}

function contendersFor({ filters, names }: FleetTopics): readonly Contender[] {
  const tree = filterTree<number>()
  filters.forEach((filter, i) => {
    tree.add(filter, i)
  })
  const dedup = dedupTrieOf(filters)
  const trie = trieOf(filters)
  const loopOver =
    (matches: (filter: string, name: string) => boolean): Find<readonly number[]> =>
    (name) => {
      const found: number[] = []
      for (let i = 0; i < filters.length; i++) if (matches(filters[i]!, name)) found.push(i)
      return found
    }
  const few = Math.ceil(CHECKED_MATCHES / filters.length)
  const contender = <Found extends Iterable<number>>(
    name: string,
    find: Find<Found>,
    count: (found: Found) => number,
    checked = names.length,
  ): Contender => {
    for (const each of names.slice(0, checked)) {
      const found = Array.from(find(each)).sort(ascending)
      deepEqual(found, Array.from(tree.find(each)).sort(ascending), `${name}: ${each}`)
    }
    return { name, op: (done) => count(find(names[done % names.length]!)) }
  }
  return [
    contender('`filterTree`', tree.find, (found) => found.size),
    contender(
      'trie of `qlobber`, each value once',
      (name) => dedup.match(name),
      (found) => found.size,
    ),
    contender(
      'trie of `qlobber`',
      (name) => trie.match(name),
      (found) => found.length,
    ),
    contender('loop over `mqtt-match`', loopOver(matchMqtt), (found) => found.length, few),
    contender('plain loop', loopOver(plainMatches), (found) => found.length, few),
  ]
}

function ascending(a: number, b: number): number {
  return a - b
}
