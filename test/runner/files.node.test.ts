/**
 * Where a test file runs, by its name: everywhere, unless it says otherwise; and a name that says
 * what nobody knows is told.
 *
 * @module
 */
import assert from 'node:assert/strict'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { findTestFiles, runsOn } from './files.ts'
import { suiteRuntimes } from './runtime.ts'

const root = mkdtempSync(join(tmpdir(), 'devicehub-files-'))
after(() => rmSync(root, { recursive: true, force: true }))

function write(path: string): void {
  mkdirSync(join(root, path, '..'), { recursive: true })
  writeFileSync(join(root, path), '')
}

describe('a file runs', () => {
  for (const [name, where] of [
    ['test/a.test.ts', ['node', 'newest-node', 'bun', 'deno']],
    ['test/node/a-bun.test.ts', ['node', 'newest-node', 'bun', 'deno']],
    ['test/a.node.test.ts', ['node']],
    ['test/a.deno.test.ts', ['deno']],
    ['test/a.node.newest-node.test.ts', ['node', 'newest-node']],
    ['test/a.not-deno.test.ts', ['node', 'newest-node', 'bun']],
    ['test/a.not-bun.not-deno.test.ts', ['node', 'newest-node']],
  ] as const) {
    test(`on ${where.join(', ')} as ${name}`, () => {
      const found = suiteRuntimes.filter((runtime) => runsOn(name, runtime, suiteRuntimes))
      assert.deepEqual(
        found.map(({ key }) => key),
        where,
      )
    })
  }
})

describe('a file is told, and not passed over, that is called', () => {
  for (const [name, found] of [
    ['a.nod.test.ts', /a\.nod\.test\.ts: "nod" in its name is none of node, newest-node, bun/],
    ['a.Node.test.ts', /"Node" in its name/],
    ['a.not-dino.test.ts', /"not-dino" in its name/],
    ['a.node.x.test.ts', /"x" in its name/],
    ['a..test.ts', /"" in its name/],
    ['a.tests.ts', /a\.tests\.ts does not end in \.test\.ts/],
    ['a.spec.ts', /does not end/],
    ['a.test.mts', /does not end/],
    ['a.test.js', /does not end/],
  ] as const) {
    test(name, () => {
      write(`told/${name}/${name}`)
      const files = findTestFiles(root, `told/${name}`)
      assert.deepEqual(files, [`told/${name}/${name}`])
      for (const runtime of suiteRuntimes) {
        assert.throws(() => runsOn(files[0]!, runtime, suiteRuntimes), found)
      }
    })
  }
})

test('the files below a folder are found in order, and none that belong to a package', () => {
  for (const name of ['b/c.test.ts', 'b/a.node.test.ts', 'b/d/e.test.ts', 'b/fixture.ts']) {
    write(`found/${name}`)
  }
  write('found/node_modules/p/index.test.ts')
  assert.deepEqual(
    findTestFiles(root, 'found'),
    ['b/a.node.test.ts', 'b/c.test.ts', 'b/d/e.test.ts'].map((name) => `found/${name}`),
  )
  assert.deepEqual(findTestFiles(root, 'found/b/fixture.ts'), ['found/b/fixture.ts'])
  assert.deepEqual(findTestFiles(root, 'nowhere'), [])
})

test('each test file that a page or a comment names is there, under that name', () => {
  const repository = fileURLToPath(new URL('../..', import.meta.url))
  const files = ['.', 'adapters', 'bench', 'docs', 'examples', 'src', 'test'].flatMap((folder) =>
    readdirSync(join(repository, folder), { recursive: folder !== '.', encoding: 'utf8' })
      .filter((name) => /\.(ts|md)$/.test(name) && !/node_modules|^runner/.test(name))
      .map((name) => join(folder, name)),
  )
  const gone = files.flatMap((file) =>
    [...readFileSync(join(repository, file), 'utf8').matchAll(/\btest\/[\w./-]+\.test\.ts\b/g)]
      .filter(([named]) => !existsSync(join(repository, named)))
      .map(([named]) => `${file}: ${named}`),
  )
  assert.deepEqual(gone, [])
})
