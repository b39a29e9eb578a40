/**
 * `devicehub store status`: tells the version of a store's tables.
 *
 * @module
 */
import process from 'node:process'
import { withinDeadline } from '../../../src/base/deadline.ts'
import type { SchemaStatus } from '../../sql/index.ts'
import { CommandFailure, exitCode, firstLine } from '../failure.ts'
import { print } from '../output.ts'
import { type TablesOptions, withTables } from './tables.ts'

/** The options of the verb. */
export interface StatusOptions extends TablesOptions {
  readonly json?: boolean
}

/** Milliseconds for an answer, also where the driver knows no bound. */
const ANSWER_LIMIT_MS = 10_000

/**
 * Runs the verb. The exit code is 0 where the tables are of the version that this program works with and 1
 * where they are not, and 2 whenever that is not known.
 *
 * @throws {CommandFailure} If the configuration is wrong, there is no store with tables, or it fails.
 */
export async function storeStatus({ json, ...options }: StatusOptions): Promise<void> {
  const status = await ask(options)
  const { version, expected } = status
  await print(json ? JSON.stringify({ version, expected }) : describe(status))
  if (version !== expected) process.exitCode = exitCode.otherVersion
}

async function ask(options: TablesOptions): Promise<SchemaStatus> {
  const answer = (work: () => Promise<SchemaStatus>) =>
    withinDeadline(ANSWER_LIMIT_MS, work, undefined, 'answer')
  try {
    return await withTables(options, 'read', (tables) => answer(() => tables.status()))
  } catch (error) {
    throw new CommandFailure(exitCode.misused, firstLine(error), { cause: error })
  }
}

function describe({ version, expected }: SchemaStatus): string {
  const line = `tables of version ${version}, expected ${expected}`
  if (version === expected) return `${line}: up to date`
  const advice = version < expected ? 'run devicehub store migrate' : 'run a newer devicehub'
  return `${line}: ${advice}`
}
