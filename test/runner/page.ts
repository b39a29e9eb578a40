/**
 * Holds docs/transports.md against what a run saw, or writes what it saw into the page.
 *
 * @module
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestOutcome } from './junit.ts'
import type { RuntimeRun } from './report.ts'
import {
  difference,
  gap,
  readRows,
  runtimesOf,
  tellsSkips,
  UPDATE,
  withTable,
} from './transports.ts'

const PAGE = 'docs/transports.md'

/** What is asked of {@link checkPage}. */
export interface PageOptions {
  /** Writes the page, rather than holding it against what was seen. */
  readonly update: boolean
  /** Every file was run, so every row has to be there. */
  readonly whole: boolean
  /** A row that was not seen is a failure, and not a skip. */
  readonly strict: boolean
}

/** The comparison as one more entry of a report; none if the run has nothing to do with the page. */
export function checkPage(
  root: string,
  runs: readonly RuntimeRun[],
  { update, whole, strict }: PageOptions,
): readonly RuntimeRun[] {
  const path = join(root, PAGE)
  const rows = readRows(runs)
  if (rows.length === 0 && !whole) return []
  const gaps = new Map(rows.map((row) => [row.runtime, gap(row)]))
  const seen = rows.filter(({ runtime }) => gaps.get(runtime) === undefined)
  const unseen = new Map(
    [...gaps].filter((entry): entry is [string, string] => entry[1] !== undefined),
  )
  if (update && unseen.size === 0) writeFileSync(path, withTable(readFileSync(path, 'utf8'), rows))
  const page = readFileSync(path, 'utf8')
  const others = runtimesOf(page).filter((runtime) => !gaps.has(runtime))
  if (whole) for (const runtime of others) unseen.set(runtime, 'nothing was seen of it')

  const outcomes = seen.map((row) => outcome(`the row of ${row.runtime}`, difference(page, row)))
  for (const [runtime, reason] of unseen) {
    const name = `the row of ${runtime}`
    const isFailure = (whole && strict) || update
    outcomes.push(isFailure ? outcome(name, reason) : { name, result: 'skipped', reason })
  }
  if (unseen.size === 0 && others.length === 0) {
    const wrong = tellsSkips(page, rows) ? undefined : `it is another one now. ${UPDATE}`
    outcomes.push(outcome('the list of what is skipped', wrong))
  }
  const file = { file: PAGE, outcomes, problem: undefined, output: '', seconds: 0 }
  return [{ title: 'Docs', files: [file] }]
}

function outcome(name: string, wrong: string | undefined): TestOutcome {
  return wrong === undefined
    ? { name, result: 'passed', reason: undefined }
    : { name: `${name}: ${wrong}`, result: 'failed', reason: undefined }
}
