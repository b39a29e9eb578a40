/**
 * A database by the name of its driver, for a process of its own.
 *
 * @module
 */
import pg from 'pg'
import { pgPool, type SqlExecutor, sqlite } from '../../adapters/sql/index.ts'

/** @param where The URL of a PostgreSQL, or the path of a file of SQLite. */
export async function openDatabase(
  driver: string,
  where: string,
): Promise<{ readonly executor: SqlExecutor; readonly close: () => Promise<void> }> {
  if (driver === 'pg') {
    const pool = new pg.Pool({ connectionString: where, max: 1 })
    pool.on('error', () => {})
    return { executor: pgPool(pool), close: () => pool.end() }
  }
  const { DatabaseSync } = await import('node:sqlite')
  const database = new DatabaseSync(where)
  database.exec('PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL')
  return { executor: sqlite(database), close: async () => database.close() }
}
