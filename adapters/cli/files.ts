/**
 * Files that the command writes.
 *
 * @module
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { CommandFailure, exitCode, firstLine } from './failure.ts'
import { print } from './output.ts'

/** A file to be written. */
export interface TargetFile {
  readonly path: string
  readonly text: string
}

/**
 * Writes files and their folders, and prints the path of each.
 *
 * @throws {CommandFailure} If one cannot be written. Those before it are.
 */
export async function writeFiles(files: readonly TargetFile[]): Promise<void> {
  for (const { path, text } of files) {
    try {
      await mkdir(dirname(path), { recursive: true })
      await writeFile(path, text)
    } catch (cause) {
      throw new CommandFailure(exitCode.failed, firstLine(cause), { cause })
    }
    await print(path)
  }
}
