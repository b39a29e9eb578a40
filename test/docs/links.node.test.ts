/**
 * The links in the README and the pages lead somewhere, for whoever reads them in the repository, in
 * `node_modules` and on the pages of the package: to a file that is in both packages, and to a heading
 * that is there.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { dirname, normalize } from 'node:path/posix'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { readTable } from '../support/markdown.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const npm = JSON.parse(read('package.json'))
const deno = JSON.parse(read('deno.json'))

/** What npm packs whatever is declared. */
const ALWAYS = ['README.md', 'LICENSE', 'package.json']
/** What is in the npm package beside what is built, and in that of JSR beside the sources. */
const packed: readonly string[] = [...npm.files, ...ALWAYS]
const guides = readdirSync(join(root, 'docs'))
  .filter((name) => name.endsWith('.md'))
  .map((name) => `docs/${name}`)
const pages = ['README.md', 'CHANGELOG.md', 'SECURITY.md', 'bench/RESULTS.md', ...guides].sort()

function read(file: string): string {
  return readFileSync(join(root, file), 'utf8')
}

/** The text of a page without its programs, in which brackets mean something else. */
function proseOf(page: string): string {
  return read(page).replace(/^```[\s\S]*?^```$/gm, '')
}

/** Every link of a page that is none to the web. */
function linksOf(page: string): readonly string[] {
  const prose = proseOf(page).replace(/`[^`\n]*`/g, '')
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target]) => target!)
    .filter((target) => !/^https?:\/\//.test(target))
}

/** What a link can lead to in a page: its headings, as the hosts of repositories name them. */
function anchorsOf(page: string): readonly string[] {
  return [...proseOf(page).matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    heading!
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(/\s/g, '-'),
  )
}

/** What is wrong with a link, if anything is. */
function problemOf(page: string, link: string, isPacked: boolean): string | undefined {
  const [path = '', anchor] = link.split('#')
  const file = path === '' ? page : normalize(join(dirname(page), path))
  if (!existsSync(join(root, file))) return `${link}: there is no ${file}`
  const isIn = packed.some((one) => file === one || file.startsWith(`${one}/`))
  if (isPacked && !isIn) return `${link}: ${file} is in no package`
  if (anchor !== undefined && !anchorsOf(file).includes(anchor)) {
    return `${link}: ${file} has no such heading`
  }
  return undefined
}

describe('every link leads to a file of the package and a heading there', () => {
  for (const page of pages) {
    test(page, () => {
      assert.ok(packed.some((one) => page === one || page.startsWith(`${one}/`)))
      const problems = linksOf(page).map((link) => problemOf(page, link, true))
      assert.deepEqual(
        problems.filter((problem) => problem !== undefined),
        [],
      )
    })
  }

  test('CONTRIBUTING.md, which is in the repository alone', () => {
    const page = 'CONTRIBUTING.md'
    const problems = linksOf(page).map((link) => problemOf(page, link, false))
    assert.deepEqual(
      problems.filter((problem) => problem !== undefined),
      [],
    )
  })

  for (const [link, problem] of [
    ['docs/emqx.md', undefined],
    ['docs/emqx.md#ending-sessions', undefined],
    ['#install', undefined],
    ['docs/emqx5.md', 'docs/emqx5.md: there is no docs/emqx5.md'],
    ['docs/emqx.md#ending', 'docs/emqx.md#ending: docs/emqx.md has no such heading'],
    ['#instal', '#instal: README.md has no such heading'],
    ['src/index.ts', 'src/index.ts: src/index.ts is in no package'],
  ] as const) {
    test(`${link}: ${problem ?? 'is well'}`, () => {
      assert.equal(problemOf('README.md', link, true), problem)
    })
  }
})

/** In CONTRIBUTING.md, a product that there is not. */
const EXAMPLE = 'harbour'

test('every file of the repository that a page names is there', () => {
  const named = [...pages, 'CONTRIBUTING.md'].flatMap((page) => {
    const paths =
      /(?<![\w./-])(?:src|adapters|test|bench|examples|docs)\/[\w./-]+\.(?:ts|md|json)\b/g
    return (read(page).match(paths) ?? []).map((file) => [page, file] as const)
  })
  assert.ok(named.length > 100)
  assert.deepEqual(
    named.filter(([, file]) => !file.includes(EXAMPLE) && !existsSync(join(root, file))),
    [],
  )
})

test('docs/README.md lists every guide once', () => {
  const listed = linksOf('docs/README.md').filter((link) => !link.startsWith('../'))
  assert.deepEqual(
    listed.map((link) => `docs/${link}`).sort(),
    guides.filter((page) => page !== 'docs/README.md').sort(),
  )
})

test('docs/README.md names one page for each task', () => {
  const tasks = readTable(read('docs/README.md'), 'To', 'Read')
  assert.deepEqual(
    tasks.map(({ To }) => To?.split(' ')[0]),
    [
      'start',
      'connect',
      'give',
      'keep',
      'decide',
      'receive',
      'command',
      'run',
      'operate',
      'test',
      'deploy',
      'extend',
    ],
  )
  for (const { To, Read = '' } of tasks) {
    assert.match(Read, /^\[[^\]]+\]\([^)#]+\.md\)$/, `${To}: ${Read}`)
  }
})

test('both packages hold the same pages and examples', () => {
  const built = ['dist']
  const sources = ['src', 'adapters', 'deno.json']
  assert.deepEqual(
    [...npm.files.filter((file: string) => !built.includes(file)), 'README.md', 'LICENSE'].sort(),
    deno.publish.include.filter((file: string) => !sources.includes(file)).sort(),
  )
})
