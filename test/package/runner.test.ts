/**
 * The test runner: it must notice every way in which a test file can fail to pass.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { readJunit } from '../runner/junit.ts'
import { type FileRun, type Runtime, runFile, runtimes } from '../runner/runtime.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'devicehub-runner-'))
after(() => rmSync(folder, { recursive: true, force: true }))

let written = 0
function write(source: string): string {
  const file = join(folder, `case-${++written}.test.ts`)
  writeFileSync(file, `import { before, describe, test } from 'node:test'\n${source}`)
  return file
}

function run(runtime: Runtime, source: string, milliseconds = 60_000): Promise<FileRun> {
  const file = write(source)
  return runFile(runtime, root, file, `${file}.xml`, AbortSignal.timeout(milliseconds))
}

const MIXED = `
describe('outer', () => {
  describe('inner', () => {
    test('one', () => {})
  })
  test('two "quoted" & <tagged>', () => {})
  test('three', () => { throw new Error('wrong <here>') })
  test('four', { skip: 'no broker' }, () => {})
})
test('five', () => {})
`

for (const runtime of runtimes) {
  describe(`a test file on ${runtime.name}`, () => {
    test('counts every test once, and no suite', async () => {
      const { outcomes, problem, output } = await run(runtime, MIXED)
      assert.deepEqual(
        new Map(outcomes.map(({ name, result }) => [name, result])),
        new Map([
          ['outer > inner > one', 'passed'],
          ['outer > two "quoted" & <tagged>', 'passed'],
          ['outer > three', 'failed'],
          ['outer > four', 'skipped'],
          ['five', 'passed'],
        ]),
      )
      assert.equal(outcomes.length, 5)
      assert.equal(problem, undefined)
      assert.match(output, /wrong <here>/)
    })

    for (const [title, source, problem] of [
      ['that cannot be loaded', `throw new Error('broken')`, /exited with code 1|ran no test/],
      ['that holds no test', '', /ran no test|exited with code/],
      [
        'whose suite fails outside of its tests',
        `describe('s', () => { test('t', () => {}); throw new Error('broken') })`,
        /exited with code 1/,
      ],
      [
        'that ends in the middle of a test',
        `test('t', () => {})\ntest('u', () => { process.exit(0) })`,
        /ended before|ran no test|exited with code/,
      ],
    ] as const) {
      test(`${title} is a failure`, async () => {
        const result = await run(runtime, source)
        const failed = result.outcomes.some((outcome) => outcome.result === 'failed')
        if (!failed) assert.match(result.problem ?? 'no problem found', problem)
      })
    }

    test('that does not end is ended when its time is over', async () => {
      const { problem } = await run(
        runtime,
        `test('t', () => new Promise((r) => setTimeout(r, 60_000)))`,
        1_000,
      )
      assert.equal(problem, 'ran out of time')
    })
  })
}

describe('the reason of a skip', () => {
  for (const [report, reason] of [
    ['<skipped type="skipped" message="no &lt;broker&gt;"/>', 'no <broker>'],
    ['<skipped type="skipped" message="true"/>', undefined],
    ['<skipped type="todo" message="later"/>', 'todo: later'],
    ['<skipped />', undefined],
  ] as const) {
    test(`is ${reason ?? 'none'} in ${report}`, () => {
      const xml = `<testsuites><testcase name="t">${report}</testcase></testsuites>`
      assert.deepEqual(readJunit(xml), [{ name: 't', result: 'skipped', reason }])
    })
  }
})

describe('the whole runner', () => {
  function runSuite(source: string) {
    const args = ['--import=tsx', 'test/run.ts', write(source)]
    const { status, stdout } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' })
    return { status, lines: stdout.trimEnd().split('\n') }
  }

  test('passes and ends with the totals', () => {
    const { status, lines } = runSuite(`test('t', () => {})`)
    assert.equal(lines.at(-1), '1 passed, 0 failed')
    assert.equal(status, 0)
  })

  test('fails with a failing test, and names it and every skip', () => {
    const { status, lines } = runSuite(MIXED)
    assert.equal(lines.at(-1), '3 passed, 1 failed, 1 skipped')
    assert.ok(lines.some((line) => line.endsWith(': outer > three')))
    assert.ok(lines.some((line) => line.endsWith(': outer > four: no broker')))
    assert.equal(status, 1)
  })

  test('fails with a file that holds no test', () => {
    const { status, lines } = runSuite('')
    assert.equal(lines.at(-1), '0 passed, 1 failed')
    assert.equal(status, 1)
  })
})
