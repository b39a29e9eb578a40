/**
 * A file that the command writes whole or not at all, and that nobody else can read.
 *
 * @module
 */
import { closeSync, existsSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import process from 'node:process'
import { CommandFailure, exitCode, firstLine } from '../failure.ts'

/**
 * Writes a file. Until all of it is there it has another name.
 *
 * @param write Is given what adds a text.
 * @throws {CommandFailure} If it is there already and may not be replaced, or cannot be written.
 */
export async function writePrivate(
  path: string,
  isReplaced: boolean,
  write: (add: (text: string) => void) => Promise<void>,
): Promise<void> {
  if (existsSync(path) && !isReplaced) {
    throw new CommandFailure(exitCode.failed, `${path} is there already: --force replaces it`)
  }
  const part = `${path}.${process.pid}.part`
  const handle = writing(() => openSync(part, 'wx', 0o600))
  try {
    await write((text) => void writing(() => writeSync(handle, text)))
    closeSync(handle)
    writing(() => renameSync(part, path))
  } catch (error) {
    rmSync(part, { force: true })
    throw error
  }
}

function writing<T>(write: () => T): T {
  try {
    return write()
  } catch (cause) {
    throw new CommandFailure(exitCode.failed, firstLine(cause), { cause })
  }
}
