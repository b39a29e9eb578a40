/**
 * A log that nobody outside can fill.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, mock, test } from 'node:test'
import { MAX_FULL_LINES, MAX_KINDS, QUIET_MS, quietLog } from '../../src/base/quiet-log.ts'
import { Clocks } from '../support/clocks.ts'

function captured() {
  const lines: string[] = []
  const log = quietLog({
    info: (line) => lines.push(`info: ${line}`),
    warn: (line) => lines.push(`warn: ${line}`),
    error: (line) => lines.push(`error: ${line}`),
  })
  return { lines, ...log }
}

/** Writes lines `from` to `to` of a kind. */
function writeMany(
  { write }: Pick<ReturnType<typeof captured>, 'write'>,
  kind: string,
  from: number,
  to: number,
) {
  for (let i = from; i <= to; i++) write('warn', kind, `${kind} ${i}`)
}

const full = (kind: string) => {
  return Array.from({ length: MAX_FULL_LINES }, (_, i) => `warn: ${kind} ${i + 1}`)
}

test('of a thousand lines of a kind the first few are written, and how many there were', () => {
  const log = captured()
  writeMany(log, 'a', 1, 1_000)
  assert.deepEqual(log.lines, full('a'))
  log.close()
  const rest = 1_000 - MAX_FULL_LINES
  assert.deepEqual(log.lines, [
    ...full('a'),
    `warn: a 1000 (${rest} more since the last such line)`,
  ])
})

test('each kind has its own', () => {
  const log = captured()
  writeMany(log, 'a', 1, 100)
  writeMany(log, 'b', 1, MAX_FULL_LINES)
  assert.deepEqual(log.lines, [...full('a'), ...full('b')])
  log.close()
  assert.equal(log.lines.length, 2 * MAX_FULL_LINES + 1)
})

describe('with time', () => {
  /** Runs with a clock that is moved by hand. */
  function withClock(run: (tick: (ms: number) => void) => void) {
    mock.timers.enable({ apis: ['setTimeout', 'Date'] })
    try {
      run((ms) => mock.timers.tick(ms))
    } finally {
      mock.timers.reset()
    }
  }

  test('one line follows in each interval, and after one without any the kind is new', () => {
    withClock((tick) => {
      const log = captured()
      writeMany(log, 'a', 1, 100)
      tick(QUIET_MS)
      assert.equal(log.lines.at(-1), 'warn: a 100 (95 more since the last such line)')
      writeMany(log, 'a', 101, 300)
      assert.equal(log.lines.length, MAX_FULL_LINES + 1)
      tick(QUIET_MS)
      assert.equal(log.lines.at(-1), 'warn: a 300 (200 more since the last such line)')
      tick(QUIET_MS)
      assert.equal(log.lines.length, MAX_FULL_LINES + 2)
      writeMany(log, 'a', 1, 100)
      assert.deepEqual(log.lines.slice(-MAX_FULL_LINES), full('a'))
      log.close()
    })
  })

  test('where timers are dropped, the next line of the kind tells', () => {
    using clocks = new Clocks()
    const { setTimeout } = globalThis
    globalThis.setTimeout = (() => 1) as never
    try {
      const log = captured()
      writeMany(log, 'a', 1, 100)
      clocks.pass(QUIET_MS)
      writeMany(log, 'a', 101, 101)
      assert.equal(log.lines.at(-1), 'warn: a 100 (95 more since the last such line)')
      clocks.pass(2 * QUIET_MS)
      writeMany(log, 'a', 1, MAX_FULL_LINES)
      assert.deepEqual(log.lines.slice(-MAX_FULL_LINES), full('a'))
      assert.match(log.lines.at(-MAX_FULL_LINES - 1)!, /^warn: a 101 \(1 more/)
      log.close()
    } finally {
      globalThis.setTimeout = setTimeout
    }
  })
})

test('however many kinds there are, lines are bounded', () => {
  const log = captured()
  for (let i = 0; i < 5_000; i++) log.write('warn', `kind ${i}`, `text ${i}`)
  assert.equal(log.lines.length, MAX_KINDS + MAX_FULL_LINES)
  log.close()
  const rest = 5_000 - MAX_KINDS - MAX_FULL_LINES
  assert.equal(log.lines.at(-1), `warn: text 4999 (${rest} more since the last such line)`)
})

test('a long line is cut, and its count is not', () => {
  const log = captured()
  for (let i = 0; i < 10; i++) log.write('error', 'a', 'x'.repeat(10_000))
  log.close()
  for (const line of log.lines) assert.ok(line.length < 700)
  assert.match(log.lines.at(-1)!, /^error: x+… \(5 more since the last such line\)$/)
})

test('a logger that throws stops nothing', () => {
  const lines: string[] = []
  const log = quietLog({
    info() {},
    warn(line) {
      lines.push(line)
      throw new Error('broken')
    },
    error() {},
  })
  for (let i = 0; i < 10; i++) log.write('warn', 'a', 'text')
  log.close()
  assert.deepEqual(lines, [
    ...Array(MAX_FULL_LINES).fill('text'),
    'text (5 more since the last such line)',
  ])
})
