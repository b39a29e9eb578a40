/**
 * What is printed at the end of a bulk run.
 *
 * @module
 */
import process from 'node:process'
import { CommandFailure, exitCode } from '../failure.ts'
import { print } from '../output.ts'
import type { Summary } from './bulk.ts'
import { grouped } from './progress.ts'

/** How a run ended. */
export interface Ending {
  readonly dryRun: boolean
  readonly json: boolean
  readonly stop: AbortSignal
  /** The file with what became of each line, and the passwords. */
  readonly result?: string
}

/**
 * Prints it. The exit code is 1 where a line was refused.
 *
 * @throws {CommandFailure} If it was told to stop before it was done.
 */
export async function tellSummary(
  summary: Summary,
  { dryRun, json, stop, result }: Ending,
): Promise<void> {
  if (json) {
    const ended = stop.aborted ? { interrupted: true } : {}
    await print(
      JSON.stringify({
        ...summary,
        ...(dryRun && { dryRun }),
        ...(result && { result }),
        ...ended,
      }),
    )
  } else await print(describe(summary, dryRun, result))
  if (stop.aborted) {
    const problem = dryRun ? 'stopped' : 'stopped: the same command goes on from here'
    throw new CommandFailure(exitCode.interrupted, problem)
  }
  if (summary.refused > 0) process.exitCode = exitCode.failed
}

function describe(summary: Summary, dryRun: boolean, result: string | undefined): string {
  const { added, there, refused, earlier } = summary
  const parts = [
    `${grouped(added)} ${dryRun ? 'would be added' : 'added'}`,
    ...(earlier > 0 ? [`${grouped(earlier)} added by an earlier run`] : []),
    ...(there > 0 ? [`${grouped(there)} there before`] : []),
    ...(refused > 0 ? [`${grouped(refused)} refused`] : []),
  ]
  return `${parts.join(', ')}${result === undefined ? '' : `: ${result}`}`
}
