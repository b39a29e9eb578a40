/**
 * Devices in the user's own database: SQLite, PostgreSQL or Cloudflare D1, over the connection or pool
 * that the application already has. Imports no driver.
 *
 * @module
 */
export { StoreTimeoutError } from './answer.ts'
export { type D1Binding, type D1Statement, d1 } from './d1.ts'
export type { SqlExecutor, SqlRow, SqlStatement, SqlValue } from './executor.ts'
export {
  type PgClient,
  type PgNotification,
  type PgPool,
  type PgQuery,
  type PgQueryable,
  type PostgresListening,
  type PostgresSql,
  pgPool,
  postgres,
} from './postgres.ts'
export { SchemaError } from './schema.ts'
export { type SqliteDatabase, type SqliteStatement, sqlite } from './sqlite.ts'
export { type SchemaStatus, type SqlStore, sqlStore } from './store.ts'
