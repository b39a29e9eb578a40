/**
 * `devicehub devices` at a terminal: what it asks, what is shown of an answer, and how far it is.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { freePort } from '../support/mosquitto.ts'
import { type Folder, type Host, sqliteHosts } from './command.ts'
import { assertDone, devices, ENV, fleetFolder, objectsOf } from './devices.ts'

const python = ['python3', '/usr/bin/python3'].find(
  (command) => spawnSync(command, ['-c', 'import pty']).status === 0,
)
if (!python && process.env.CI === 'true') throw new Error('Python is not installed')

/** Runs a command at a terminal, answers its question, and prints what was there to be seen. */
const TERMINAL = `
import os, pty, select, sys
question, answer = sys.argv[1].encode(), sys.argv[2].encode()
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(sys.argv[3], sys.argv[3:])
seen = b""
while True:
    if not select.select([terminal], [], [], 60)[0]:
        os.kill(pid, 9)
        break
    try:
        read = os.read(terminal, 4096)
    except OSError:
        break
    if not read:
        break
    seen += read
    if answer and question in seen:
        os.write(terminal, answer)
        answer = b""
sys.stdout.buffer.write(seen)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`

function atTerminal(
  host: Host,
  folder: Folder,
  question: string,
  answer: string,
  ...args: string[]
) {
  const command = [...host.command, 'devices', ...args]
  const { status, stdout, stderr } = spawnSync(
    python!,
    ['-c', TERMINAL, question, answer, ...command],
    {
      cwd: folder.path,
      encoding: 'utf8',
      env: { ...process.env, ...ENV, NODE_NO_WARNINGS: '1', NO_COLOR: '1' },
      timeout: 90_000,
    },
  )
  assert.equal(stderr, '')
  return { seen: stdout, status }
}

for (const host of sqliteHosts) {
  const skip = host.missing || (python ? false : 'no Python')

  test(`what cannot be taken back is asked, on ${host.name}`, { skip }, async () => {
    using folder = await fleetFolder(host)
    assertDone(await devices(host, folder, 'provision', 'node', 'N-1', 'N-2'))
    const asked = '[y/N]'
    const count = async () =>
      objectsOf(assertDone(await devices(host, folder, 'list', '--json'))).length
    const no = atTerminal(host, folder, asked, '\r', 'delete', 'node/N-1')
    assert.match(no.seen, /^Delete node\/N-1, which nothing takes back\? \[y\/N\]/)
    assert.match(no.seen, /devicehub: nothing is done: it was not confirmed\r\n$/)
    assert.equal(no.status, 1)
    const interrupted = atTerminal(host, folder, asked, '\x03', 'revoke', 'node/N-1', 'node/N-2')
    assert.match(
      interrupted.seen,
      /^Revoke 2 devices\? .*devicehub: nothing was typed, and nothing is done\r\n$/,
    )
    assert.equal(interrupted.status, 130)
    assert.equal(await count(), 2)
    const yes = atTerminal(host, folder, asked, 'y\r', 'delete', 'node/N-1')
    assert.match(yes.seen, /node\/N-1: done\r\n$/)
    const unasked = atTerminal(host, folder, asked, '', 'delete', 'node/N-2', '--yes')
    assert.equal(unasked.seen, 'node/N-2: done\r\n')
    assert.equal(await count(), 0)
  })

  test(`a secret that is typed is not shown, on ${host.name}`, { skip }, async () => {
    using folder = await fleetFolder(host)
    const url = `http://127.0.0.1:${await freePort()}/admin`
    const { seen, status } = atTerminal(
      host,
      folder,
      'service:',
      'correct-horse\r',
      'list',
      '--url',
      url,
    )
    assert.match(seen, /^Secret of the service: \r\ndevicehub: http:.*: cannot be reached: .*\r\n$/)
    assert.doesNotMatch(seen, /correct|horse/)
    assert.equal(status, 1)
  })
}
