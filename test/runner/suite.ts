/**
 * Runs test files, and tells how it goes.
 *
 * @module
 */
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { fileReport, type RuntimeRun, words } from './report.ts'
import { type FileRun, type Runtime, runFile } from './runtime.ts'

/** Test files of one runtime. */
export interface Batch {
  readonly runtime: Runtime
  /** Name and version. */
  readonly title: string
  readonly files: readonly string[]
}

/** How files are run. */
export interface SuiteOptions {
  /** The root of the repository. */
  readonly root: string
  /** A folder for reports. */
  readonly reports: string
  /** Seconds that each file has. There is no limit for all of them. */
  readonly limit: number
  /** Ends the files that run, and starts no more. */
  readonly signal: AbortSignal
  /** Shows what the runtime prints while it prints it. */
  readonly live: boolean
}

/** Seconds without a line after which it is told what is being waited for. */
const SILENCE = 30

/**
 * How many files run at once: twice as many as there are cores, since half of the time a file waits for a
 * broker, a browser or a timer.
 */
export const FILES_AT_ONCE: number = 2 * availableParallelism()

/** What became of a batch so far. */
interface Progress {
  readonly runs: FileRun[]
  started: number | undefined
  ended: number
}

/**
 * Runs batches one after the other, {@link FILES_AT_ONCE} files at once: the first files of the next one
 * beside the last of the one before. Never rejects for what goes wrong in them.
 */
export async function runFiles(
  batches: readonly Batch[],
  { root, reports, limit, signal, live }: SuiteOptions,
): Promise<readonly (RuntimeRun & { readonly seconds: number })[]> {
  const progress = batches.map((): Progress => ({ runs: [], started: undefined, ended: 0 }))
  const waiting = batches.flatMap((batch, i) =>
    batch.files.map((file) => ({ file, batch, done: progress[i]! })),
  )
  const running = new Map<string, number>()
  const silence = setInterval(() => {
    if (!live) console.log(stillRunning(running))
  }, SILENCE * 1000)
  let count = 0
  const work = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      if (signal.aborted) return
      const { file, batch, done } = next
      const { runtime, title, files } = batch
      const name = `${title} ${file}`
      const report = join(reports, `${count++}.xml`)
      const now = performance.now()
      done.started ??= now
      running.set(name, now)
      const options = { root, report, limit, signal, live }
      const run = { ...(await runFile(runtime, `./${file}`, options)), file }
      running.delete(name)
      if (signal.aborted) return // It was not run to its end.
      done.runs.push(run)
      done.ended = performance.now()
      console.log(fileReport(title, run, { live, done: `${done.runs.length}/${files.length}` }))
      silence.refresh()
    }
  }
  await Promise.all(Array.from({ length: FILES_AT_ONCE }, work))
  clearInterval(silence)
  return batches.map(({ title, files }, i) => {
    const { runs, started, ended } = progress[i]!
    const seconds = started === undefined ? 0 : Math.max(0, ended - started) / 1000
    runs.sort((a, b) => (a.file < b.file ? -1 : 1))
    return { title, files: runs, seconds, notRun: files.length - runs.length }
  })
}

function stillRunning(running: ReadonlyMap<string, number>): string {
  const files = [...running].map(
    ([file, since]) => `${file} for ${words((performance.now() - since) / 1000)}`,
  )
  return `… still running: ${files.join(', ')}`
}
