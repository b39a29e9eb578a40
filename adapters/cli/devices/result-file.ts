/**
 * What became of each line of a bulk run, in a file of JSON lines that is written as it goes: what a run
 * that was ended goes on from, and where the new passwords are.
 *
 * @module
 */
import {
  closeSync,
  existsSync,
  ftruncateSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import process from 'node:process'
import { CommandFailure, exitCode, firstLine } from '../failure.ts'
import { readLines } from './lines.ts'

/** What became of a line. */
export interface Result {
  readonly line: number
  readonly type?: string
  readonly id?: string
  /** Whether it is on record now, was before, or is not. */
  readonly result: 'added' | 'there' | 'refused'
  readonly username?: string
  readonly password?: string
  readonly code?: string
  readonly text?: string
  /** What could not act on it. */
  readonly failed?: readonly { readonly name: string; readonly problem: string }[]
}

/** The first line. */
interface Header {
  readonly devicehub: 'devices'
  /** Names the run: the credentials that it makes are called by it and their line. */
  readonly run: string
  /** What it is of. Another source has other devices on its lines. */
  readonly source: string
}

/** A result file that is open. */
export interface ResultFile {
  readonly run: string
  /** Whether another process wrote to it before. */
  readonly isResumed: boolean
  /** What became of a line, as far as the file says. */
  of(line: number): Result['result'] | undefined
  /** Adds what became of lines, in one piece. */
  add(results: readonly Result[]): void
  /** Lets others have the file. */
  close(): void
}

const STATES = [undefined, 'added', 'there', 'refused'] as const

/**
 * Opens a result file, which nobody else can read, or makes it.
 *
 * @param source What the run is of, such as the digest of a file.
 * @throws {CommandFailure} If it is of something else, is no result file, another process has it, or it
 * cannot be written.
 */
export async function openResults(file: string, source: string): Promise<ResultFile> {
  const unlock = lock(file)
  try {
    const known = existsSync(file) ? await readResults(file, source) : undefined
    const states = known?.states ?? new States()
    const run = known?.run ?? crypto.randomUUID()
    const handle = writing(file, () => openSync(file, known ? 'r+' : 'wx', 0o600))
    let position = known?.end ?? 0
    const write = (text: string) => {
      const bytes = Buffer.from(text)
      for (let from = 0; from < bytes.length; ) {
        const written = writing(file, () =>
          writeSync(handle, bytes, from, bytes.length - from, position),
        )
        from += written
        position += written
      }
    }
    // A line that was cut off is as if it had not been written.
    if (known) writing(file, () => ftruncateSync(handle, known.end))
    else {
      const header: Header = { devicehub: 'devices', run, source }
      write(`${JSON.stringify(header)}\n`)
    }
    return {
      run,
      isResumed: known !== undefined,
      of: (line) => STATES[states.get(line)],
      add(results) {
        write(results.map((result) => `${JSON.stringify(result)}\n`).join(''))
        for (const { line, result } of results) states.set(line, STATES.indexOf(result))
      },
      close() {
        closeSync(handle)
        unlock()
      },
    }
  } catch (error) {
    unlock()
    throw error
  }
}

/** The results of a file. @throws {CommandFailure} If it is none. */
export async function* resultsOf(file: string): AsyncGenerator<Result, void> {
  let isFirst = true
  for await (const { text, isWhole } of readLines(file)) {
    if (isFirst) {
      readHeader(file, text)
      isFirst = false
      continue
    }
    const result = isWhole ? asObject(text) : undefined
    if (result) yield result as unknown as Result
  }
  if (isFirst) readHeader(file, undefined)
}

async function readResults(file: string, source: string) {
  let header: Header | undefined
  const states = new States()
  let end = 0
  for await (const line of readLines(file)) {
    if (!line.isWhole) break
    end = line.end
    if (!header) {
      header = readHeader(file, line.text)
      if (header.source !== source) {
        const problem = `${file} is the result of something else, or of what has been changed since: name another file`
        throw new CommandFailure(exitCode.misused, problem)
      }
      continue
    }
    const { line: number, result } = (asObject(line.text) ?? {}) as Partial<Result>
    if (number !== undefined && result !== undefined) states.set(number, STATES.indexOf(result))
  }
  // Killed before the first line was there: nothing was put on record.
  if (!header) {
    if (readFileSync(file).length > 0) readHeader(file, undefined)
    rmSync(file)
    return undefined
  }
  return { run: header.run, states, end }
}

function readHeader(file: string, text: string | undefined): Header {
  const header = asObject(text)
  if (header?.devicehub === 'devices' && typeof header.run === 'string') {
    return header as unknown as Header
  }
  const problem = `${file} is there already, and no result of this command: name another file`
  throw new CommandFailure(exitCode.misused, problem)
}

function asObject(text: string | undefined): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text ?? '')
    return typeof value === 'object' && value !== null ? (value as never) : undefined
  } catch {
    return undefined
  }
}

/** A byte for each line. */
class States {
  #bytes = new Uint8Array(65_536)

  get(line: number): number {
    return this.#bytes[line] ?? 0
  }

  set(line: number, state: number): void {
    if (line >= this.#bytes.length) {
      const longer = new Uint8Array(Math.max(line + 1, this.#bytes.length * 2))
      longer.set(this.#bytes)
      this.#bytes = longer
    }
    this.#bytes[line] = state
  }
}

/**
 * Keeps a second run from doing the same at the same time. What a run that was killed has left behind is
 * of a process that is no more.
 */
function lock(file: string): () => void {
  const path = `${file}.lock`
  for (;;) {
    try {
      writeFileSync(path, `${process.pid}\n`, { flag: 'wx', mode: 0o600 })
      return () => rmSync(path, { force: true })
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw fileFailure(path, cause)
    }
    const holder = Number.parseInt(readIfThere(path), 10)
    if (Number.isInteger(holder) && isRunning(holder)) {
      const problem = `${file}: the process ${holder} is writing to it; if that is none of this command, remove ${path}`
      throw new CommandFailure(exitCode.failed, problem)
    }
    rmSync(path, { force: true })
  }
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return pid !== process.pid
  } catch (error) {
    // It is there, and somebody else's.
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

function writing<T>(file: string, write: () => T): T {
  try {
    return write()
  } catch (cause) {
    throw fileFailure(file, cause)
  }
}

function fileFailure(file: string, cause: unknown): CommandFailure {
  return new CommandFailure(exitCode.failed, `${file}: ${firstLine(cause)}`, { cause })
}
