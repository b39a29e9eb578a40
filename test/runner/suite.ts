/**
 * Runs test files on one runtime, and tells how it goes.
 *
 * @module
 */
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { fileReport, type RuntimeRun, words } from './report.ts'
import { type FileRun, type Runtime, runFile } from './runtime.ts'

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

/** Runs files, as many at once as there are cores. Never rejects for what goes wrong in them. */
export async function runFiles(
  runtime: Runtime,
  title: string,
  files: readonly string[],
  { root, reports, limit, signal, live }: SuiteOptions,
): Promise<RuntimeRun & { readonly seconds: number }> {
  const waiting = [...files.entries()]
  const running = new Map<string, number>()
  const runs: FileRun[] = []
  const started = performance.now()
  const silence = setInterval(() => {
    if (!live) console.log(stillRunning(title, running))
  }, SILENCE * 1000)
  const work = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      if (signal.aborted) return
      const [index, file] = next
      const report = join(reports, `${runtime.key}-${index}.xml`)
      running.set(file, performance.now())
      const options = { root, report, limit, signal, live }
      const run = { ...(await runFile(runtime, `./${file}`, options)), file }
      running.delete(file)
      if (signal.aborted) return // It was not run to its end.
      runs.push(run)
      console.log(fileReport(title, run, { live, done: `${runs.length}/${files.length}` }))
      silence.refresh()
    }
  }
  await Promise.all(Array.from({ length: availableParallelism() }, work))
  clearInterval(silence)
  runs.sort((a, b) => (a.file < b.file ? -1 : 1))
  const seconds = (performance.now() - started) / 1000
  return { title, files: runs, seconds, notRun: files.length - runs.length }
}

function stillRunning(title: string, running: ReadonlyMap<string, number>): string {
  const files = [...running].map(
    ([file, since]) => `${file} for ${words((performance.now() - since) / 1000)}`,
  )
  return `… ${title}  still running: ${files.join(', ')}`
}
