/**
 * A copy of the sources and their tests, in a folder of its own, in which one file at a time is
 * mutated and the tests are run. The work tree is never touched.
 *
 * @module
 */
import { type ChildProcess, spawn } from 'node:child_process'
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { type Coverage, readCoverage } from './coverage.ts'

/** How a run of tests ended. */
export type Outcome = 'passed' | 'failed' | 'timed out'

/** A copy to run tests in. */
export interface Workspace {
  /** Puts a text in place of a file's. */
  write(file: string, text: string): void
  /** Gives a file its own text again. */
  restore(file: string): void
  /**
   * Runs test files in one process, in the order given, up to the first test that fails. Settles
   * when the process has ended.
   */
  run(tests: readonly PatientTest[]): Promise<Run>
  /** Runs a test file, and tells what it reached; nothing, if it did not pass. */
  cover(test: PatientTest): Promise<Run & { readonly coverage: Coverage }>
  /** Ends what runs, and removes the copy. */
  remove(): void
}

/** A test file to run. */
export interface PatientTest {
  readonly test: string
  /** Milliseconds until the first or the next of its tests has to end; else the run is ended. */
  readonly patience: number
}

/** A run of tests. */
export interface Run {
  readonly outcome: Outcome
  /** The test file that it ended in, unless all passed. */
  readonly failed: string | undefined
  /** What the process printed. */
  readonly output: string
}

/** The same tests fail in every run: what they draw at random is drawn from this. */
const SEED = '1'

const PRELOAD = `import fc from 'fast-check'
fc.configureGlobal({ seed: ${SEED} })
`

/** So that Bun ends no test by itself: how long all may take is said for each run. */
const NO_TIMEOUT = '900000'

/**
 * Copies folders.
 *
 * @param root The root of the repository.
 * @param folders Relative to it, with everything below them.
 */
export function makeWorkspace(root: string, folders: readonly string[]): Workspace {
  const copy = mkdtempSync(join(tmpdir(), 'devicehub-mutation-'))
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
  writeFileSync(join(copy, 'package.json'), '{ "type": "module" }')
  writeFileSync(join(copy, 'preload.ts'), PRELOAD)

  function write(file: string, text: string): void {
    const target = join(copy, file)
    mkdirSync(dirname(target), { recursive: true })
    writeFileSync(target, text)
  }

  // What the work tree holds now, for it may change while the mutants are tried.
  const originals = new Map<string, string>()
  for (const folder of folders) {
    for (const name of readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })) {
      if (!name.endsWith('.ts')) continue
      const file = join(folder, name)
      originals.set(file, readFileSync(join(root, file), 'utf8'))
      write(file, originals.get(file)!)
    }
  }

  const children = new Set<ChildProcess>()
  // Bun, for it is up and has all sources loaded in a quarter of the time that Node takes.
  const bun = join(root, 'node_modules', '.bin', 'bun')
  const start = (options: readonly string[], tests: readonly PatientTest[]) => {
    const paths = tests.map(({ test }) => `./${test}`)
    return runProcess(
      bun,
      ['test', '--preload=./preload.ts', `--timeout=${NO_TIMEOUT}`, ...options, ...paths],
      { cwd: copy, tests, children },
    )
  }

  return {
    write,
    restore: (file) => write(file, originals.get(file)!),
    run: (tests) => start(['--bail=1'], tests),
    async cover(test) {
      const folder = mkdtempSync(join(copy, 'coverage-'))
      const options = ['--coverage', '--coverage-reporter=lcov', `--coverage-dir=${folder}`]
      const run = await start(options, [test])
      const text = run.outcome === 'passed' ? readFileSync(join(folder, 'lcov.info'), 'utf8') : ''
      return { ...run, coverage: readCoverage(text) }
    },
    remove() {
      for (const child of children) child.kill('SIGKILL')
      rmSync(copy, { recursive: true, force: true })
    },
  }
}

interface RunOptions {
  readonly cwd: string
  readonly tests: readonly PatientTest[]
  /** Has it for as long as it runs. */
  readonly children: Set<ChildProcess>
}

function runProcess(
  program: string,
  args: readonly string[],
  { cwd, tests, children }: RunOptions,
): Promise<Run> {
  return new Promise((resolve, reject) => {
    const { NODE_TEST_CONTEXT, NODE_OPTIONS, ...env } = process.env
    const child = spawn(program, args, {
      cwd,
      env: { ...env, ORACLE_SEED: SEED },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    children.add(child)
    let output = ''
    let at = 0
    let isLate = false
    let timer: ReturnType<typeof setTimeout> | undefined
    const wait = () => {
      clearTimeout(timer)
      // Bun names a file when its first test has ended, so it may be in the next one already.
      const patience = Math.max(tests[at]!.patience, tests[at + 1]?.patience ?? 0)
      timer = setTimeout(() => {
        isLate = true
        child.kill('SIGKILL')
      }, patience)
    }
    wait()
    const read = (line: string) => {
      output += `${line}\n`
      const named = tests.findIndex(({ test }) => line === `${test}:`)
      at = Math.max(at, named)
      // What is logged in an endless loop is no step ahead.
      if (/^\((pass|fail|skip)\)/.test(line)) wait()
    }
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on('line', read)
    }
    child.once('error', reject)
    child.once('close', (code) => {
      clearTimeout(timer)
      children.delete(child)
      const outcome = isLate ? 'timed out' : code === 0 ? 'passed' : 'failed'
      resolve({ outcome, failed: outcome === 'passed' ? undefined : tests[at]?.test, output })
    })
  })
}
