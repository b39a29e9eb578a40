/**
 * A copy of the sources and their tests, in a folder of its own, in which one file at a time is
 * mutated and the tests are run. The work tree is never touched.
 *
 * @module
 */
import { spawn } from 'node:child_process'
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
import { pathToFileURL } from 'node:url'
import ts from 'typescript'

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
  /** Removes the copy. */
  remove(): void
}

/** A run of tests. */
export interface Run {
  readonly outcome: Outcome
  /** What the process printed. */
  readonly output: string
}

/** The same tests fail in every run: what they draw at random is drawn from this. */
const SEED = '1'

const ENTRY = `import fc from 'fast-check'
fc.configureGlobal({ seed: ${SEED} })
for (const file of process.argv.slice(2)) await import(file)
`

/**
 * Copies folders, as JavaScript.
 *
 * @param root The root of the repository.
 * @param folders Relative to it, with everything below them.
 */
export function makeWorkspace(root: string, folders: readonly string[]): Workspace {
  const copy = mkdtempSync(join(tmpdir(), 'devicehub-mutation-'))
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
  writeFileSync(join(copy, 'package.json'), '{ "type": "module" }')
  writeFileSync(join(copy, 'entry.js'), ENTRY)

  function write(file: string, text: string): void {
    const target = join(copy, file.replace(/\.ts$/, '.js'))
    mkdirSync(dirname(target), { recursive: true })
    writeFileSync(target, toJavaScript(text))
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

  return {
    write,
    restore: (file) => write(file, originals.get(file)!),
    run(tests, limit) {
      const urls = tests.map((test) => pathToFileURL(join(copy, test.replace(/\.ts$/, '.js'))).href)
      return runProcess(copy, ['entry.js', ...urls], limit)
    },
    remove() {
      rmSync(copy, { recursive: true, force: true })
    },
  }
}

function toJavaScript(text: string): string {
  const { outputText } = ts.transpileModule(text, {
    compilerOptions: {
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.ESNext,
      verbatimModuleSyntax: true,
      rewriteRelativeImportExtensions: true,
    },
  })
  return outputText
}

function runProcess(cwd: string, args: readonly string[], limit: number): Promise<Run> {
  return new Promise((resolve, reject) => {
    const { NODE_TEST_CONTEXT, NODE_OPTIONS, ...env } = process.env
    // What grows without end is to be stopped early.
    const options = ['--max-old-space-size=512', '--test-reporter=tap']
    const child = spawn(process.execPath, [...options, ...args], {
      cwd,
      env: { ...env, ORACLE_SEED: SEED },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    let ended: Outcome | undefined
    const end = (outcome: Outcome) => {
      ended ??= outcome
      child.kill('SIGKILL')
    }
    const timer = setTimeout(() => end('timed out'), limit)
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text
        // One test that fails is enough, so the others are not waited for.
        if (/^\s*not ok /m.test(text)) end('failed')
      })
    }
    child.once('error', reject)
    child.once('close', (code) => {
      clearTimeout(timer)
      resolve({ outcome: ended ?? (code === 0 ? 'passed' : 'failed'), output })
    })
  })
}
