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
   *
   * @param limit Milliseconds, after which the run is ended.
   */
  run(tests: readonly string[], limit: number): Promise<Run>
  /** Runs a test file, and tells what it reached; nothing, if it did not pass. */
  cover(test: string, limit: number): Promise<Run & { readonly coverage: Coverage }>
  /** Ends what runs, and removes the copy. */
  remove(): void
}

/** A run of tests. */
export interface Run {
  readonly outcome: Outcome
  /** The test file with the test that failed, if one did. */
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
  const start = (args: readonly string[], limit: number) =>
    runProcess(bun, ['test', '--preload=./preload.ts', `--timeout=${NO_TIMEOUT}`, ...args], {
      cwd: copy,
      limit,
      children,
    })
  const paths = (tests: readonly string[]) => tests.map((test) => `./${test}`)

  return {
    write,
    restore: (file) => write(file, originals.get(file)!),
    run: (tests, limit) => start(['--bail=1', ...paths(tests)], limit),
    async cover(test, limit) {
      const folder = mkdtempSync(join(copy, 'coverage-'))
      const options = ['--coverage', '--coverage-reporter=lcov', `--coverage-dir=${folder}`]
      const run = await start([...options, ...paths([test])], limit)
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
  readonly limit: number
  /** Has it for as long as it runs. */
  readonly children: Set<ChildProcess>
}

function runProcess(
  program: string,
  args: readonly string[],
  { cwd, limit, children }: RunOptions,
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
    let isLate = false
    const timer = setTimeout(() => {
      isLate = true
      child.kill('SIGKILL')
    }, limit)
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text
      })
    }
    child.once('error', reject)
    child.once('close', (code) => {
      clearTimeout(timer)
      children.delete(child)
      const outcome = isLate ? 'timed out' : code === 0 ? 'passed' : 'failed'
      // Bun names a file above its tests, and ends at the first one that fails.
      const [, failed] = output.match(/.*^(\S+\.test\.ts):$/ms) ?? []
      resolve({ outcome, failed: outcome === 'failed' ? failed : undefined, output })
    })
  })
}
