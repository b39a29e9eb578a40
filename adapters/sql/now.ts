/**
 * The clock of a database, which all processes share.
 *
 * @module
 */
import type { SqlExecutor } from './executor.ts'

/** Seconds since the Unix epoch, with their fraction. */
export const NOW: Readonly<Record<SqlExecutor['dialect'], string>> = {
  sqlite: "((julianday('now') - 2440587.5) * 86400.0)",
  postgres: 'extract(epoch from clock_timestamp())::double precision',
}
