/**
 * The test runner: the whole suite on Node, then the portable areas on the newest Node, Bun and Deno.
 *
 * `npm test` runs everything; `npm test -- test/topic test/hub/hub.test.ts` only what is named.
 * What is missing of the newest Node is installed first. A run of the conformance matrix is held
 * against the table in docs/transports.md, or written there where `UPDATE_DOCS` is `1`.
 *
 * Exits with 1 if a test fails, a file crashes, hangs or holds no test, the table differs, or a
 * runtime is missing where `CI` is `true`. The last line printed is `N passed, N failed`, and
 * `, N skipped` if any.
 *
 * @module
 */
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { checkPage } from './runner/page.ts'
import { count, fileReport, type RuntimeRun, summary } from './runner/report.ts'
import {
  type FileRun,
  findVersion,
  install,
  newestNode,
  type Runtime,
  runFile,
  runtimes,
} from './runner/runtime.ts'

/** What runs on every runtime. Brokers that it needs are processes of their own. */
const PORTABLE = [
  'test/base',
  'test/topic',
  'test/rule',
  'test/credential',
  'test/device',
  'test/fleet',
  'test/hub',
  'test/hono',
  'test/broker/engine.test.ts',
  'test/broker/memory.test.ts',
  'test/broker/status-stream.test.ts',
  'test/cli/environment.test.ts',
  'test/cli/event-line.test.ts',
  'test/cli/sample.test.ts',
  'test/conformance/aedes.test.ts',
  'test/conformance/memory.test.ts',
  'test/conformance/mosquitto.test.ts',
  'test/emqx',
  'test/product/questions',
  'test/product/rules/emqx.test.ts',
  'test/product/rules/mosquitto-acl-file.test.ts',
  'test/product/rules/mosquitto-dynsec.test.ts',
  'test/product/rules/property.test.ts',
  'test/mqtt/acknowledge.test.ts',
  'test/mqtt/config.test.ts',
  'test/mqtt/client-id.test.ts',
  'test/mqtt/connect.test.ts',
  'test/mqtt/credentials.test.ts',
  'test/mqtt/flow.test.ts',
  'test/mqtt/guard.test.ts',
  'test/mqtt/hazards-handling.test.ts',
  'test/mqtt/hazards-load.test.ts',
  'test/mqtt/hazards-publishing.test.ts',
  'test/mqtt/hazards-settling.test.ts',
  'test/mqtt/hazards-subscribing.test.ts',
  'test/mqtt/hazards-thrown.test.ts',
  'test/mqtt/mend.test.ts',
  'test/mqtt/offline-queue.test.ts',
  'test/mqtt/offline-queue-config.test.ts',
  'test/mqtt/offline-queue-property.test.ts',
  'test/mqtt/protocol-errors.test.ts',
  'test/mqtt/publish.test.ts',
  'test/mqtt/received-packet.test.ts',
  'test/mqtt/reconnect.test.ts',
  'test/mqtt/refusals.test.ts',
  'test/mqtt/sent-packet.test.ts',
  'test/mqtt/status.test.ts',
  'test/mqtt/streams.test.ts',
  'test/mqtt/subscribe.test.ts',
  'test/mqtt/tls-config.test.ts',
  'test/mqtt/token-login.test.ts',
  'test/mqtt/unanswered.test.ts',
  'test/mqtt/wait-for-broker.test.ts',
  'test/mqtt/write-buffer.test.ts',
]

const FILE_LIMIT = 8 * 60_000
const RUNTIME_LIMIT = 30 * 60_000

const isCi = process.env.CI === 'true'
const update = process.env.UPDATE_DOCS === '1'
const [node, ...others] = runtimes as [Runtime, ...Runtime[]]
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
      // Not AbortSignal.timeout(): nothing but the other signal holds it, and on Node 20 it may be
      // collected before it is due.
      const late = new AbortController()
      const timer = setTimeout(() => late.abort(), FILE_LIMIT)
      const signal = AbortSignal.any([limit, interrupted.signal, late.signal])
      const run = await runFile(runtime, root, `./${file}`, report, signal)
      clearTimeout(timer)
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
  const reason = runtime.install
    ? `it could not be installed: ${runtime.install.join(' ')}`
    : 'its npm package has no binary for this platform'
  const result = isCi ? 'failed' : 'skipped'
  return { title: runtime.name, files: [], missing: { reason, result } }
}

function ensureInstalled(runtime: Runtime): void {
  if (!runtime.install || findVersion(runtime, root) !== undefined) return
  console.log(`${runtime.name} is not there yet: ${runtime.install.join(' ')}`)
  install(runtime, root)
}

/** The runtimes with what runs on each. What is missing is installed first, for tests that start it. */
function plan(files: readonly string[]): readonly (readonly [Runtime, readonly string[]])[] {
  const chosen = [node, newestNode, ...others].map(
    (runtime) => [runtime, runtime === node ? files : files.filter(isPortable)] as const,
  )
  const needed = chosen.filter(([, own]) => own.length > 0)
  for (const [runtime] of needed) ensureInstalled(runtime)
  return needed
}

/** Runs everything below some paths, or all there is, and returns the exit code. */
async function main(paths: readonly string[]): Promise<number> {
  const files: string[] = []
  for (const path of paths.length > 0 ? paths : [join(root, 'test')]) {
    const found = findTestFiles(relative(root, path))
    if (found.length === 0) {
      console.error(`No test file at or below ${path}`)
      return 1
    }
    files.push(...found.filter((file) => !files.includes(file)))
  }
  const runs: RuntimeRun[] = []
  for (const [runtime, chosen] of plan(files)) runs.push(await runOn(runtime, chosen))
  const options = { update, whole: paths.length === 0, strict: isCi }
  if (!interrupted.signal.aborted) runs.push(...checkPage(root, runs, options))
  console.log(`\n${summary(runs)}`)
  return count(runs).failed > 0 || interrupted.signal.aborted ? 1 : 0
}

const paths = process.argv.slice(2)
try {
  process.exitCode = await main(paths)
} finally {
  rmSync(reports, { recursive: true, force: true })
}
