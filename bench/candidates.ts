/**
 * Packages that match MQTT topics, against each other: how the baselines of the other benches were
 * chosen. A package that is not installed is left out, and named with the command that adds it.
 *
 * @module
 */
import { equal } from 'node:assert/strict'
import { createRequire } from 'node:module'
import { accessSets } from './access-sets.ts'
import { fleetTopics } from './fleet-filters.ts'
import { type Contender, type Effort, measure } from './measure.ts'
import { decideWith, expandRules, plainMatches } from './plain-loop.ts'
import { tell } from './progress.ts'
import { comparison } from './table.ts'
import { dedupTrieOf, trieOf } from './trie.ts'

type Matches = (filter: string, topic: string) => boolean

/** How many filters one name finds. */
type CountMatches = (name: string) => number

interface Candidate<T> {
  readonly name: string
  readonly version: string
  readonly use: (loaded: never) => T
}

const MATCHERS: readonly Candidate<Matches>[] = [
  { name: 'mqtt-match', version: '3.0.0', use: (matches: Matches) => matches },
  {
    name: 'mqtt-pattern',
    version: '2.1.1',
    use: (pattern: { matches: Matches }) => pattern.matches,
  },
  {
    name: 'mqtt-wildcard',
    version: '3.0.9',
    use: (find: (topic: string, filter: string) => readonly string[] | null) => (filter, topic) =>
      find(topic, filter) !== null,
  },
]

interface Store {
  put(filter: string, value: number): void
  findPatterns(name: string): readonly unknown[]
}

const TRIES: readonly Candidate<(filters: readonly string[]) => CountMatches>[] = [
  {
    name: 'mqtt-store',
    version: '2.1.0',
    use: (MqttStore: new () => Store) => (filters) => {
      const store = new MqttStore()
      filters.forEach((filter, i) => {
        store.put(filter, i)
      })
      return (name) => store.findPatterns(name).length
    },
  },
]

const load = createRequire(import.meta.url)
const FILTERS = 1000

/** Measures the matchers on 50 rules, and the tries on 1,000 filters. Yields Markdown for each. */
export function* bench(effort: Effort): Iterable<string> {
  const matchers = MATCHERS.flatMap(whatIsInstalled)
  const tries = TRIES.flatMap(whatIsInstalled)
  const installed = [...matchers, ...tries].map(({ name }) => name)
  const missing = [...MATCHERS, ...TRIES].filter(({ name }) => !installed.includes(name))
  const names = missing.map(({ name, version }) => `${name}@${version}`).join(' ')
  const loops = [{ name: 'plain loop', used: plainMatches }, ...matchers].map(loopContender)
  tell('candidates: matchers')
  yield `### Matchers: 50 rules, one after another\n\n${comparison('Decisions', measure(loops, effort))}`
  tell('candidates: tries')
  const found = measure(trieContenders(tries), effort)
  yield `### Tries: ${FILTERS} filters\n\n${comparison('Finds', found)}`
  if (names !== '') yield `Not installed: \`npm install --no-save ${names}\``
}

function whatIsInstalled<T>({ name, use }: Candidate<T>): readonly { name: string; used: T }[] {
  try {
    return [{ name, used: use(load(name) as never) }]
  } catch (error) {
    if ((error as { code?: unknown }).code === 'MODULE_NOT_FOUND') return []
    throw error
  }
}

function loopContender({ name, used }: { name: string; used: Matches }): Contender {
  const { cases } = accessSets().find(({ title }) => title === '50 rules')!
  const rules = cases.map(({ principal }) => expandRules(principal))
  const answer = (i: number) => decideWith(used, rules[i]!, cases[i]!.request)
  cases.forEach(({ granted, request }, i) => {
    equal(answer(i), granted, `${name}: ${request.action} ${request.topic}`)
  })
  return { name, op: (done) => (answer(done % cases.length) ? 1 : 0) }
}

function trieContenders(
  more: readonly { name: string; used: (filters: readonly string[]) => CountMatches }[],
): readonly Contender[] {
  const { filters, names } = fleetTopics(FILTERS)
  const trie = trieOf(filters)
  const dedup = dedupTrieOf(filters)
  const all: readonly { name: string; count: CountMatches }[] = [
    { name: 'qlobber: Qlobber', count: (topic) => trie.match(topic).length },
    { name: 'qlobber: QlobberDedup', count: (topic) => dedup.match(topic).size },
    ...more.map(({ name, used }) => ({ name, count: used(filters) })),
  ]
  return all.map(({ name, count }) => {
    for (const topic of names) equal(count(topic), trie.match(topic).length, `${name}: ${topic}`)
    return { name, op: (done) => count(names[done % names.length]!) }
  })
}
