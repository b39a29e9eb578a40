/**
 * The programs in the README and the pages: each compiles under the tsconfig.json of
 * `docs/typescript.md` alone, and prints what stands below it. Those of the README and of the tutorial
 * are run in test/package, as a user runs them.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { after, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { codeBlocks, fileName } from '../support/markdown.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const TYPESCRIPT = 'docs/typescript.md'

/** What the programs take from their environment. */
const SETTINGS = {
  PEPPER: 'a pepper of more than 16 bytes',
  HUB_PASSWORD: 'hub-password-0123456789',
}

/** A `ts` block of a page. */
interface Program {
  readonly file: string
  readonly title: string
  readonly source: string
  /** The `text` block right after it, if there is one. */
  readonly printed: string | undefined
}

const pages = ['README.md', ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`)]
  .filter((page) => page.endsWith('.md'))
  .sort()

/** Every block, or whatever else begins like one, so that none is passed over. */
function findPrograms(page: string): readonly Program[] {
  const markdown = readFileSync(join(root, page), 'utf8')
  const found = codeBlocks(markdown, 'ts').map(({ source, printed, line }, i): Program => {
    const [name, slug] = [fileName(source), page.replaceAll(/\W/g, '-')]
    // The files of the README are there for all pages; those of another are its own.
    const file = name ? (page === 'README.md' ? name : join(slug, name)) : `${slug}-${i + 1}.ts`
    return { file, title: `${page}, line ${line}`, source, printed }
  })
  const begun = markdown.match(/^\s*```(ts|js|typescript|javascript)\b/gm) ?? []
  assert.equal(
    found.length,
    begun.length,
    `${page} has a program that is not read: begin it with ts alone`,
  )
  return found
}

const programs = pages.flatMap(findPrograms)
// Below the tests, so that the entry points and the packages are found by their names.
const folder = mkdtempSync(join(root, 'test', '.programs-'))
after(() => rmSync(folder, { recursive: true, force: true }))
for (const { file, source } of programs) {
  mkdirSync(dirname(join(folder, file)), { recursive: true })
  writeFileSync(join(folder, file), source)
}

/** Under what the page says, and the entry points found in the sources, as they are when installed. */
function compile(): ReadonlyMap<string, readonly string[]> {
  const [settings, ...others] = codeBlocks(readFileSync(join(root, TYPESCRIPT), 'utf8'), 'json')
  assert.ok(settings && others.length === 0, `${TYPESCRIPT} has one tsconfig.json`)
  const said = ts.parseJsonConfigFileContent(JSON.parse(settings.source), ts.sys, root)
  assert.deepEqual(said.errors, [])
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile)
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root)
  const paths = options.paths!
  const files = programs.map(({ file }) => join(folder, file))
  const program = ts.createProgram(files, { ...said.options, paths, pathsBasePath: root })
  return new Map(
    programs.map(({ file }) => {
      const source = program.getSourceFile(join(folder, file))
      const found = [
        ...program.getSyntacticDiagnostics(source),
        ...program.getSemanticDiagnostics(source),
      ]
      return [
        file,
        found.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' ')),
      ]
    }),
  )
}

describe('programs compile', () => {
  const findings = compile()
  for (const { file, title } of programs) {
    test(title, () => assert.deepEqual(findings.get(file), []))
  }
})

describe('pages whose programs import files say what those are and what compiles them', () => {
  for (const page of pages) {
    const imports = findPrograms(page).some(({ source }) => /from '\.\/[^']+\.ts'/.test(source))
    if (!imports || page === TYPESCRIPT) continue
    test(page, () => {
      const link = page === 'README.md' ? TYPESCRIPT : 'typescript.md'
      assert.ok(readFileSync(join(root, page), 'utf8').includes(`](${link})`))
    })
  }
})

describe('programs print what they say', () => {
  for (const { file, title, printed } of programs) {
    if (printed === undefined || title.startsWith('README.md')) continue
    test(title, () => {
      const args = ['--import=tsx', join(folder, file)]
      const { stdout, stderr, status } = spawnSync(process.execPath, args, {
        cwd: root,
        env: { ...process.env, ...SETTINGS },
        encoding: 'utf8',
        timeout: 60_000,
      })
      assert.equal(status, 0, stderr)
      assert.equal(stdout, printed)
    })
  }
})
