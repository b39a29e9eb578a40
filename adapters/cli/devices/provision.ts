/**
 * `devicehub devices provision TYPE`: puts new devices on record, by name or by number.
 *
 * @module
 */
import { CommandFailure, exitCode } from '../failure.ts'
import type { BulkRow } from './bulk.ts'
import { changeEach, failureOf } from './change-each.ts'
import { type PlaceOptions, withFleet } from './open.ts'
import { runRecorded } from './recorded.ts'

/** The options of the verb. */
export interface ProvisionVerbOptions extends PlaceOptions {
  /** How many to number. */
  readonly count?: number
  /** What the ids of numbered ones begin with. */
  readonly prefix?: string
  /** The number of the first of them. Default: 1. */
  readonly first?: number
  readonly username?: string
  readonly attribute?: Readonly<Record<string, string>>
  /** The file for their logins. */
  readonly output?: string
  readonly json?: boolean
}

/** Fewest digits of a number in an id. */
const MIN_DIGITS = 3

/**
 * Runs the verb.
 *
 * @throws {CommandFailure} If what is asked for is at odds, the fleet cannot be reached, or it was told to
 * stop.
 */
export async function provisionDevices(
  type: string,
  ids: readonly string[],
  options: ProvisionVerbOptions,
): Promise<void> {
  const { count, prefix, first = 1, username, output } = options
  if (count === undefined) {
    if (prefix !== undefined || options.first !== undefined)
      throw misused('--prefix and --first are of --count')
    if (ids.length === 0)
      throw misused('name the devices, or say how many by --count, --prefix and --output')
    if (username !== undefined && ids.length > 1) throw misused('--username is for one device')
    return provisionNamed(type, ids, options)
  }
  if (ids.length > 0) throw misused('name the devices, or number them by --count: one of them')
  if (username !== undefined) throw misused('--username is for one device')
  if (prefix === undefined) throw misused('--count needs --prefix, what the ids begin with')
  if (output === undefined) throw misused('--count needs --output, the file for their passwords')
  return provisionNumbered(type, { ...options, count, prefix, first, output })
}

/** Each is on its way to whoever reads the output before the next is put on record. */
async function provisionNamed(
  type: string,
  ids: readonly string[],
  options: ProvisionVerbOptions,
): Promise<void> {
  const { username, attribute: attributes } = options
  await changeEach(
    ids.map((id) => ({ type, id })),
    options,
    async (fleet, { id }) => {
      const device = {
        id,
        ...(username !== undefined && { username }),
        ...(attributes && { attributes }),
      }
      const [outcome] = await fleet.provisionMany(type, [device])
      if (!outcome) throw failureOf('nothing was answered')
      if (outcome.refusal) throw outcome.refusal
      return outcome.report
    },
  )
}

async function provisionNumbered(
  type: string,
  options: ProvisionVerbOptions & {
    readonly count: number
    readonly prefix: string
    readonly first: number
    readonly output: string
  },
): Promise<void> {
  const { count, prefix, first, output, json = false, attribute: attributes } = options
  const digits = Math.max(MIN_DIGITS, `${first + count - 1}`.length)
  async function* rows(): AsyncGenerator<BulkRow, void> {
    for (let i = 0; i < count; i++) {
      const id = `${prefix}${`${first + i}`.padStart(digits, '0')}`
      yield { line: i + 1, type, device: { id, ...(attributes && { attributes }) }, end: i + 1 }
    }
  }
  const source = JSON.stringify({ type, prefix, first, count, attributes })
  await withFleet(options, 'change', (fleet) =>
    runRecorded(fleet, {
      what: 'devices',
      rows: rows(),
      all: count,
      source,
      result: output,
      json,
    }),
  )
}

function misused(problem: string): CommandFailure {
  return new CommandFailure(exitCode.misused, problem)
}
