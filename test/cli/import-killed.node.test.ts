/**
 * `devicehub devices import` and `provision`, killed at any moment: run again, they end with every device
 * once, and a password of each that lets it in.
 *
 * `DEVICEHUB_TEST_DEVICES=1000000` runs it with as many as that.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { appendFileSync, existsSync, statSync, truncateSync, watch, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { test } from 'node:test'
import { postgresMissing, startPostgres } from '../support/postgres.ts'
import { deferred, within } from '../support/wait.ts'
import {
  type Folder,
  type Host,
  newestNode,
  type Run,
  run,
  running,
  sqliteHosts,
  start,
  userFolder,
} from './command.ts'
import {
  assertDone,
  devices,
  ENV,
  fleetFolder,
  PEPPER,
  resultsIn,
  withoutProgress,
  writeLoginCheck,
} from './devices.ts'
import { TYPES } from './site.ts'

const asked = Number(process.env.DEVICEHUB_TEST_DEVICES ?? 0)
const COUNT = asked || 6_000
const LIMIT_MS = asked ? 1_800_000 : 120_000

/** Settles when a file has so many bytes. */
async function untilSize(folder: Folder, file: string, size: number): Promise<void> {
  const path = join(folder.path, file)
  const reached = deferred<void>()
  const look = () => {
    if (existsSync(path) && statSync(path).size >= size) reached.resolve()
  }
  const watcher = watch(folder.path, look)
  // What is written between two looks at a folder is not always told.
  const timer = setInterval(look, 5)
  try {
    await within(reached.promise, `${size} bytes of ${file}`, LIMIT_MS)
  } finally {
    clearInterval(timer)
    watcher.close()
  }
}

async function kill(running: Run): Promise<void> {
  running.process.kill('SIGKILL')
  await running.exit()
}

/** Runs a command that is killed three times, and to its end. */
async function killedAndResumed(
  host: Host,
  folder: Folder,
  args: readonly string[],
  file: string,
  bytesOfLine: number,
): Promise<void> {
  const path = join(folder.path, file)
  for (const [i, part] of [0.1, 0.35, 0.6].entries()) {
    const command = start(host, folder, ['devices', ...args], ENV)
    await untilSize(folder, file, COUNT * bytesOfLine * part)
    await kill(command)
    // As if it had been killed after a thousand were on record and before half of them were written down,
    // and then in the middle of a line.
    if (i === 0) truncateSync(path, statSync(path).size - 500 * bytesOfLine - 7)
    if (i === 1) appendFileSync(path, '{"line":')
  }
  const outcome = start(host, folder, ['devices', ...args], ENV)
  const code = await ending(outcome)
  assert.deepEqual([withoutProgress(outcome.stderr()), code], ['', 0])
  assert.match(outcome.lines().join('\n'), /^[\d,]+ added, [\d,]+ added by an earlier run: /)
  assert.equal(existsSync(`${path}.lock`), false)
  assert.equal(statSync(path).mode & 0o777, 0o600)

  const again = start(host, folder, ['devices', ...args, '--json'], ENV)
  assert.equal(await ending(again), 0)
  const told = { added: 0, there: 0, refused: 0, earlier: COUNT, result: file }
  assert.deepEqual(JSON.parse(again.lines().join('')), told)

  writeLoginCheck(folder)
  const check = start(running(host, 'check-logins.ts'), folder, [file, `${COUNT}`], ENV)
  await ending(check)
  assert.equal(check.lines().join('\n'), 'all of them', check.stderr())
}

/** Settles with the exit code, however many devices there are. */
function ending({ process: child }: Run): Promise<number | null> {
  const closed = new Promise<number | null>((resolve) => child.once('close', resolve))
  return within(closed, 'end of the command', LIMIT_MS)
}

async function importKilled(host: Host, folder: Folder): Promise<void> {
  const lines = Array.from({ length: COUNT }, (_, i) => `weatherstation,S-${i},north`)
  const file = join(folder.path, 'stations.csv')
  writeFileSync(file, `type,id,attributes.site\n${lines.join('\n')}\n`)
  const result = 'stations.csv.result.jsonl'
  await killedAndResumed(host, folder, ['import', 'stations.csv'], result, 160)
  // One that was on record and not written down has another password than it had at first, and no other.
  const ids = resultsIn(folder, result).map(({ id }) => id)
  assert.equal(new Set(ids).size, COUNT)
  assert.equal(ids.length, COUNT)
}

for (const host of sqliteHosts) {
  const options = { skip: host.missing, timeout: 6 * LIMIT_MS }

  test(`an import of ${COUNT} devices, on ${host.name}`, options, async () => {
    using folder = await fleetFolder(host)
    await importKilled(host, folder)
  })

  if (asked) continue
  test(`numbered devices, on ${host.name}`, options, async () => {
    using folder = await fleetFolder(host)
    const args = ['provision', 'weatherstation', '--count', `${COUNT}`, '--prefix', 'S-']
    await killedAndResumed(host, folder, [...args, '--output', 'new.jsonl'], 'new.jsonl', 160)
  })
}

test(`an import of ${COUNT} devices into PostgreSQL`, {
  skip: newestNode.missing || postgresMissing,
  timeout: 6 * LIMIT_MS,
}, async () => {
  const server = await startPostgres()
  try {
    using folder = userFolder({ 'devicehub.config.ts': overPostgres(server.url) })
    const { stderr } = await run(newestNode, folder, ['store', 'migrate'])
    assert.equal(stderr, '')
    await importKilled(newestNode, folder)
  } finally {
    await server.stop()
  }
})

/** A fleet of its own, with its pepper. */
function overPostgres(url: string): string {
  return `${TYPES}
import { createFleet } from 'devicehub'
import { pgPool, sqlStore } from 'devicehub/sql'
import pg from 'pg'
const store = sqlStore(pgPool(new pg.Pool({ connectionString: '${url}' })))
export default { fleet: createFleet({ types: [station], store, pepper: '${PEPPER}' }) }
`
}

for (const host of sqliteHosts.slice(0, 1)) {
  test('two at a time: the second is refused, and one that is gone holds nobody up', {
    skip: host.missing,
    timeout: LIMIT_MS,
  }, async () => {
    using folder = await fleetFolder(host)
    const args = [
      'provision',
      'weatherstation',
      '--count',
      '3',
      '--prefix',
      'S-',
      '--output',
      'new.jsonl',
    ]
    const lock = join(folder.path, 'new.jsonl.lock')
    writeFileSync(lock, `${process.pid}\n`)
    const { stderr, code } = await devices(host, folder, ...args)
    assert.match(
      stderr,
      new RegExp(`^devicehub: new\\.jsonl: the process ${process.pid} is writing`),
    )
    assert.equal(code, 1)
    const gone = await run(running(host, 'pid.ts'), withProgram(folder), [])
    writeFileSync(lock, gone.stdout)
    assert.equal(assertDone(await devices(host, folder, ...args)), '3 added: new.jsonl\n')
  })
}

function withProgram(folder: Folder): Folder {
  folder.write('pid.ts', 'console.log(process.pid)')
  return folder
}
