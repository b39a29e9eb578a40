/**
 * `devicehub doctor`: finds what is wrong with a set-up.
 *
 * @module
 */
import process from 'node:process'
import { printable } from '../../../src/base/quote.ts'
import { exitCode } from '../failure.ts'
import { jsonLine } from '../json-line.ts'
import { print, printError } from '../output.ts'
import { requireSettings } from '../settings/load.ts'
import { stopSignal, whenAborted } from '../signals.ts'
import { examine, type Subjects } from './examine.ts'
import type { Report } from './report.ts'

/** The options of the verb. */
export interface DoctorOptions extends Subjects {
  readonly config?: string
  readonly json?: boolean
  readonly verbose?: boolean
}

/**
 * Runs the verb. Settles when everything is looked at, and nothing of it is left anywhere. The exit code
 * is 0 where nothing was found and 1 where something was, and 130 where it was told to stop: then nothing
 * is known.
 *
 * @throws {CommandFailure} If the command line or the configuration is wrong.
 */
export async function doctor({ config, json, verbose, ...subjects }: DoctorOptions): Promise<void> {
  const stop = stopSignal()
  const settings = await requireSettings(config)
  const { report, done, end } = await examine(settings, subjects, stop)
  try {
    await Promise.race([done, whenAborted(stop)])
  } catch (error) {
    if (!stop.aborted) throw error
  } finally {
    for (const problem of await end()) await printError(`devicehub: ${printable(problem)}`)
  }
  if (stop.aborted) {
    await printError('devicehub: stopped before everything was looked at')
    process.exitCode = exitCode.interrupted
    return
  }
  await tell(report, json === true, verbose === true)
  if (report.findings.length > 0) process.exitCode = exitCode.found
}

async function tell(report: Report, asJson: boolean, inFull: boolean): Promise<void> {
  const { findings, made, notMade, clockOffset } = report
  if (asJson) {
    const offset = clockOffset === undefined ? {} : { clockOffset }
    await print(jsonLine({ findings, made, notMade, ...offset }))
    return
  }
  for (const { subject, code, text, mend } of findings) {
    await print(printable(`${subject}: ${code}: ${text}; ${mend}`))
  }
  if (!inFull) return
  for (const { subject, check } of made) await print(printable(`${subject}: ${check}: looked at`))
  for (const { subject, check, reason } of notMade) {
    await print(printable(`${subject}: ${check}: not looked at: ${reason}`))
  }
}
