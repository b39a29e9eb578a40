/**
 * Access decisions per second on one core.
 *
 * @module
 */
import { equal } from 'node:assert/strict'
import matchMqtt from 'mqtt-match'
import { type AccessRule, decide, type Principal } from '../src/index.ts'
import { compileAccess } from '../src/rule/compile.ts'
import { type AccessSet, accessSets, type Case } from './access-sets.ts'
import { type Contender, type Effort, measure } from './measure.ts'
import { decideWith, expandRules, plainDecide } from './plain-loop.ts'
import { tell } from './progress.ts'
import { comparison } from './table.ts'
import { decideWithTrie } from './trie.ts'

/** Measures every set. Yields Markdown for each. */
export function* bench(effort: Effort): Iterable<string> {
  for (const set of accessSets()) {
    tell(`decisions: ${set.title}`)
    const rows = measure(contendersFor(set), effort)
    yield `### ${set.title}\n\n${comparison('Decisions', rows)}`
  }
}

function contendersFor({ cases, asksForSets }: AccessSet): readonly Contender[] {
  const compiled = prepare(cases, compileAccess)
  const rules = prepare(cases, expandRules)
  const contenders = [
    contender('compiled', cases, ({ request }, i) => {
      return compiled[i]!.decide(request).effect === 'allow'
    }),
    contender('`decide()`, compiles each time', cases, ({ principal, request }) => {
      return decide(principal, request).effect === 'allow'
    }),
    contender('plain loop', cases, ({ request }, i) => plainDecide(rules[i]!, request)),
  ]
  if (asksForSets) return contenders
  const tries = prepare(cases, (principal) => decideWithTrie(expandRules(principal)))
  return [
    ...contenders,
    contender('loop over `mqtt-match`', cases, ({ request }, i) => {
      return decideWith(matchMqtt, rules[i]!, request)
    }),
    contender('trie of `qlobber`', cases, ({ request }, i) => tries[i]!(request)),
  ]
}

/** What is made of each case's principal, once for each principal. */
function prepare<T>(cases: readonly Case[], make: (principal: Principal) => T): readonly T[] {
  const made = new Map<readonly AccessRule[] | Principal, T>()
  return cases.map(({ principal }) => {
    const known = made.get(principal) ?? make(principal)
    made.set(principal, known)
    return known
  })
}

/** Goes through the cases round and round. First it has to answer each of them correctly. */
function contender(
  name: string,
  cases: readonly Case[],
  answer: (asked: Case, index: number) => boolean,
): Contender {
  cases.forEach((asked, i) => {
    const { action, topic } = asked.request
    equal(answer(asked, i), asked.granted, `${name}: ${action} ${topic}`)
  })
  return {
    name,
    op(count) {
      const i = count % cases.length
      return answer(cases[i]!, i) ? 1 : 0
    },
  }
}
