/**
 * `devicehub devices list` and `devicehub devices show`: what is on record.
 *
 * @module
 */
import process from 'node:process'
import { printable } from '../../../src/base/quote.ts'
import type { DeviceRef } from '../../../src/device/reference.ts'
import type { DeviceQuery } from '../../../src/device/store.ts'
import type { DeviceView } from '../../admin/views.ts'
import { CommandFailure, exitCode } from '../failure.ts'
import { print } from '../output.ts'
import { type PlaceOptions, withFleet } from './open.ts'
import { type OperatedFleet, Refusal } from './operated.ts'
import { tableOf } from './table.ts'

/** By what a listing is narrowed, as the command line says it. */
export interface FilterOptions {
  readonly type?: string
  readonly prefix?: string
  readonly revoked?: boolean
  readonly active?: boolean
  readonly connected?: boolean
  readonly offline?: boolean
  readonly silent?: boolean
  readonly status?: string
  readonly batteryBelow?: number
  readonly firmware?: string
  readonly firmwareOtherThan?: string
}

/** The options of `list`. */
export interface ListOptions extends PlaceOptions, FilterOptions {
  /** Most devices. Default: all. */
  readonly limit?: number
  readonly json?: boolean
}

/** Most of a page. */
const PAGE = 1_000
const COLUMNS = [
  'DEVICE',
  'USER NAME',
  'LOGIN',
  'CONNECTED',
  'LAST HEARD',
  'STATUS',
  'BATTERY',
  'FIRMWARE',
  'ATTRIBUTES',
]

/** Prints the devices. Settles when all are printed. */
export async function listDevices({
  limit = Infinity,
  json,
  ...options
}: ListOptions): Promise<void> {
  await withFleet(options, 'read', async (fleet) => {
    const table = tableOf(COLUMNS)
    let left = limit
    for await (const devices of pagesOf(fleet, queryOf(options), Math.min(limit, PAGE))) {
      const shown = devices.slice(0, left)
      left -= shown.length
      const lines = json
        ? shown.map((device) => JSON.stringify(device))
        : table(
            shown.map(cellsOf),
            process.stdout.isTTY ? process.stdout.columns || undefined : undefined,
          )
      if (lines.length > 0) await print(lines.join('\n'))
      if (left <= 0) return
    }
  })
}

/** Shows a device. The exit code is 1 where it is not there. */
export async function showDevice(
  { type, id }: DeviceRef,
  { json, ...options }: PlaceOptions & { readonly json?: boolean },
): Promise<void> {
  await withFleet(options, 'read', async (fleet) => {
    const device = await failing(() => fleet.show(type, id))
    await print(json ? JSON.stringify(device) : describe(device))
  })
}

/** The devices, a page at a time. */
export async function* pagesOf(
  fleet: Pick<OperatedFleet, 'list'>,
  query: DeviceQuery,
  limit: number,
): AsyncGenerator<readonly DeviceView[], void> {
  let cursor: string | undefined
  do {
    const asked = { ...query, limit, ...(cursor !== undefined && { cursor }) }
    const page = await failing(() => fleet.list(asked))
    yield page.devices
    cursor = page.cursor
  } while (cursor !== undefined)
}

/** What is refused of a question leaves nothing else to be done. */
export async function failing<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask()
  } catch (cause) {
    if (!(cause instanceof Refusal)) throw cause
    throw new CommandFailure(exitCode.failed, `${cause.code}: ${cause.message}`, { cause })
  }
}

/** What a store is asked. @throws {CommandFailure} If two options are at odds. */
export function queryOf(options: FilterOptions): DeviceQuery {
  const { type, prefix, revoked, active, connected, offline, silent, ...rest } = options
  const { status, batteryBelow, firmware, firmwareOtherThan } = rest
  for (const [one, other, names] of [
    [revoked, active, '--revoked and --active'],
    [connected, offline, '--connected and --offline'],
  ] as const) {
    if (one && other) throw new CommandFailure(exitCode.misused, `${names}: one of them`)
  }
  const query = {
    type,
    idPrefix: prefix,
    revoked: revoked ? true : active ? false : undefined,
    connected: connected ? true : offline ? false : undefined,
    fresh: silent ? false : undefined,
    status,
    batteryBelow,
    firmware,
    firmwareOtherThan,
  }
  const given = Object.entries(query).filter(([, value]) => value !== undefined)
  return Object.fromEntries(given) as DeviceQuery
}

function cellsOf({
  type,
  id,
  username,
  revoked,
  state,
  attributes,
}: DeviceView): readonly string[] {
  const { connected, lastHeard, status, battery, firmware } = state ?? {}
  return [
    `${type}/${id}`,
    username,
    revoked ? 'revoked' : 'good',
    connected === undefined ? '' : connected ? 'yes' : 'no',
    timeOf(lastHeard),
    status ?? '',
    battery === undefined ? '' : `${battery} %`,
    firmware ?? '',
    Object.entries(attributes)
      .map(([name, value]) => `${name}=${value}`)
      .join(' '),
  ]
}

function describe(device: DeviceView): string {
  const { credentials, rules, clientIds = [], createdAt } = device
  const lines = COLUMNS.map((name, i) => [name.toLowerCase(), cellsOf(device)[i]!])
  lines.push(['since', timeOf(createdAt)])
  if (clientIds.length > 0) lines.push(['client ids', clientIds.join(' ')])
  for (const rule of rules) lines.push(['rule', JSON.stringify(rule)])
  for (const { id, format, createdAt: since, notBefore, notAfter } of credentials) {
    const from = notBefore === undefined ? '' : `, from ${timeOf(notBefore)}`
    const until = notAfter === undefined ? '' : `, until ${timeOf(notAfter)}`
    lines.push(['credential', `${id}, ${format}, since ${timeOf(since)}${from}${until}`])
  }
  return lines
    .filter(([, value]) => value !== '')
    .map(([name, value]) => printable(`${name!.padEnd(12)}${value}`, 10_000))
    .join('\n')
}

function timeOf(at: number | undefined): string {
  return at === undefined ? '' : new Date(at).toISOString()
}
