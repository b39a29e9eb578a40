/**
 * One change of several devices, one after the other: what is refused of one keeps no other from it.
 *
 * @module
 */
import { closeSync, openSync, writeSync } from 'node:fs'
import process from 'node:process'
import { setImmediate } from 'node:timers/promises'
import { printable } from '../../../src/base/quote.ts'
import type { DeviceRef } from '../../../src/device/reference.ts'
import { CommandFailure, exitCode, firstLine } from '../failure.ts'
import { print, printError } from '../output.ts'
import { stopSignal } from '../signals.ts'
import { type PlaceOptions, withFleet } from './open.ts'
import { type KickReport, type OperatedFleet, Refusal, type Report } from './operated.ts'

/** How it is told. */
export interface EachOptions extends PlaceOptions {
  readonly json?: boolean
  /** A file for the new passwords, which nobody else can read. Default: they are printed. */
  readonly output?: string
}

/**
 * Changes devices, and prints what became of each. The exit code is 1 where one was refused, or something
 * could not act on it.
 *
 * @param isKick Whether nothing is on record of it.
 * @throws {CommandFailure} If the fleet cannot be reached, or it was told to stop.
 */
export async function changeEach(
  devices: readonly DeviceRef[],
  options: EachOptions,
  change: (fleet: OperatedFleet, device: DeviceRef) => Promise<Report | KickReport>,
  isKick = false,
): Promise<void> {
  const stop = stopSignal()
  await withFleet(options, 'change', async (fleet) => {
    const keep = options.output === undefined ? undefined : openPrivate(options.output)
    let done = 0
    try {
      for (const device of devices) {
        if (stop.aborted) {
          const problem = `stopped after ${done} of ${devices.length}: ${nameOf(device)} is the next`
          throw new CommandFailure(exitCode.interrupted, printable(problem))
        }
        await one(fleet, device, keep)
        done += 1
        // A driver that answers at once leaves no moment to hear of a signal.
        await setImmediate()
      }
    } finally {
      keep?.close()
    }
  })

  async function one(fleet: OperatedFleet, device: DeviceRef, keep: PrivateFile | undefined) {
    let report: Partial<Report> & KickReport
    try {
      report = await change(fleet, device)
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      await fail(`${nameOf(device)}: ${error.code}: ${error.message}`)
      return
    }
    if (keep) keep.write(`${JSON.stringify(report)}\n`)
    if (options.json)
      await print(JSON.stringify(keep ? { ...report, password: undefined } : report))
    else await print(describe(report, keep !== undefined))
    for (const { name, problem } of report.failed) {
      const what = isKick
        ? `its sessions may go on at ${name}`
        : `it is on record, but ${name} failed`
      await fail(`${nameOf(device)}: ${what}: ${problem}`)
    }
  }
}

async function fail(problem: string): Promise<void> {
  process.exitCode = exitCode.failed
  await printError(printable(`devicehub: ${problem}`))
}

/** A failure after which nothing more is tried. */
export function failureOf(problem: string): CommandFailure {
  return new CommandFailure(exitCode.failed, problem)
}

function describe(
  { type, id, username, password, done }: Partial<Report> & KickReport,
  isKept: boolean,
): string {
  const told = done.length > 0 ? ` (told: ${done.join(', ')})` : ''
  const lines = [`${nameOf({ type, id })}: done${told}`]
  if (password !== undefined && !isKept) {
    lines.push(`  user name  ${username}`, `  password   ${password}`)
  }
  return lines.map((line) => printable(line)).join('\n')
}

function nameOf({ type, id }: DeviceRef): string {
  return `${type}/${id}`
}

/** A file that is written as it goes. */
interface PrivateFile {
  write(text: string): void
  close(): void
}

/** @throws {CommandFailure} If there is one of this name: it may have passwords that are good. */
function openPrivate(path: string): PrivateFile {
  try {
    const handle = openSync(path, 'wx', 0o600)
    return { write: (text) => void writeSync(handle, text), close: () => closeSync(handle) }
  } catch (cause) {
    const isThere = (cause as NodeJS.ErrnoException).code === 'EEXIST'
    const problem = isThere ? `${path} is there already: name another file` : firstLine(cause)
    throw new CommandFailure(exitCode.failed, problem, { cause })
  }
}
