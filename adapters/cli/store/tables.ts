/**
 * The store whose tables `devicehub store` is about.
 *
 * @module
 */
import { hasCode } from '../../../src/base/errors.ts'
import { printable } from '../../../src/base/quote.ts'
import type { DeviceStore } from '../../../src/device/store.ts'
import type { SqlStore } from '../../sql/index.ts'
import { CommandFailure, exitCode } from '../failure.ts'
import { requireSettings } from '../settings/load.ts'
import { openStore, type StoreSetting } from './setting.ts'
import { describeSqlite } from './sqlite-file.ts'

/** Which store. */
export interface TablesOptions {
  readonly config?: string
  /** The path of a SQLite file, which takes the place of the configuration's store. */
  readonly store?: string
}

/** What a store with tables of its own has, whatever it keeps them in. */
export type Tables = Pick<SqlStore, 'migrate' | 'status'>

/**
 * Does something with the tables of a store, and closes what was opened for it.
 *
 * @param use To `read` what is there, or to `make` the file where there is none.
 * @throws {CommandFailure} If there is no store, or it has no tables; with what the database says if it
 * fails.
 */
export async function withTables<T>(
  options: TablesOptions,
  use: 'read' | 'make',
  work: (tables: Tables) => Promise<T>,
): Promise<T> {
  const setting = await findStore(options)
  const { store, close } = await openStore(setting, use)
  try {
    if (hasTables(store)) return await work(store)
  } catch (cause) {
    // That of the tables' version says all there is to be said.
    const where = hasCode(cause, 'ERR_STORE_SCHEMA') ? '' : `${nameOf(setting)}: `
    const problem = printable(where + describeSqlite(cause))
    throw new CommandFailure(exitCode.failed, problem, { cause })
  } finally {
    close()
  }
  const problem =
    'the store has no tables of its own, so there is no version of them to keep up with'
  throw new CommandFailure(exitCode.misused, problem)
}

async function findStore({ config, store: file }: TablesOptions): Promise<StoreSetting> {
  if (file !== undefined) return { file }
  const { store, fleet, isFleetGiven } = await requireSettings(config)
  if (store) return store
  if (isFleetGiven) return { own: fleet.store }
  const advice = 'add "store" beside "types", or name a SQLite file by --store'
  throw new CommandFailure(exitCode.misused, `the configuration has no store: ${advice}`)
}

function nameOf(setting: StoreSetting): string {
  return 'file' in setting ? setting.file : 'the store'
}

/** Whether a store has tables of its own. */
export function hasTables(store: DeviceStore): store is DeviceStore & Tables {
  const { migrate, status } = store as Partial<Tables>
  return typeof migrate === 'function' && typeof status === 'function'
}
