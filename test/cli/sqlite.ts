/**
 * A SQLite file in the hands of another process than the command.
 *
 * @module
 */
import { type Folder, newestNode, type Run, run, start } from './command.ts'

/** The newest Node runs a text, not the command. */
const host = { ...newestNode, command: [newestNode.command[0]!, '--input-type=module'] }

/** Runs statements on a file. Settles when they are done; the process holds the file until it is killed. */
export async function holdFile(folder: Folder, file: string, statements: string): Promise<Run> {
  const running = start(host, folder, [
    '--eval',
    `import { DatabaseSync } from 'node:sqlite'
const database = new DatabaseSync(${JSON.stringify(file)})
database.exec(${JSON.stringify(statements)})
console.log('done')
setInterval(() => {}, 1_000)`,
  ])
  await running.until(/^done$/)
  return running
}

/** Runs statements on a file, and lets go of it. */
export async function changeFile(folder: Folder, file: string, statements: string): Promise<void> {
  const running = await holdFile(folder, file, statements)
  running.process.kill('SIGKILL')
  await running.exit()
}

/** Reads a file: a list of rows, each an object. */
export async function readFile(
  folder: Folder,
  file: string,
  query: string,
): Promise<readonly Record<string, unknown>[]> {
  const { stdout } = await run(host, folder, [
    '--eval',
    `import { DatabaseSync } from 'node:sqlite'
const database = new DatabaseSync(${JSON.stringify(file)})
console.log(JSON.stringify(database.prepare(${JSON.stringify(query)}).all()))`,
  ])
  return JSON.parse(stdout)
}
