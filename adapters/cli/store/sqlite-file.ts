/**
 * A SQLite file, opened by whatever this runtime has for it.
 *
 * @module
 */
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import process from 'node:process'
import { printable } from '../../../src/base/quote.ts'
import { type SqliteDatabase, type SqlStore, sqlite, sqlStore } from '../../sql/index.ts'
import { CommandFailure, exitCode, firstLine } from '../failure.ts'
import { importModule } from '../settings/module.ts'

/** A variable, so that nothing that reads the sources looks for it on a runtime that has it not. */
const BUN_SQLITE = 'bun:sqlite'
const BETTER_SQLITE = 'better-sqlite3'
/** The last version that takes Node 20. */
const INSTALL = 'npm install better-sqlite3@12'
/** Milliseconds for which another process is waited for, while nothing else is done. */
const BUSY_TIMEOUT_MS = 2_000
// In WAL mode what was written survives the end of the process at every level.
const FOR_WRITING =
  'PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; BEGIN IMMEDIATE; ROLLBACK'

/** A file that is open. */
export interface SqliteFile {
  readonly store: SqlStore
  close(): void
}

type Database = SqliteDatabase & { close(): unknown }
type DatabaseClass = new (path: string) => Database

/**
 * Opens a file to read what is there.
 *
 * @throws {CommandFailure} If there is no such file, or nothing here opens it.
 */
export async function openSqliteFile(path: string): Promise<SqliteFile> {
  if (!existsSync(path)) {
    const advice = 'devicehub store migrate makes it'
    throw fileFailure(path, `there is no such file: ${advice}`)
  }
  return open(path, '')
}

/**
 * Opens a file to write, and makes it if it is not there.
 *
 * @throws {CommandFailure} If it cannot be written, as where another process holds it for longer than 2
 * seconds, or nothing here opens it.
 */
export function makeSqliteFile(path: string): Promise<SqliteFile> {
  return open(path, FOR_WRITING)
}

async function open(path: string, settings: string): Promise<SqliteFile> {
  const Database = await findDriver()
  let database: Database | undefined
  try {
    database = new Database(path)
    database.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}; ${settings}`)
  } catch (cause) {
    database?.close()
    throw fileFailure(path, describeSqlite(cause), cause)
  }
  const opened = database
  return { store: sqlStore(sqlite(opened)), close: () => void opened.close() }
}

/** What SQLite says, and what it means where that is not plain. */
export function describeSqlite(error: unknown): string {
  const problem = firstLine(error)
  return problem.includes('locked') ? `${problem}: another process is writing to it` : problem
}

/** What went wrong with a file of SQLite. */
export function fileFailure(path: string, problem: string, cause?: unknown): CommandFailure {
  return new CommandFailure(exitCode.failed, printable(`${path}: ${problem}`), { cause })
}

async function findDriver(): Promise<DatabaseClass> {
  const ofRuntime = await importedClass(() => import('node:sqlite'), 'DatabaseSync')
  const ofBun = ofRuntime ?? (await importedClass(() => import(BUN_SQLITE), 'Database'))
  return ofBun ?? findBetterSqlite()
}

async function importedClass(
  load: () => Promise<object>,
  name: string,
): Promise<DatabaseClass | undefined> {
  try {
    return (await load())[name as never]
  } catch {
    return undefined
  }
}

/** It is the user's, and not a package beside this one: it is found where the command runs. */
async function findBetterSqlite(): Promise<DatabaseClass> {
  const here = createRequire(join(process.cwd(), 'package.json'))
  try {
    return (await importModule(here.resolve(BETTER_SQLITE))).default as DatabaseClass
  } catch (cause) {
    const runtime = `Node ${process.versions.node}`
    const problem = `${runtime} has no SQLite of its own: ${INSTALL}, or run Node 22.13 or later`
    throw new CommandFailure(exitCode.failed, problem, { cause })
  }
}
