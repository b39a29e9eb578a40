/**
 * `devicehub devices export`: the devices as a file that `devices import` takes.
 *
 * @module
 */

import { setImmediate } from 'node:timers/promises'
import { newestCredential } from '../../../src/device/credentials.ts'
import type { DeviceQuery, ListedDevice } from '../../../src/device/store.ts'
import type { DeviceView } from '../../admin/views.ts'
import { CommandFailure, exitCode } from '../failure.ts'
import { print } from '../output.ts'
import { stopSignal } from '../signals.ts'
import { type FilterOptions, failing, pagesOf, queryOf } from './list.ts'
import { type PlaceOptions, withFleet } from './open.ts'
import type { OperatedFleet } from './operated.ts'
import { writePrivate } from './private-file.ts'
import { FIELDS } from './row.ts'
import type { Format } from './rows.ts'

/** The options of the verb. */
export interface ExportOptions extends PlaceOptions, FilterOptions {
  readonly format?: Format
  /** Default: it is printed. */
  readonly output?: string
  readonly withHashes?: boolean
  readonly force?: boolean
}

/** Most devices of a page. */
const PAGE = 1_000

type Exported = Omit<DeviceView, 'credentials'> & { readonly passwordHash?: string }

/**
 * Runs the verb: writes a line for each device, as it is read. A file is there when all of it is.
 *
 * @throws {CommandFailure} If the fleet cannot be reached, hashes are asked for that are not given, or it
 * was told to stop.
 */
export async function exportDevices(options: ExportOptions): Promise<void> {
  const { output, withHashes = false, force = false } = options
  const format = options.format ?? (output && /\.csv$/i.test(output) ? 'csv' : 'jsonl')
  if (withHashes && output === undefined) {
    const problem = '--with-hashes needs --output, a file that nobody else can read'
    throw new CommandFailure(exitCode.misused, problem)
  }
  const stop = stopSignal()
  await withFleet(options, 'read', async (fleet) => {
    const pages = textOf(devicesOf(fleet, queryOf(options), withHashes), format, withHashes)
    if (output === undefined) {
      for await (const text of pages) {
        await checkStop()
        await print(text)
      }
      return
    }
    await writePrivate(output, force, async (add) => {
      for await (const text of pages) {
        await checkStop()
        add(`${text}\n`)
      }
    })
    await print(output)
  })

  async function checkStop(): Promise<void> {
    // A driver that answers at once leaves no moment to hear of a signal.
    await setImmediate()
    if (!stop.aborted) return
    throw new CommandFailure(exitCode.interrupted, 'stopped before all were written')
  }
}

async function* devicesOf(
  fleet: OperatedFleet,
  query: DeviceQuery,
  withHashes: boolean,
): AsyncGenerator<readonly Exported[], void> {
  if (!withHashes) {
    for await (const devices of pagesOf(fleet, query, PAGE)) yield devices
    return
  }
  const { records } = fleet
  if (!records) {
    const problem = '--with-hashes: hashes do not leave a service: export where its store is'
    throw new CommandFailure(exitCode.misused, problem)
  }
  let cursor: string | undefined
  do {
    const asked = { ...query, limit: PAGE, ...(cursor !== undefined && { cursor }) }
    const page = await failing(() => records(asked))
    yield page.records.map(withHash)
    cursor = page.cursor
  } while (cursor !== undefined)
}

/** The newest of its passwords: a line has room for one. */
function withHash(record: ListedDevice): Exported {
  const hash = newestCredential(record, Date.now())?.hash
  return { ...record, ...(hash !== undefined && { passwordHash: hash }) }
}

/** A text for each page, without its last line end. */
async function* textOf(
  pages: AsyncIterable<readonly Exported[]>,
  format: Format,
  withHashes: boolean,
): AsyncGenerator<string, void> {
  const names = FIELDS.filter((name) => withHashes || name !== 'passwordHash')
  if (format === 'csv') yield names.join(',')
  for await (const devices of pages) {
    if (devices.length === 0) continue
    yield devices
      .map((device) => {
        const values = names.map((name) => [name, fieldOf(device, name)] as const)
        if (format === 'csv') return values.map(([, value]) => cellOf(value)).join(',')
        return JSON.stringify(Object.fromEntries(values))
      })
      .join('\n')
  }
}

/** What says nothing is left out. */
function fieldOf(device: Exported, name: (typeof FIELDS)[number]): unknown {
  const value = device[name]
  if (value === false) return undefined
  if (typeof value === 'object' && Object.keys(value).length === 0) return undefined
  return value
}

/** As RFC 4180 has it. */
function cellOf(value: unknown): string {
  if (value === undefined) return ''
  const text = typeof value === 'object' ? JSON.stringify(value) : `${value}`
  return /[",\r\n]/.test(text) || text !== text.trim() ? `"${text.replaceAll('"', '""')}"` : text
}
