/**
 * The test runner: it must notice every way in which a test file can fail to pass.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { after, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { within } from '../support/wait.ts'
import { readJunit } from './junit.ts'
import { count, summary } from './report.ts'
import { type FileRun, type Runtime, runFile, runtimes } from './runtime.ts'
import { FILES_AT_ONCE, runFiles } from './suite.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'devicehub-runner-'))
after(() => rmSync(folder, { recursive: true, force: true }))

let written = 0
function write(source: string): string {
  const file = join(folder, `case-${++written}.test.ts`)
  writeFileSync(file, `import { before, describe, test } from 'node:test'\n${source}`)
  return file
}

function run(runtime: Runtime, source: string, limit = 60): Promise<FileRun> {
  const file = write(source)
  return runFile(runtime, file, { root, report: `${file}.xml`, limit })
}

/** Starts a process that would outlive the tests, and connects to a port of theirs. */
function starting(port: number): string {
  const program = `require('node:net').connect(${port}, '127.0.0.1')`
  const args = [process.execPath, ['-e', program], { stdio: 'ignore' }].map((arg) =>
    JSON.stringify(arg),
  )
  return `import { spawn } from 'node:child_process'\nspawn(${args.join(', ')})`
}

/** Connects to a port of the tests, and ends when it is let go. */
function meeting(port: number): string {
  const connect = `connect(${port}, '127.0.0.1').resume()`
  return `import { once } from 'node:events'\nimport { connect } from 'node:net'
test('meets the other one', () => once(${connect}, 'close'))`
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

    test('that never yields is killed at its limit, with what it started', async () => {
      const server = createServer().listen(0, '127.0.0.1')
      await once(server, 'listening')
      try {
        const { port } = server.address() as AddressInfo
        const started = once(server, 'connection')
        const source = `${starting(port)}\ntest('t', () => { for (;;); })`
        const { problem } = await run(runtime, source, 8)
        assert.equal(problem, 'did not end within 8 s, and was killed')
        const [socket] = (await within(started, 'child')) as [Socket]
        if (!socket.closed) await within(once(socket.resume(), 'close'), 'end of the child')
      } finally {
        server.close()
      }
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

const WAITS = `test('t', () => new Promise((resolve) => setTimeout(resolve, 300_000)))`
const [node] = runtimes as [Runtime]

test('the files of a runtime have a limit each, and the one that hangs is named', async () => {
  const files = [WAITS, `test('t', () => {})`].map((source) => relative(root, write(source)))
  const { signal } = new AbortController()
  const options = { root, reports: folder, limit: 10, signal, live: false }
  const batches = [{ runtime: node, title: 'Node', files }]
  const lines = summary(await runFiles(batches, options)).split('\n')
  assert.ok(lines.includes(`  Node  ${files[0]} did not end within 10 s, and was killed`))
  assert.equal(lines.at(-1), '1 passed, 1 failed')
})

test('the files of the next runtime do not wait for the last one of the runtime before', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const [first, second] = [0, 1].map(() => relative(root, write(meeting(port))))
  // Each is let go when both have come.
  const sockets: Socket[] = []
  server.on('connection', (socket) => {
    if (sockets.push(socket) === 2) for (const one of sockets) one.end()
  })
  try {
    const { signal } = new AbortController()
    const options = { root, reports: folder, limit: 60, signal, live: false }
    const batches = [
      { runtime: node, title: 'one', files: [first!] },
      { runtime: node, title: 'two', files: [second!] },
    ]
    const runs = await runFiles(batches, options)
    assert.deepEqual(
      runs.map(({ title, files }) => [title, files.map(({ file }) => file)]),
      [
        ['one', [first]],
        ['two', [second]],
      ],
    )
    assert.deepEqual(count(runs), { passed: 2, failed: 0, skipped: 0 })
  } finally {
    server.close()
  }
})

describe('the whole runner', () => {
  function runSuite(sources: readonly string[], ...more: readonly string[]) {
    const args = ['--import=tsx', 'test/run.ts', ...sources.map(write), ...more]
    const { status, stdout, stderr } = spawnSync(process.execPath, args, {
      cwd: root,
      encoding: 'utf8',
    })
    return { status, lines: stdout.trimEnd().split('\n'), stderr }
  }

  test('passes and ends with the totals', () => {
    const { status, lines } = runSuite([`test('t', () => {})`])
    assert.equal(lines.at(-1), '1 passed, 0 failed')
    assert.equal(status, 0)
  })

  test('runs what is named on Node, and on others where it is asked to', () => {
    const titles = ({ lines }: { readonly lines: readonly string[] }) =>
      lines.flatMap((line) => /^✔ (.+) [\d.]+ {2}1\/1 /.exec(line)?.[1] ?? [])
    const source = `test('t', () => {})`
    assert.deepEqual(titles(runSuite([source])), ['Node'])
    assert.deepEqual(titles(runSuite([source], '--on', 'deno,bun')), ['Bun', 'Deno'])
  })

  test('shows what a single file prints, and of several what failed', () => {
    const source = `test('t', () => console.log('said'))`
    assert.ok(runSuite([source]).lines.includes('said'))
    assert.ok(!runSuite([source, source]).lines.includes('said'))
  })

  test('says what it does, and how far it is', () => {
    const sources = [`test('t', () => {})`, `test('t', () => {})`]
    const { lines } = runSuite(sources)
    assert.ok(lines.includes('Node: 2 files'))
    for (const done of ['1/2', '2/2']) assert.ok(lines.some((line) => line.includes(`  ${done}  `)))
  })

  test('fails with a failing test, and names it and every skip', () => {
    const { status, lines } = runSuite([MIXED])
    assert.equal(lines.at(-1), '3 passed, 1 failed, 1 skipped')
    assert.ok(lines.some((line) => line.endsWith(': outer > three')))
    assert.ok(lines.some((line) => line.endsWith(': outer > four: no broker')))
    assert.equal(status, 1)
  })

  test('fails with a file that holds no test', () => {
    const { status, lines } = runSuite([''])
    assert.equal(lines.at(-1), '0 passed, 1 failed')
    assert.equal(status, 1)
  })

  for (const [args, message] of [
    [['--on', 'nod', 'test/topic'], /^--on nod: no such runtime/],
    [['--watch'], /^--watch takes paths/],
    [['--watch', '--on', 'all', 'test/topic'], /^--watch takes paths, and one runtime/],
    [['--wacth', 'test/topic'], /Unknown option '--wacth'/],
    [['test/topics'], /^No test file at or below test\/topics/],
    [['--on', 'bun', 'test/runner'], /^By their names, none of these files runs on Bun/],
  ] as const) {
    test(`runs nothing with ${args.join(' ')}`, () => {
      const { status, stderr, lines } = runSuite([], ...args)
      assert.match(stderr, message)
      assert.deepEqual(lines, [''])
      assert.equal(status, 1)
    })
  }

  test('counts what it has not run as nothing, and says how much that is', async () => {
    const waiting = Array.from({ length: FILES_AT_ONCE + 1 }, () => WAITS)
    const files = [`test('t', () => {})`, ...waiting].map(write)
    const child = spawn(process.execPath, ['--import=tsx', 'test/run.ts', ...files], { cwd: root })
    const ended = once(child, 'close')
    let output = ''
    let isAsked = false
    for await (const text of child.stdout.setEncoding('utf8')) {
      output += text
      if (!isAsked && output.includes('1 passed')) isAsked = child.kill('SIGINT')
    }
    const [status] = await ended
    assert.match(output, new RegExp(`: ${waiting.length} of ${files.length} files`))
    assert.doesNotMatch(output, /✖/)
    assert.equal(output.trimEnd().split('\n').at(-1), '1 passed, 0 failed')
    assert.equal(status, 1)
  })

  test('watches a file with the runner of the runtime', async () => {
    const file = write(`test('t', () => console.log('first'))`)
    const args = ['--import=tsx', 'test/run.ts', '--watch', file]
    const child = spawn(process.execPath, args, { cwd: root, detached: true })
    try {
      let output = ''
      for await (const text of child.stdout.setEncoding('utf8')) {
        if (!output.includes('first') && `${output}${text}`.includes('first')) {
          writeFileSync(file, `console.log('second')`)
        }
        output += text
        if (output.includes('second')) break
      }
    } finally {
      process.kill(-child.pid!, 'SIGKILL')
    }
  })
})

test('CI runs what the README says', () => {
  const read = (file: string) => readFileSync(join(root, file), 'utf8')
  const [told] = /^npm ci && npm test.*$/m.exec(read('README.md')) ?? []
  assert.match(read('.ci/run'), new RegExp(`^  \\{ ${told}; \\} `, 'm'))
})
