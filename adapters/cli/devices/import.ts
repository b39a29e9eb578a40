/**
 * `devicehub devices import FILE`: puts the devices of a file on record.
 *
 * @module
 */
import { createHash } from 'node:crypto'
import { createReadStream, statSync } from 'node:fs'
import { CommandFailure, exitCode, firstLine } from '../failure.ts'
import { stopSignal } from '../signals.ts'
import { type BulkRow, runBulk, type Summary } from './bulk.ts'
import { follow } from './follow.ts'
import { type PlaceOptions, withFleet } from './open.ts'
import type { OperatedFleet } from './operated.ts'
import { runRecorded } from './recorded.ts'
import { type Format, formatOf, readRows } from './rows.ts'
import { tellSummary } from './summary.ts'

/** The options of the verb. */
export interface ImportOptions extends PlaceOptions {
  /** The type of devices that name none. */
  readonly type?: string
  readonly format?: Format
  /** Where what became of each line is written. Default: beside the file. */
  readonly result?: string
  readonly dryRun?: boolean
  readonly json?: boolean
}

/**
 * Runs the verb. Settles when the last line is done; a run that was ended goes on by the same command.
 *
 * @throws {CommandFailure} If the file is none, the fleet cannot be reached, or it was told to stop.
 */
export async function importDevices(file: string, options: ImportOptions): Promise<void> {
  const { type, result = `${file}.result.jsonl`, dryRun = false, json = false } = options
  const format = formatOf(file, options.format)
  const size = sizeOf(file)
  const rows = readRows(file, format, type)
  if (dryRun) {
    await withFleet(options, 'read', (fleet) => rehearse(fleet, rows, size, json))
    return
  }
  await withFleet(options, 'change', async (fleet) => {
    const source = await sourceOf(file, type)
    await runRecorded(fleet, { what: 'lines', rows, all: size, source, result, json })
  })
}

async function rehearse(
  fleet: OperatedFleet,
  rows: AsyncIterable<BulkRow>,
  all: number,
  json: boolean,
): Promise<void> {
  const stop = stopSignal()
  const told = follow('lines', all, undefined)
  const results = { run: 'dry-run', isResumed: false, of: () => undefined, add() {}, close() {} }
  const rehearsed = { ...fleet, provisionMany: fleet.rehearse }
  let summary: Summary
  try {
    summary = await runBulk({ fleet: rehearsed, rows, results, stop, follow: told })
  } finally {
    told.end()
  }
  await tellSummary(summary, { dryRun: true, json, stop })
}

function sizeOf(file: string): number {
  try {
    const stat = statSync(file)
    if (stat.isFile()) return stat.size
  } catch (cause) {
    throw new CommandFailure(exitCode.misused, firstLine(cause), { cause })
  }
  throw new CommandFailure(exitCode.misused, `${file}: is no file`)
}

/** What the lines of a result are about: with another type, or other lines, they would be others. */
async function sourceOf(file: string, type: string | undefined): Promise<string> {
  const hash = createHash('sha256').update(`${type ?? ''}\n`)
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer)
  return `sha256:${hash.digest('hex')}`
}
