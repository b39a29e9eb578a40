/**
 * The mutants are what they claim to be: small changes that still parse, each under a key of its
 * own. `npm run mutate` tells what the tests make of them.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { EQUIVALENT } from './equivalent.ts'
import { findSyntaxErrors, mutantsOf } from './mutants.ts'
import { findProblems, summarise } from './report.ts'
import { PROPERTIES, ROOT, readMutants, subjects, TABLES, testsThatLoad } from './subjects.ts'

const mutants = subjects().flatMap(readMutants)

describe('a mutant', () => {
  const rows: [code: string, ...mutants: string[]][] = [
    ['const a = b === c', 'const a = b !== c'],
    ['const a = b < c', 'const a = b <= c', 'const a = b >= c'],
    ['const a = b >= c', 'const a = b > c', 'const a = b < c'],
    ['const a = b + c', 'const a = b - c'],
    ['const a = b && c', 'const a = b', 'const a = c'],
    ['const a = b || c', 'const a = b', 'const a = c'],
    ['const a = b ?? c', 'const a = b', 'const a = c'],
    ['const a = !b', 'const a = b'],
    ['const a = true', 'const a = false'],
    ['const a = 0x2f', 'const a = 48', 'const a = 46'],
    ["const a = '+'", "const a = '#'"],
    ["const a = '#'", "const a = '+'"],
    ["const a = '$'", "const a = ''"],
    ["const a = ''", "const a = 'x'"],
    ['const a = b ? c : d', 'const a = true ? c : d', 'const a = false ? c : d'],
    ['const a = b.some(c)', 'const a = b.every(c)'],
    ['const a = b.startsWith(c)', 'const a = b.endsWith(c)'],
    ['const a = b.includes(c)', 'const a = !b.includes(c)'],
    ['const a = Math.min(b, c)', 'const a = Math.max(b, c)'],
    ['const a = Object.freeze(b)', 'const a = b'],
    ['a++', ';', 'a--'],
    ['if (a) b()', 'if (true) b()', 'if (false) b()'],
    ['for (const a of b) c(a)', 'for (const a of []) c(a)', 'for (const a of b) ;'],
    [
      'for (;;) { if (a) continue; break }',
      'for (;;) { if (true) continue; break }',
      'for (;;) { if (false) continue; break }',
      'for (;;) { if (a) continue; ; }',
    ],
    [
      'function a(): boolean { return b() }',
      'function a(): boolean { return true }',
      'function a(): boolean { return false }',
    ],
    ['function a() { return b() }', 'function a() { return undefined }'],
    // What says nothing at run time, or only to a reader, is left alone.
    ["import a from './a.ts'"],
    ["type A = 1 | '+' | true"],
    ["const a = b as 'x' | 'y'"],
    ["const a = new Error('must not begin with +')"],
    ["// a === b && c !== '#'"],
  ]
  for (const [code, ...expected] of rows) {
    test(`of ${code} is ${expected.join('  or  ') || 'not made'}`, () => {
      const made = mutantsOf('a.ts', code).map(({ text }) => text)
      assert.deepEqual(made.toSorted(), expected.toSorted())
    })
  }

  test('keeps its key when lines move, and says where it is', () => {
    const code = 'class A {\n  b(): boolean {\n    return c > 1 || d > 1\n  }\n}'
    const [here, moved] = [mutantsOf('a.ts', code), mutantsOf('a.ts', `// more\n\n${code}`)]
    assert.deepEqual(
      moved.map(({ key }) => key),
      here.map(({ key }) => key),
    )
    const one = here.find(({ key }) => key === 'a.ts A.b: c > 1 -> c >= 1')
    assert.equal(one?.line, 3)
    assert.ok(here.some(({ key }) => key === 'a.ts A.b: 1 -> 2 (2)'))
  })
})

describe('the mutants of the topic algebra and of the decision', () => {
  test('are many, in every file', () => {
    assert.ok(mutants.length >= 1_000, `${mutants.length} mutants`)
    for (const file of subjects()) {
      assert.ok(
        mutants.some((mutant) => mutant.file === file),
        file,
      )
    }
  })

  test('each change their file, each in another way, and parse', () => {
    assert.equal(new Set(mutants.map(({ key }) => key)).size, mutants.length)
    assert.equal(new Set(mutants.map(({ file, text }) => file + text)).size, mutants.length)
    for (const { file, key, text } of mutants) {
      assert.notEqual(text, readFileSync(join(ROOT, file), 'utf8'), key)
    }
    assert.deepEqual(findSyntaxErrors(mutants.map(({ text }) => text)), [])
    assert.equal(findSyntaxErrors(['const a = 1', 'const a = = 1']).length, 1)
  })

  test('have tests that load their file, which are all there', () => {
    for (const test of [...TABLES, ...PROPERTIES]) assert.ok(existsSync(join(ROOT, test)), test)
    for (const file of subjects()) {
      const [first] = testsThatLoad(file, TABLES)
      assert.ok(first, file)
    }
    assert.deepEqual(testsThatLoad('src/topic/tree.ts', TABLES), ['test/topic/tree.test.ts'])
    assert.equal(testsThatLoad('src/rule/rule.ts', TABLES)[0], 'test/rule/rule.test.ts')
  })

  test('include each that is explained, and few need to be', () => {
    const keys = new Set(mutants.map(({ key }) => key))
    const explained = Object.entries(EQUIVALENT)
    for (const [key, reason] of explained) {
      assert.ok(keys.has(key), `there is no such mutant: ${key}`)
      assert.match(reason, /^[A-Z`].+\.$/)
    }
    assert.ok(explained.length < mutants.length / 20, `${explained.length} are explained`)
  })
})

describe('a run', () => {
  const [one, two] = mutantsOf('a.ts', 'const a = b && c') as [
    (typeof mutants)[0],
    (typeof mutants)[0],
  ]
  const explanations = { [one.key]: 'Because.' }

  test('has no problem when each mutant is killed or explained', () => {
    const verdicts = [
      { mutant: one, fate: 'explained' },
      { mutant: two, fate: 'killed by time' },
    ] as const
    assert.deepEqual(findProblems(verdicts, explanations), [])
    const summary = summarise(verdicts, explanations)
    assert.ok(summary.includes('| `a.ts` | 2 | 1 | 1 | 0 |'))
    assert.ok(summary.includes(`Because.\n\n- \`\` ${one.key} \`\``))
  })

  test('has one for each mutant that no test notices, and each explained that one does', () => {
    const verdicts = [
      { mutant: one, fate: 'killed' },
      { mutant: two, fate: 'survived' },
    ] as const
    assert.deepEqual(findProblems(verdicts, explanations), [
      'survived: a.ts:1  a.ts a: b && c -> c',
      'explained, but a test notices it: a.ts a: b && c -> b',
    ])
  })
})
