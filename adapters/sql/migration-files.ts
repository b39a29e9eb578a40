/**
 * The tables of a store as files of SQL, for tools that keep migrations themselves.
 *
 * @module
 */
import type { SqlExecutor } from './executor.ts'
import { migrationsOf } from './migrations.ts'
import { textsOf } from './schema.ts'

/** What leads from the version before to the next one, as a file. */
export interface MigrationFile {
  /** Its number has four digits, so that files are in the order of their names. */
  readonly name: string
  /** Statements, each with a semicolon and an end of line after it. They begin no transaction. */
  readonly text: string
}

/**
 * All of a dialect, in their order. Run one after another, each in a transaction, they make what
 * `store.migrate()` makes, which finds nothing to do then.
 */
export function migrationFiles(dialect: SqlExecutor['dialect']): readonly MigrationFile[] {
  return migrationsOf(dialect).map((migration) => ({
    name: `${String(migration.version).padStart(4, '0')}_devicehub.sql`,
    text: textsOf(migration)
      .map((text) => `${text};\n`)
      .join(''),
  }))
}
