/**
 * Brings a database to the version of this program, and tells which one it has.
 *
 * @module
 */
import { AdapterError } from '../../src/base/errors.ts'
import type { SqlExecutor, SqlRow, SqlStatement } from './executor.ts'
import { type Migration, migrationsOf, SCHEMA_TABLE } from './migrations.ts'

/** Taken by whoever migrates PostgreSQL, of all that share a database: "devicehub" in ASCII, shortened. */
const LOCK = 'SELECT pg_advisory_xact_lock(1684371048)'

const HAS_SCHEMA: Readonly<Record<SqlExecutor['dialect'], string>> = {
  sqlite:
    "SELECT count(*) AS n FROM sqlite_master WHERE type = 'table' AND name = 'devicehub_schema'",
  postgres: "SELECT count(to_regclass('devicehub_schema')) AS n",
}

/** The tables are of another version than the program. Nothing was read or written. */
export class SchemaError extends AdapterError {
  override readonly name = 'SchemaError'
  readonly code = 'ERR_STORE_SCHEMA'
  /** Of the tables; 0 if there are none. */
  readonly version: number
  /** What the program works with. */
  readonly expected: number

  constructor(version: number, expected: number) {
    const what =
      version > expected
        ? `are of version ${version}, and this program works with ${expected}: run a newer one`
        : `are of version ${version} of ${expected}: call store.migrate() first`
    super(`The tables of the store ${what}`)
    this.version = version
    this.expected = expected
  }
}

/** The version that a program works with. */
export function expectedVersion({ dialect }: SqlExecutor): number {
  return migrationsOf(dialect).length
}

/** The version of the tables; 0 if there are none. */
export async function readVersion(executor: SqlExecutor): Promise<number> {
  const [has] = await executor.run(plain(HAS_SCHEMA[executor.dialect]))
  if (numberOf(has, 'n') === 0) return 0
  const [row] = await executor.run(plain('SELECT max(version) AS version FROM devicehub_schema'))
  return numberOf(row, 'version')
}

/**
 * Makes what is missing, one version at a time, each wholly or not at all. Of several processes at once
 * one makes each version, and the others go on from there.
 *
 * @throws {SchemaError} If the tables are of a later version.
 */
export async function migrate(executor: SqlExecutor): Promise<void> {
  const expected = expectedVersion(executor)
  let version = await readVersion(executor)
  if (version > expected) throw new SchemaError(version, expected)
  for (const migration of migrationsOf(executor.dialect)) {
    if (migration.version <= version) continue
    try {
      await executor.transact(statementsOf(executor, migration))
    } catch (error) {
      // Another one may have made it meanwhile: then its version is taken.
      version = await readVersion(executor)
      if (version < migration.version) throw error
    }
  }
}

function statementsOf({ dialect }: SqlExecutor, migration: Migration): readonly string[] {
  return [...(dialect === 'postgres' ? [LOCK] : []), ...textsOf(migration)]
}

/** The statements of a version, and those that note it. Each is one statement without its semicolon. */
export function textsOf({ version, statements }: Migration): readonly string[] {
  const note = `INSERT INTO devicehub_schema (version) VALUES (${version})`
  return [SCHEMA_TABLE, note, ...statements]
}

function plain(text: string): SqlStatement {
  return { text, values: [] }
}

/** Whole numbers come as texts from some drivers, where the database counts with 64 bits. */
function numberOf(row: SqlRow | undefined, column: string): number {
  return Number(row?.[column] ?? 0)
}
