/**
 * A bulk run with its result file, as both verbs that have one run it.
 *
 * @module
 */
import { CommandFailure, exitCode } from '../failure.ts'
import { stopSignal } from '../signals.ts'
import { type BulkRow, runBulk, type Summary } from './bulk.ts'
import { follow } from './follow.ts'
import type { OperatedFleet } from './operated.ts'
import { openResults } from './result-file.ts'
import { tellSummary } from './summary.ts'

/** What is run. */
export interface RecordedRun {
  /** What its lines are called. */
  readonly what: string
  readonly rows: AsyncIterable<BulkRow>
  /** How much there is to be read: bytes, or lines. */
  readonly all: number
  /** What it is of: a file with the results of something else is left alone. */
  readonly source: string
  /** The file for the results. */
  readonly result: string
  readonly json: boolean
}

/**
 * Puts devices on record, and prints what became of them.
 *
 * @throws {CommandFailure} If the result is of something else, the fleet fails, or it was told to stop: what
 * became of all before that is in the file.
 */
export async function runRecorded(
  fleet: OperatedFleet,
  { what, rows, all, source, result, json }: RecordedRun,
): Promise<void> {
  const stop = stopSignal()
  const results = await openResults(result, source)
  const told = follow(what, all, result)
  let summary: Summary
  try {
    summary = await runBulk({ fleet, rows, results, stop, follow: told })
  } catch (error) {
    throw withAdvice(error)
  } finally {
    told.end()
    results.close()
  }
  await tellSummary(summary, { dryRun: false, json, stop, result })
}

/** What is wrong with the command line is so the next time too. */
function withAdvice(error: unknown): unknown {
  if (!(error instanceof CommandFailure) || error.exitCode !== exitCode.failed) return error
  const problem = `${error.message}; the same command goes on from here`
  return new CommandFailure(exitCode.failed, problem, { cause: error })
}
