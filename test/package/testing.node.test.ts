/**
 * The tests of docs/testing.md as a user has them: in files, with the packed package beside them, run by
 * `node --test`, `bun test` and `deno test`, and each by the runner's own `test` too.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { brokerContract, storeContract } from '../../src/testing/index.ts'
import { findVersion, runtimes } from '../runner/runtime.ts'
import { codeBlocks, fileName } from '../support/markdown.ts'
import { packTo } from '../support/pack.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const bin = join(root, 'node_modules', '.bin')
const page = readFileSync(join(root, 'docs', 'testing.md'), 'utf8')
const files = codeBlocks(page, 'ts').map(({ source }) => ({
  name: (fileName(source) ?? 'contracts.test.ts').replace(/\.test\.ts$/, ''),
  source,
}))
/** How many tests each file has. */
const COUNTS: Readonly<Record<string, number>> = {
  heartbeat: 1,
  command: 2,
  rules: 10,
  contracts: storeContract.length + brokerContract.length,
}
const IMPORT = "import { test } from 'node:test'"

interface Runner {
  readonly runtime: string
  /** What stands in the place of the import of `test`. */
  readonly own?: string
  /** Whether the types are left out first: Node 20 takes none. */
  readonly plain?: true
  readonly command: (file: string) => readonly [string, ...string[]]
  /** Finds in what it prints how many tests passed. */
  readonly passed: RegExp
}

const runners: Readonly<Record<string, Runner>> = {
  'node --test': {
    runtime: 'Node',
    plain: true,
    command: (file) => [process.execPath, '--test', '--test-reporter=tap', file],
    passed: /^# pass (\d+)$/m,
  },
  'bun test, by node:test': {
    runtime: 'Bun',
    command: (file) => [join(bin, 'bun'), 'test', '--timeout=60000', `./${file}`],
    passed: /^ *(\d+) pass$/m,
  },
  'bun test': {
    runtime: 'Bun',
    own: "import { test } from 'bun:test'",
    command: (file) => [join(bin, 'bun'), 'test', '--timeout=60000', `./${file}`],
    passed: /^ *(\d+) pass$/m,
  },
  'deno test, by node:test': {
    runtime: 'Deno',
    command: (file) => [join(bin, 'deno'), 'test', '-A', '--no-check', '--no-lock', file],
    passed: /\| (\d+) passed/,
  },
  'deno test': {
    runtime: 'Deno',
    own: 'const { test } = Deno',
    command: (file) => [join(bin, 'deno'), 'test', '-A', '--no-check', '--no-lock', file],
    passed: /\| (\d+) passed/,
  },
}

const folder = mkdtempSync(join(tmpdir(), 'devicehub-testing-'))
after(() => rmSync(folder, { recursive: true, force: true }))

function run([command, ...args]: readonly string[], cwd: string): string {
  const env = Object.entries(process.env).filter(
    ([name]) => !/^npm_(package|lifecycle|config_local_prefix)|^NODE_TEST_CONTEXT$/.test(name),
  )
  const { status, stdout, stderr, error } = spawnSync(command!, args, {
    cwd,
    env: { ...Object.fromEntries(env), NO_COLOR: '1' },
    encoding: 'utf8',
    timeout: 240_000,
  })
  const said = `${stdout}\n${stderr}`
  assert.equal(status, 0, `${command} ${args.join(' ')}\n${error?.message ?? ''}\n${said}`)
  return said
}

before(
  () => {
    const tarball = packTo(folder)
    writeFileSync(join(folder, 'package.json'), '{ "type": "module", "private": true }')
    run(['npm', 'install', '--no-audit', '--no-fund', '--prefer-offline', tarball], folder)
    for (const [title, { own, plain }] of Object.entries(runners)) {
      const at = folderOf(title)
      mkdirSync(at)
      for (const { name, source } of files) {
        const text = own ? source.replace(IMPORT, own) : source
        const { outputText } = ts.transpileModule(text, {
          compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
        })
        writeFileSync(join(at, `${name}.test.${plain ? 'mjs' : 'ts'}`), plain ? outputText : text)
      }
    }
  },
  { timeout: 300_000 },
)

function folderOf(title: string): string {
  return join(folder, title.replaceAll(/\W+/g, '-'))
}

test('the page has the tests that are counted here', () => {
  assert.deepEqual(
    files.map(({ name }) => name),
    Object.keys(COUNTS),
  )
  for (const { name, source } of files) assert.ok(source.includes(IMPORT), name)
})

for (const [title, { runtime, plain, command, passed }] of Object.entries(runners)) {
  const found = runtimes.find(({ name }) => name === runtime)!
  const missing = findVersion(found, root) === undefined && process.env.CI !== 'true'
  describe(title, { skip: missing && `no ${runtime} here` }, () => {
    for (const [name, count] of Object.entries(COUNTS)) {
      test(`${name}: ${count} tests pass`, () => {
        const said = run(command(`${name}.test.${plain ? 'mjs' : 'ts'}`), folderOf(title))
        assert.equal(Number(passed.exec(said)?.[1]), count, said)
      })
    }
  })
}
