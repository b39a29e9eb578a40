/**
 * The test runner: the whole suite on Node, then the portable areas on Bun and Deno.
 *
 * `npm test` runs everything; `npm test -- test/topic test/hub/hub.test.ts` only what is named.
 * Exits with 1 if a test fails, a file crashes, hangs or holds no test, or a runtime is missing
 * where `CI` is `true`. The last line printed is `N passed, N failed`, and `, N skipped` if any.
 *
 * @module
 */
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { count, fileReport, type RuntimeRun, summary } from './runner/report.ts'
import { type FileRun, findVersion, type Runtime, runFile, runtimes } from './runner/runtime.ts'

/** What runs on every runtime: no sockets of Node, no other process. */
const PORTABLE = [
  'test/topic',
  'test/access',
  'test/device',
  'test/fleet',
  'test/hub',
  'test/hono',
  'test/broker/engine.test.ts',
  'test/cli/environment.test.ts',
  'test/cli/event-line.test.ts',
  'test/cli/sample.test.ts',
  'test/conformance/memory.test.ts',
  'test/conformance/mosquitto.test.ts',
  'test/export/emqx.test.ts',
  'test/export/mosquitto-acl-file.test.ts',
  'test/export/mosquitto-dynsec.test.ts',
  'test/export/property.test.ts',
  'test/mqtt/acknowledge.test.ts',
  'test/mqtt/config.test.ts',
  'test/mqtt/connect.test.ts',
  'test/mqtt/flow.test.ts',
  'test/mqtt/guard.test.ts',
  'test/mqtt/password.test.ts',
  'test/mqtt/publish.test.ts',
  'test/mqtt/reconnect.test.ts',
  'test/mqtt/subscribe.test.ts',
  'test/mqtt/tls-config.test.ts',
]

const FILE_LIMIT = 8 * 60_000
const RUNTIME_LIMIT = 15 * 60_000

const root = fileURLToPath(new URL('..', import.meta.url))
const reports = mkdtempSync(join(tmpdir(), 'devicehub-test-'))
const interrupted = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => interrupted.abort())
}

/** The test files at or below a path, relative to the root, with `/` on every platform. */
function findTestFiles(path: string): readonly string[] {
  const stats = statSync(join(root, path), { throwIfNoEntry: false })
  if (!stats) return []
  const names = stats.isDirectory()
    ? readdirSync(join(root, path), { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.test.ts'))
        .map((name) => join(path, name))
    : [path]
  return names.map((name) => name.split(sep).join('/')).sort()
}

function isPortable(file: string): boolean {
  return PORTABLE.some((area) => file === area || file.startsWith(`${area}/`))
}

/** Runs files, as many at once as there are cores. */
async function runFiles(runtime: Runtime, title: string, files: readonly string[]) {
  const limit = AbortSignal.timeout(RUNTIME_LIMIT)
  const waiting = [...files.entries()]
  const runs: FileRun[] = []
  const work = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const [index, file] = next
      const report = join(reports, `${runtime.name}-${index}.xml`)
      const signal = AbortSignal.any([limit, interrupted.signal, AbortSignal.timeout(FILE_LIMIT)])
      const run = await runFile(runtime, root, `./${file}`, report, signal)
      runs[index] = { ...run, file }
      console.log(fileReport(title, runs[index]))
    }
  }
  await Promise.all(Array.from({ length: availableParallelism() }, work))
  return runs
}

async function runOn(runtime: Runtime, files: readonly string[]): Promise<RuntimeRun> {
  const version = findVersion(runtime, root)
  if (version !== undefined) {
    const title = `${runtime.name} ${version}`
    return { title, files: await runFiles(runtime, title, files) }
  }
  const reason = 'its npm package has no binary for this platform'
  const result = process.env.CI === 'true' ? 'failed' : 'skipped'
  return { title: runtime.name, files: [], missing: { reason, result } }
}

/** Runs everything and returns the exit code. */
async function main(paths: readonly string[]): Promise<number> {
  const files: string[] = []
  for (const path of paths) {
    const found = findTestFiles(relative(root, path))
    if (found.length === 0) {
      console.error(`No test file at or below ${path}`)
      return 1
    }
    files.push(...found.filter((file) => !files.includes(file)))
  }
  const runs: RuntimeRun[] = []
  for (const runtime of runtimes) {
    const chosen = runtime.name === 'Node' ? files : files.filter(isPortable)
    if (chosen.length > 0) runs.push(await runOn(runtime, chosen))
  }
  console.log(`\n${summary(runs)}`)
  return count(runs).failed > 0 || interrupted.signal.aborted ? 1 : 0
}

const paths = process.argv.slice(2)
try {
  process.exitCode = await main(paths.length > 0 ? paths : [join(root, 'test')])
} finally {
  rmSync(reports, { recursive: true, force: true })
}
