/**
 * The tests as they are on what is not mutated: that they pass, how long they take, and what they
 * reach.
 *
 * @module
 */
import { type Coverage, isReached, type Place } from './coverage.ts'
import { isOwnTest, testsOf } from './subjects.ts'
import type { Workspace } from './workspace.ts'

/** Milliseconds that one test file may take on what is not mutated. */
const LONGEST = 600_000
/** How many test files are tried first: nearly every mutant is noticed by one of them. */
const FIRST = 3
/** Those that take more milliseconds are tried last. */
const QUICK = 5_000

/** Milliseconds that a process takes to start. */
const STARTING = 500

/** A test file, as measured. */
export interface MeasuredTest {
  readonly test: string
  /** Milliseconds. */
  readonly took: number
  readonly coverage: Coverage
  /** How many mutants of which file it noticed. */
  readonly noticed: Map<string, number>
}

/**
 * Runs test files, as many at once as there are workspaces.
 *
 * @throws {Error} If one fails.
 */
export async function measureTests(
  workspaces: readonly Workspace[],
  tests: readonly string[],
): Promise<readonly MeasuredTest[]> {
  const waiting = [...tests]
  const measured: MeasuredTest[] = []
  const work = async (workspace: Workspace) => {
    for (let test = waiting.shift(); test; test = waiting.shift()) {
      const started = performance.now()
      const { outcome, output, coverage } = await workspace.cover(test, LONGEST)
      if (outcome !== 'passed') throw new Error(`${test} ${outcome} on the original:\n${output}`)
      measured.push({ test, took: performance.now() - started, coverage, noticed: new Map() })
    }
  }
  await Promise.all(workspaces.map(work))
  return measured
}

/**
 * The tests that may notice a mutant, in steps, each to be run only if the one before it notices
 * nothing: the quick ones, a few of them first, and then the slow ones. Those that noticed most mutants
 * of the file come first, and before there were any, its own, and then those that reach most of it in
 * the least time.
 */
export function stepsFor(
  place: Place,
  measured: readonly MeasuredTest[],
): readonly (readonly MeasuredTest[])[] {
  const { file } = place
  const concerned = testsOf(file)
  const sorted = measured
    .filter(({ test, coverage }) => concerned.includes(test) && isReached(coverage, place))
    .toSorted((a, b) => worthOf(b, file) - worthOf(a, file))
    .toSorted((a, b) => Number(isOwnTest(file, b.test)) - Number(isOwnTest(file, a.test)))
    .toSorted((a, b) => (b.noticed.get(file) ?? 0) - (a.noticed.get(file) ?? 0))
  const quick = sorted.filter(({ took }) => took <= QUICK)
  const slow = sorted.filter(({ took }) => took > QUICK)
  return [quick.slice(0, FIRST), quick.slice(FIRST), slow].filter(({ length }) => length > 0)
}

/** How much of a file a test reaches for the time that it takes. */
function worthOf({ coverage, took }: MeasuredTest, file: string): number {
  const counts = [...(coverage.get(file)?.values() ?? [])]
  return counts.filter((count) => count > 0).length / (took + STARTING)
}

/** Notes that a test noticed a mutant of a file. */
export function noteKill(measured: readonly MeasuredTest[], file: string, test: string): void {
  const noticed = measured.find((each) => each.test === test)?.noticed
  noticed?.set(file, (noticed.get(file) ?? 0) + 1)
}
