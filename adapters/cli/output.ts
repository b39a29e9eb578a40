/**
 * The command's output: lines that are known to be written, and the end when nobody reads them.
 *
 * @module
 */
import process from 'node:process'
import { exitCode } from './failure.ts'

let last: Promise<void> = Promise.resolve()

/**
 * Prints a line. Settles when it is written. If it cannot be, because the reader of a pipe has
 * gone or a disk is full, the process ends at once: a message whose line was not written must not
 * be acknowledged.
 */
export function print(line: string): Promise<void> {
  last = new Promise((resolve) => {
    process.stdout.write(`${line}\n`, (error) => {
      if (error) endWithoutOutput(error)
      resolve()
    })
  })
  return last
}

/** Prints a line to the error output. Settles when it is written, or cannot be. */
export function printError(line: string): Promise<void> {
  return new Promise((resolve) => {
    process.stderr.write(`${line}\n`, () => resolve())
  })
}

/** Settles when every line is written. */
export function flush(): Promise<void> {
  return last
}

function endWithoutOutput(error: NodeJS.ErrnoException): never {
  const isClosed = error.code === 'EPIPE'
  const problem = isClosed ? 'the output was closed by its reader' : `cannot write: ${error.code}`
  process.stderr.write(`devicehub: ${problem}\n`)
  process.exit(isClosed ? exitCode.pipeClosed : exitCode.failed)
}
