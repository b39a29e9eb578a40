/**
 * `npm start` as a person runs it.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { deferred, within } from '../support/wait.ts'

/** What `npm start` runs, after `node`. */
const [, ...COMMAND]: string[] = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
).scripts.start.split(' ')

interface Run {
  readonly process: ChildProcess
  readonly output: () => string
  /** Settles when the output matches. */
  until(pattern: RegExp): Promise<void>
  /** Settles with the exit code. */
  readonly exit: Promise<number | null>
}

function start(...args: string[]): Run {
  // Not through npm, so that a signal reaches the program itself, as Ctrl-C does.
  const child = spawn(process.execPath, [...COMMAND, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NO_COLOR: '1' },
  })
  let output = ''
  const waiting: { pattern: RegExp; found: () => void }[] = []
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
      for (const { pattern, found } of waiting) if (pattern.test(output)) found()
    })
  }
  const exit = new Promise<number | null>((resolve) => child.once('close', resolve))
  return {
    process: child,
    output: () => output,
    until(pattern) {
      const seen = deferred()
      waiting.push({ pattern, found: seen.resolve })
      if (pattern.test(output)) seen.resolve()
      return within(seen.promise, `${pattern} in the output`, 30_000)
    },
    exit,
  }
}

describe('npm start', () => {
  test('--seconds 8 shows the fleet, a command, a denial and a rejection, and ends by itself', async () => {
    const run = start('--seconds', '8')
    assert.equal(await within(run.exit, 'exit', 40_000), 0, run.output())
    const output = run.output()
    assert.match(output, /broker +mqtt:\/\/127\.0\.0\.1:\d+/)
    assert.match(output, /24 simulated devices/)
    assert.match(output, /command setInterval .* reply \{"seconds":0\.5\} in \d+ ms/)
    assert.match(output, /denied: .*"things\/weatherstation\/\+\/cmd".*grants.*STATION-001\/cmd/)
    assert.match(output, /rejected \(payload-invalid\): .*temperature/)
    assert.match(output, /POST \/acl .* → \{"result":"deny"\}/)
    assert.match(output, /↓ pump\/PUMP-024 disconnected\n.*↑ pump\/PUMP-024 connected/)
    assert.doesNotMatch(output, /shared subscriptions| [i!] /, 'nothing that only confuses')
    const live = output.match(/24 devices connected, \d+ messages handled/g) ?? []
    assert.ok(live.length >= 1 && live.length <= 3, `${live.length} live lines in 8 seconds`)
    const summary =
      /Summary after [\d.]+ s: (\d+) messages handled, (\d+) rejected, (\d+) denied, (\d+) commands? answered/
    const counts = output.match(summary)?.slice(1).map(Number)
    assert.ok(counts, output)
    assert.ok(counts[0]! >= 48, 'every device was heard more than once')
    // One rejection, a denial by the broker and one over HTTP, and one command.
    assert.deepEqual(counts.slice(1), [1, 2, 1])
  })

  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    test(`${signal} ends it cleanly, with the summary`, async () => {
      const run = start()
      await run.until(/24 devices connected, \d+ messages handled/)
      run.process.kill(signal)
      assert.equal(await within(run.exit, 'exit', 15_000), 0, run.output())
      assert.match(run.output(), /Summary after .* messages handled/)
      assert.doesNotMatch(run.output(), /Error|at file:/)
    })
  }

  for (const args of [
    ['--seconds', 'x'],
    ['--seconds', '0'],
    ['--devices', '3'],
    ['--speed', '9'],
  ]) {
    test(`${args.join(' ')} is refused in one line, with the usage`, async () => {
      const run = start(...args)
      assert.equal(await within(run.exit, 'exit', 20_000), 2)
      assert.match(run.output(), /Usage: devicehub dev/)
      assert.equal(run.output().trim().split('\n').length, 2)
    })
  }
})
