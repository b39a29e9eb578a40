/**
 * The mutants are what they claim to be: small changes that still parse, each under a key of its
 * own. `npm run mutate` tells what the tests make of them.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { readCoverage } from './coverage.ts'
import { EQUIVALENT } from './equivalent.ts'
import { findSyntaxErrors, type Mutant, mutantsOf } from './mutants.ts'
import { findProblems, summarise } from './report.ts'
import { digestOf, readMutants, readText, subjects, testsOf } from './subjects.ts'
import { type MeasuredTest, noteRun, stepsFor } from './tests.ts'
import { openMutants, verdictsOn } from './verdicts.ts'

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
    ['const a: B = { b: true }', 'const a: B = { b: false }'],
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
    ['function a() { try { b() } catch { return }}', 'function a() { try { ; } catch { return }}'],
    // What says nothing at run time, or only to a reader, is left alone.
    ["import a from './a.ts'"],
    ["type A = 1 | '+' | true"],
    ["const a = b as 'x' | 'y'"],
    ["const a = new Error('must not begin with +')"],
    ['const a = b.toString()'],
    ["const a: Record<'b', true> = { b: true }"],
    ['const a: OptionNames<B> = { b: true }'],
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

describe('the mutants', () => {
  test('are many, in every file', () => {
    assert.ok(mutants.length >= 4_000, `${mutants.length} mutants`)
    for (const file of ['src/topic/tree.ts', 'src/fleet/login.ts', 'adapters/hono/secret.ts']) {
      assert.ok(subjects().includes(file), file)
    }
    // It holds nothing but types.
    assert.ok(!subjects().includes('src/fleet/fleet.ts'))
  })

  test('each change their file, each in another way, and parse', () => {
    assert.equal(new Set(mutants.map(({ key }) => key)).size, mutants.length)
    assert.equal(new Set(mutants.map(({ file, text }) => file + text)).size, mutants.length)
    for (const { file, key, text } of mutants) assert.notEqual(text, readText(file), key)
    assert.deepEqual(findSyntaxErrors(mutants.map(({ text }) => text)), [])
    assert.equal(findSyntaxErrors(['const a = 1', 'const a = = 1']).length, 1)
  })

  test('have tests that are to notice them', () => {
    for (const file of subjects()) assert.ok(testsOf(file).length >= 10, file)
    assert.ok(testsOf('src/topic/tree.ts').includes('test/topic/tree.test.ts'))
    assert.ok(testsOf('adapters/hono/secret.ts').includes('test/hono/secrets.test.ts'))
    // Node does not run it.
    assert.ok(!testsOf('src/topic/tree.ts').some((name) => name.includes('not-node')))
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

describe('the tests of a mutant', () => {
  const file = 'src/fleet/throttle.ts'
  const measure = (test: string, took: number, lines: string): MeasuredTest => {
    const coverage = readCoverage(`SF:${lines}\nend_of_record\n`)
    return { test, took, coverage, chances: new Map() }
  }
  const slow = measure('test/fleet/slow-passwords.test.ts', 200_000, `${file}\nDA:7,1\nDA:8,0`)
  const others = ['active', 'known', 'directory'].map((name, i) =>
    measure(`test/fleet/${name}.test.ts`, 100 + i * 100, `${file}\nDA:7,1\nDA:8,0`),
  )
  const own = measure('test/fleet/throttle.test.ts', 900, `${file}\nDA:7,1\nDA:8,2`)
  const unused = measure('test/fleet/peer.test.ts', 10, 'src/fleet/peer.ts\nDA:7,1')
  const elsewhere = measure('test/topic/tree.test.ts', 10, `${file}\nDA:7,1`)
  const measured = [slow, ...others, own, unused, elsewhere]
  const names = (...body: [first: number, last: number]) => {
    const { first, others } = stepsFor({ file, body }, measured)
    return [first, others].map((step) => step.map(({ test }) => test))
  }

  test('are those of its folder that reach its function: its own first, slow ones last', () => {
    assert.deepEqual(names(6, 7), [
      [
        'test/fleet/active.test.ts',
        'test/fleet/known.test.ts',
        'test/fleet/throttle.test.ts',
        'test/fleet/directory.test.ts',
      ],
      ['test/fleet/slow-passwords.test.ts'],
    ])
    assert.deepEqual(names(8, 9), [['test/fleet/throttle.test.ts'], []])
    assert.deepEqual(names(9, 9), [[], []])
  })

  test('come first where they noticed the last ones, for the time that they take', () => {
    const [run, first] = [measured.filter(({ test }) => test !== own.test), () => names(7, 7)[0]]
    noteRun(run, file, 'test/fleet/known.test.ts')
    assert.equal(first()?.[0], 'test/fleet/known.test.ts')
    noteRun(run, 'src/fleet/peer.ts', 'test/fleet/active.test.ts')
    assert.equal(first()?.[0], 'test/fleet/known.test.ts')
    for (let times = 0; times < 9; times++) noteRun(run, file, undefined)
    assert.equal(first()?.[0], 'test/fleet/throttle.test.ts')
    for (let times = 0; times < 19; times++) noteRun([own], file, undefined)
    assert.notEqual(first()?.[0], 'test/fleet/throttle.test.ts')
  })
})

describe('a report', () => {
  const mutants = mutantsOf('src/a.ts', 'const a = b && c') as [Mutant, Mutant]
  const [one, two] = mutants
  const explanations = { [one.key]: 'Because.' }
  const reportOf = (unnoticed: readonly string[]) => [
    { file: 'src/a.ts', mutants, verdicts: { digest: digestOf(mutants), unnoticed } },
  ]

  test('has no problem when each mutant is killed or explained', () => {
    const reports = reportOf([one.key])
    assert.deepEqual(findProblems(reports, explanations), [])
    const summary = summarise(reports, explanations)
    assert.ok(summary.includes('| `src/a.ts` | 2 | 1 | 1 | 0 | 0 | 100.0 % |'))
    assert.ok(summary.includes('| **All of `src`** | 2 | 1 | 1 | 0 | 0 | 100.0 % |'))
    assert.ok(summary.includes(`Because.\n\n- \`\` ${one.key} \`\``))
  })

  test('has one for each mutant that no test notices, and each explained that one does', () => {
    const reports = reportOf([two.key])
    assert.deepEqual(findProblems(reports, { ...explanations, gone: 'It was.' }), [
      'explained, but a test notices it: src/a.ts a: b && c -> b',
      'survived: src/a.ts:1  src/a.ts a: b && c -> c',
      'explained, but there is no such mutant: gone',
    ])
    const summary = summarise(reports, explanations)
    assert.ok(summary.includes('| `src/a.ts` | 2 | 1 | 0 | 1 | 0 | 50.0 % |'))
    assert.ok(summary.includes(`Survived:\n\n- \`\` ${two.key} \`\``))
  })

  test('says what was not tried', () => {
    const reports = [{ file: 'src/a.ts', mutants, verdicts: undefined }]
    assert.deepEqual(findProblems(reports, {}), ['not tried: src/a.ts, 2 mutants'])
    assert.ok(summarise(reports, {}).includes('| `src/a.ts` | 2 | 0 | 0 | 0 | 2 | – |'))
  })
})

describe('verdicts', () => {
  const [before, after] = ['const a = b && c', 'const a = b || c'].map((text) =>
    mutantsOf('src/a.ts', text),
  ) as [Mutant[], Mutant[]]
  const unnoticed = before.map(({ key }) => key)
  const verdicts = { 'src/a.ts': { digest: digestOf(before), unnoticed } }

  test('are of a file as it was, and of no other', () => {
    assert.deepEqual(verdictsOn(verdicts, 'src/a.ts', before), verdicts['src/a.ts'])
    assert.equal(verdictsOn(verdicts, 'src/a.ts', after), undefined)
    assert.equal(verdictsOn(verdicts, 'src/b.ts', before), undefined)
  })

  test('leave open what nothing noticed or explains, and all of a new file', () => {
    const [explained, open] = unnoticed as [string, string]
    const left = openMutants(verdicts['src/a.ts'], before, { [explained]: 'Because.' })
    assert.deepEqual(
      left.map(({ key }) => key),
      [open],
    )
    assert.deepEqual(openMutants(undefined, after, {}), after)
  })

  test('leave open what not all tests were asked about, explained or not', () => {
    const [one, other] = unnoticed as [string, string]
    const asked = { digest: digestOf(before), unnoticed: [other], pending: [one] }
    const open = openMutants(asked, before, { [one]: 'Because.', [other]: 'Because.' })
    assert.deepEqual(
      open.map(({ key }) => key),
      [one],
    )
  })
})
