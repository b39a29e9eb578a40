/**
 * A fleet's devices and keys in the user's own database.
 *
 * @module
 */
import type { ChangeFeed } from '../../src/base/change-feed.ts'
import type { ExpiringKeys } from '../../src/base/expiring-keys.ts'
import type { DeviceStates } from '../../src/device/states.ts'
import type { DeviceStore } from '../../src/device/store.ts'
import type { DeviceTrail } from '../../src/device/trail.ts'
import { sqlDevices } from './devices.ts'
import type { SqlExecutor } from './executor.ts'
import { sqlFeed } from './feed.ts'
import { sqlKeys } from './keys.ts'
import { expectedVersion, migrate, readVersion, SchemaError } from './schema.ts'
import { runner } from './statements.ts'
import { sqlStates } from './states.ts'
import { sqlTrail } from './trail.ts'

/** Which version the tables have, and which one the program works with. */
export interface SchemaStatus {
  /** 0 if there are no tables. */
  readonly version: number
  readonly expected: number
}

/**
 * A store in a database. Its methods reject with a `SchemaError` (`ERR_STORE_SCHEMA`) while the tables
 * are of another version than the program, and else as the contract says, or with what the driver throws.
 */
export interface SqlStore extends DeviceStore {
  readonly insertMany: NonNullable<DeviceStore['insertMany']>
  readonly states: DeviceStates
  readonly trail: DeviceTrail
  /** What processes share for a while: for `createFleet({ keys })`. In the same database. */
  readonly keys: ExpiringKeys
  /**
   * How processes tell each other of changes, by `NOTIFY` of PostgreSQL: for `createFleet({ feed })`.
   * `undefined` on SQLite, on D1, and on PostgreSQL through a driver that cannot listen, as `Bun.SQL`.
   */
  readonly feed: ChangeFeed | undefined
  /**
   * Makes the tables, or brings them to the version of this program. Of several processes at once one does
   * it; where nothing is to be done nothing is. Settles when the tables are there.
   * @throws {SchemaError} If the tables are of a later version.
   */
  migrate(): Promise<void>
  /** Tells the versions. Changes nothing. */
  status(): Promise<SchemaStatus>
}

/**
 * Makes a store over a connection or pool of the application's.
 *
 * @param executor Made by `sqlite`, `pgPool`, `postgres` or `d1`, or one of your own.
 */
export function sqlStore(executor: SqlExecutor): SqlStore {
  let isReady = false

  async function check(): Promise<void> {
    const [version, expected] = [await readVersion(executor), expectedVersion(executor)]
    if (version !== expected) throw new SchemaError(version, expected)
    isReady = true
  }

  // Each statement asks for itself until one was answered: a question that never is holds up no other.
  const run = runner(executor, () => (isReady ? undefined : check()))
  return {
    ...sqlDevices(run, executor.dialect),
    states: sqlStates(run, executor.dialect),
    trail: sqlTrail(run, executor.dialect),
    keys: sqlKeys(run, executor.dialect),
    feed: sqlFeed(run, executor),
    migrate: () => migrate(executor),
    async status() {
      return { version: await readVersion(executor), expected: expectedVersion(executor) }
    },
  }
}
