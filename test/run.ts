/**
 * The test runner. What it can be asked for is in {@link USAGE}.
 *
 * A test file runs on every runtime unless its name says otherwise: see `runner/files.ts`. What is
 * missing of the newest Node is installed first. A run of the conformance matrix is held against the
 * table in docs/transports.md, or written there where `UPDATE_DOCS` is `1`.
 *
 * Exits with 1 if a test fails, a file crashes, hangs or holds no test, the name of one says what is
 * not known, the table differs, or a runtime is missing where `CI` is `true`. The last line printed
 * is `N passed, N failed`, and `, N skipped` if any.
 *
 * @module
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { findTestFiles, runsOn } from './runner/files.ts'
import { keepSeconds, lastSeconds } from './runner/history.ts'
import { checkPage } from './runner/page.ts'
import { count, type RuntimeRun, summary, words } from './runner/report.ts'
import { findVersion, install, type Runtime, suiteRuntimes, watch } from './runner/runtime.ts'
import { type Batch, FILES_AT_ONCE, runFiles } from './runner/suite.ts'

const USAGE = `npm test                                   everything, on every runtime
npm test -- PATH…                          files and folders, on Node
npm test -- --on bun,deno PATH…            on other runtimes: ${keys().join(', ')}, or all
npm test -- --watch PATH…                  again with each change`

/** Seconds that one file has: several times what the slowest takes on a machine with two cores. */
const FILE_LIMIT = 15 * 60

const isCi = process.env.CI === 'true'
const update = process.env.UPDATE_DOCS === '1'
const root = fileURLToPath(new URL('..', import.meta.url))
const interrupted = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => interrupted.abort())
}

function keys(): readonly string[] {
  return suiteRuntimes.map(({ key }) => key)
}

/** What is asked for. */
interface Request {
  /** Relative to the root. None is all there is. */
  readonly paths: readonly string[]
  readonly runtimes: readonly Runtime[]
  readonly watch: boolean
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { on: { type: 'string' }, watch: { type: 'boolean', default: false } },
    })
  } catch (cause) {
    throw new Error(`${(cause as Error).message}\n\n${USAGE}`, { cause })
  }
}

/** @throws {Error} If it is not to be understood. */
function readArguments(args: readonly string[]): Request {
  const { values, positionals } = parse(args)
  const paths = positionals.map((path) => relative(root, path))
  const on = values.on ?? (paths.length > 0 || values.watch ? 'node' : 'all')
  const named = on === 'all' ? keys() : on.split(',')
  const unknown = named.find((key) => !keys().includes(key))
  if (unknown !== undefined) throw new Error(`--on ${unknown}: no such runtime\n\n${USAGE}`)
  const runtimes = suiteRuntimes.filter(({ key }) => named.includes(key))
  if (values.watch && (paths.length === 0 || runtimes.length > 1)) {
    throw new Error(`--watch takes paths, and one runtime\n\n${USAGE}`)
  }
  return { paths, runtimes, watch: values.watch }
}

/** @throws {Error} If a path leads to none, or the name of one says what is not known. */
function findFiles(paths: readonly string[]): readonly string[] {
  const files = new Set<string>()
  for (const path of paths) {
    const found = findTestFiles(root, path)
    if (found.length === 0) throw new Error(`No test file at or below ${path}`)
    for (const file of found) files.add(file)
  }
  return [...files]
}

/**
 * The runtimes with what runs on each.
 *
 * @throws {Error} If nothing does.
 */
function plan({ paths, runtimes }: Request): Plan {
  const files = findFiles(paths.length > 0 ? paths : ['test'])
  const planned = runtimes
    .map((runtime) => [runtime, files.filter((f) => runsOn(f, runtime, suiteRuntimes))] as const)
    .filter(([, own]) => own.length > 0)
  if (planned.length > 0) return planned
  const names = runtimes.map(({ name }) => name).join(', ')
  throw new Error(`By their names, none of these files runs on ${names}: ${files.join(', ')}`)
}

function ensureInstalled(runtime: Runtime): void {
  if (!runtime.install || findVersion(runtime, root) !== undefined) return
  console.log(`${runtime.name} is not there yet: ${runtime.install.join(' ')}`)
  install(runtime, root)
}

/** A runtime that is not there, as an entry of the report. */
function missing({ name, install }: Runtime): RuntimeRun {
  const reason = install
    ? `it could not be installed: ${install.join(' ')}`
    : 'its npm package has no binary for this platform'
  const result = isCi ? 'failed' : 'skipped'
  return { title: name, files: [], missing: { reason, result } }
}

/** What runs where. */
type Plan = readonly (readonly [Runtime, readonly string[]])[]

/** What a runtime is asked to do, under which its time is kept. */
function nameOf({ key }: Runtime, paths: readonly string[]): string {
  return `${key} ${paths.join(' ') || 'everything'}`
}

/** What is going to be done, and how long it is likely to take. */
function overview(plan: Plan, paths: readonly string[]): string {
  const lines = plan.map(([runtime, files]) => {
    const last = lastSeconds(root, nameOf(runtime, paths))
    const known = last === undefined ? '' : `, which took ${words(last)} the last time`
    return `${runtime.name}: ${files.length} ${files.length === 1 ? 'file' : 'files'}${known}`
  })
  return `Runs ${FILES_AT_ONCE} files at once\n${lines.join('\n')}\n`
}

/** Runs everything that is planned, and returns the exit code. */
async function run(plan: Plan, paths: readonly string[], reports: string): Promise<number> {
  console.log(overview(plan, paths))
  // All of them at first, for tests on one runtime that start another.
  for (const [runtime] of plan) ensureInstalled(runtime)
  const live = plan.length === 1 && plan[0]![1].length === 1
  const { signal } = interrupted
  const versions = plan.map(([runtime]) => findVersion(runtime, root))
  const batches = plan.flatMap(([runtime, files], i): readonly Batch[] =>
    versions[i] === undefined ? [] : [{ runtime, title: `${runtime.name} ${versions[i]}`, files }],
  )
  const options = { root, reports, limit: FILE_LIMIT, signal, live }
  const done = await runFiles(batches, options)
  for (const [i, { runtime }] of batches.entries()) {
    if (!signal.aborted) keepSeconds(root, nameOf(runtime, paths), done[i]!.seconds)
  }
  const absent = plan.filter((_, i) => versions[i] === undefined)
  const runs: RuntimeRun[] = [...done, ...absent.map(([runtime]) => missing(runtime))]
  const whole = paths.length === 0 && plan.length === suiteRuntimes.length
  if (!signal.aborted) runs.push(...checkPage(root, runs, { update, whole, strict: isCi }))
  console.log(`\n${summary(runs)}`)
  return count(runs).failed > 0 || signal.aborted ? 1 : 0
}

async function main(args: readonly string[]): Promise<number> {
  let request: Request
  let planned: Plan
  try {
    request = readArguments(args)
    planned = plan(request)
  } catch (error) {
    console.error((error as Error).message)
    return 1
  }
  if (request.watch) {
    const [runtime, files] = planned[0]!
    ensureInstalled(runtime)
    return await watch(runtime, root, files)
  }
  const reports = mkdtempSync(join(tmpdir(), 'devicehub-test-'))
  try {
    return await run(planned, request.paths, reports)
  } finally {
    rmSync(reports, { recursive: true, force: true })
  }
}

process.exitCode = await main(process.argv.slice(2))
