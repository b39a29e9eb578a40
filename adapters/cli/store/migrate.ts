/**
 * `devicehub store migrate`: brings a store's tables to the version that this program works with.
 *
 * @module
 */
import { print } from '../output.ts'
import { type TablesOptions, withTables } from './tables.ts'

/**
 * Runs the verb: makes the tables, or what they lack. Settles when they are there.
 *
 * @throws {CommandFailure} If the configuration is wrong, there is no store with tables, it fails, or the
 * tables are of a later version.
 */
export async function storeMigrate(options: TablesOptions): Promise<void> {
  const [before, after] = await withTables(options, 'make', async (tables) => {
    const { version } = await tables.status()
    await tables.migrate()
    return [version, (await tables.status()).version]
  })
  if (before === after) await print(`tables of version ${after}: nothing to do`)
  else
    await print(`tables of version ${after}, from ${before === 0 ? 'none' : `version ${before}`}`)
}
