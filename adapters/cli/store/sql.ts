/**
 * `devicehub store sql`: prints or writes the SQL of a store's tables.
 *
 * @module
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { SqlExecutor } from '../../sql/index.ts'
import { migrationFiles } from '../../sql/migration-files.ts'
import { CommandFailure, exitCode } from '../failure.ts'
import { type TargetFile, writeFiles } from '../files.ts'
import { print } from '../output.ts'

/** The options of the verb. */
export interface SqlOptions {
  readonly dialect: SqlExecutor['dialect']
  /** The folder to write to. Default: everything is printed. */
  readonly out?: string
}

/**
 * Runs the verb. A file that is there and says the same is left alone, so that a newer version adds its
 * own to those before.
 *
 * @throws {CommandFailure} If one that is there says something else, or cannot be written.
 */
export async function storeSql({ dialect, out }: SqlOptions): Promise<void> {
  const files = migrationFiles(dialect)
  if (out === undefined) {
    await print(
      files
        .map(({ name, text }) => `-- ${name}\n${text}`)
        .join('\n')
        .trimEnd(),
    )
    return
  }
  const targets = files.map(({ name, text }) => ({ path: join(out, name), text }))
  const missing = targets.filter(({ path }) => !existsSync(path))
  const other = targets.find((one) => !missing.includes(one) && !isSame(one))
  if (other) {
    const problem = `${other.path} is there already and says something else: it may have been run`
    throw new CommandFailure(exitCode.failed, problem)
  }
  await writeFiles(missing)
  if (missing.length === 0) await print('nothing to do: all of them are there')
}

function isSame({ path, text }: TargetFile): boolean {
  return readFileSync(path, 'utf8') === text
}
