/**
 * The tests as they are on what is not mutated: that they pass, how long they take, and what they
 * reach.
 *
 * @module
 */
import { basename, dirname } from 'node:path'
import { isReached, type Place } from './coverage.ts'
import type { KnownMeasures, Measure } from './measured.ts'
import { isOwnTest, testsOf } from './subjects.ts'
import type { Workspace } from './workspace.ts'

/** Milliseconds that one test file may take on what is not mutated. */
const LONGEST = 600_000
/** How many test files are asked first: nearly every mutant is noticed by one of them. */
const FIRST = 4
/** How much of the time of all that may be asked they take at most, but for the first one. */
const FIRST_SHARE = 0.05
/** How much the last mutant counts in the chance that the next one is noticed, too. */
const NEWEST = 0.25

/** A test file, as measured. */
export interface MeasuredTest extends Measure {
  readonly test: string
  /** How likely it notices the next mutant of a file, 0 to 1, where it was tried on others. */
  readonly chances: Map<string, number>
}

/**
 * Runs test files that are not known, as many at once as there are workspaces.
 *
 * @throws {Error} If one fails.
 */
export async function measureTests(
  workspaces: readonly Workspace[],
  tests: readonly string[],
  known: KnownMeasures,
): Promise<readonly MeasuredTest[]> {
  const waiting: string[] = []
  const measured: MeasuredTest[] = []
  const add = (test: string, measure: Measure) => {
    measured.push({ test, ...measure, chances: new Map() })
  }
  for (const test of tests) {
    const measure = known.find(test)
    if (measure) add(test, measure)
    else waiting.push(test)
  }
  if (waiting.length > 0) console.log(`Running ${waiting.length} test files first.`)
  const work = async (workspace: Workspace) => {
    for (let test = waiting.shift(); test; test = waiting.shift()) {
      const started = performance.now()
      const { outcome, output, coverage } = await workspace.cover({ test, patience: LONGEST })
      if (outcome !== 'passed') throw new Error(`${test} ${outcome} on the original:\n${output}`)
      const measure = { took: performance.now() - started, coverage }
      known.keep(test, measure)
      add(test, measure)
    }
  }
  await Promise.all(workspaces.map(work))
  return measured
}

/**
 * The tests that may notice a mutant, the first ones and the others. Those come first that most likely
 * notice it for the time that they take: neighbours are noticed by the same test.
 */
export function stepsFor(
  place: Place,
  measured: readonly MeasuredTest[],
): Readonly<Record<'first' | 'others', readonly MeasuredTest[]>> {
  const { file } = place
  const concerned = testsOf(file)
  const worthOf = (each: MeasuredTest) => chanceOf(each, file) / each.took
  const sorted = measured
    .filter(({ test, coverage }) => concerned.includes(test) && isReached(coverage, place))
    .toSorted((a, b) => worthOf(b) - worthOf(a))
  const all = sorted.reduce((sum, { took }) => sum + took, 0)
  let taken = 0
  const isFirst = ({ took }: MeasuredTest, i: number) => {
    taken += took
    return i === 0 || (i < FIRST && taken <= all * FIRST_SHARE)
  }
  const count = sorted.findIndex((test, i) => !isFirst(test, i))
  const end = count < 0 ? sorted.length : count
  return { first: sorted.slice(0, end), others: sorted.slice(end) }
}

/** Before it was tried: its own test likely does, then those of its folder by what they reach of it. */
function chanceOf({ test, coverage, chances }: MeasuredTest, file: string): number {
  const known = chances.get(file)
  if (known !== undefined) return known
  if (isOwnTest(file, test)) return 0.5
  const counts = [...(coverage.get(file)?.values() ?? [])]
  const share = counts.filter((count) => count > 0).length / Math.max(counts.length, 1)
  return (basename(dirname(file)) === basename(dirname(test)) ? 0.3 : 0.1) * share
}

/**
 * Notes what tests made of a mutant of a file.
 *
 * @param tests As they were run, one after another.
 * @param failed The one that noticed it. Those behind it were not run.
 */
export function noteRun(
  tests: readonly MeasuredTest[],
  file: string,
  failed: string | undefined,
): void {
  for (const each of tests) {
    const isFailed = each.test === failed
    const before = chanceOf(each, file)
    each.chances.set(file, before + (Number(isFailed) - before) * NEWEST)
    if (isFailed) return
  }
}
