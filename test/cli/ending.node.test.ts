/**
 * How the command ends when its output is closed, a disk is full, or it is interrupted again.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { describe, test } from 'node:test'
import { hosts, node, start, userFolder } from './command.ts'
import { configModule, embeddedSite, HUB_PASSWORD, publish, TYPES } from './site.ts'

const CLOSED = 'devicehub: the output was closed by its reader\n'

for (const host of hosts) {
  test(`listen ends with 141 when nobody reads it any more, on ${host.name}`, {
    skip: host.missing,
  }, async () => {
    await using site = await embeddedSite()
    const login = { url: site.broker.url, username: 'hub', password: HUB_PASSWORD }
    using folder = userFolder({
      'devicehub.config.ts': configModule('station', { default: login }),
    })
    const run = start(host, folder, ['listen'])
    await run.until(/subscribed/)
    run.process.stdout!.destroy()
    await publish(site.station, 'things/weatherstation/S-1/data', { temperature: 1 })
    assert.equal(await run.exit(), 141)
    assert.equal(run.stderr(), CLOSED)
  })
}

test('so does dev', async () => {
  using folder = userFolder()
  const run = start(node, folder, ['dev'])
  await run.until(/broker +mqtt:/)
  run.process.stdout!.destroy()
  assert.equal(await run.exit(), 141)
  assert.equal(run.stderr(), CLOSED)
})

const pipes = existsSync('/bin/bash') && existsSync('/dev/full')

describe('in a shell', { skip: pipes ? false : 'no bash, or no /dev/full' }, () => {
  function shell(line: string) {
    using folder = userFolder()
    const [program, ...args] = node.command
    const { status, stdout, stderr } = spawnSync('bash', ['-c', line, program!, ...args], {
      cwd: folder.path,
      encoding: 'utf8',
      env: { ...process.env, NO_COLOR: '1' },
      timeout: 30_000,
    })
    return { status, stdout, stderr }
  }

  test('dev | head -1 prints one line', () => {
    const { status, stdout, stderr } = shell('set -o pipefail; "$0" "$@" dev | head -1')
    assert.deepEqual([status, stdout, stderr], [141, 'devicehub — press Ctrl-C to end\n', CLOSED])
  })

  test('dev > /dev/full says that it cannot write', () => {
    const { status, stderr } = shell('"$0" "$@" dev >/dev/full')
    assert.deepEqual([status, stderr], [1, 'devicehub: cannot write: ENOSPC\n'])
  })
})

test('a second signal ends at once, with 130, what does not end by itself', async () => {
  using folder = userFolder({
    'devicehub.config.ts': `${TYPES}
import { memoryBroker } from 'devicehub'
import { defineConfig } from 'devicehub/cli'
const broker = memoryBroker()
setInterval(() => {}, 1_000) // In the place of a connection, which keeps a process alive.
broker.close = () => {
  console.log('closing for ever')
  return new Promise(() => {})
}
export default defineConfig({ types: [station], brokers: { default: () => broker } })`,
  })
  const run = start(node, folder, ['listen'])
  await run.until(/subscribed/)
  run.process.kill('SIGTERM')
  await run.until(/closing for ever/)
  run.process.kill('SIGTERM')
  assert.equal(await run.exit(), 130)
  assert.equal(run.stderr(), '')
})
