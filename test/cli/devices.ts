/**
 * What the tests of `devicehub devices` share: a folder with a fleet in a SQLite file, files of devices,
 * and what is in a result.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Folder, type Host, type Outcome, run, userFolder } from './command.ts'
import { TYPES } from './site.ts'

export const PEPPER = 'pepper-0123456789'
export const ENV = { DEVICEHUB_PEPPER: PEPPER }

/** A configuration of types, and where their devices are. */
export const CONFIG = `${TYPES}
export default { types: [station, node], store: 'fleet.db' }
`

/** A folder with a fleet of no devices. */
export async function fleetFolder(host: Host): Promise<Folder> {
  const folder = userFolder({ 'devicehub.config.ts': CONFIG })
  const { code, stderr } = await run(host, folder, ['store', 'migrate'])
  assert.deepEqual([stderr, code], ['', 0])
  return folder
}

/** Runs `devicehub devices` to its end. Lines of progress, which a slow machine has, are left out. */
export async function devices(host: Host, folder: Folder, ...args: string[]): Promise<Outcome> {
  const outcome = await run(host, folder, ['devices', ...args], ENV)
  return { ...outcome, stderr: withoutProgress(outcome.stderr) }
}

/** What else is on the error output. */
export function withoutProgress(stderr: string): string {
  return stderr.replaceAll(/^[\d,]+ (lines|devices), .*\n/gm, '')
}

/** One line on the error output, and nothing else. */
export function assertFails(
  { code, stdout, stderr }: Outcome,
  line: RegExp,
  expected: number,
  printed = '',
): void {
  assert.match(stderr, line)
  assert.match(stderr, /^devicehub: [^\n]+\n$/)
  assert.deepEqual([stdout, code], [printed, expected])
}

/** It did what it was asked, without a word on the error output. */
export function assertDone({ code, stdout, stderr }: Outcome): string {
  assert.deepEqual([stderr, code], ['', 0])
  return stdout
}

/** A line of a result. */
export interface ResultLine {
  readonly line: number
  readonly id?: string
  readonly result: string
  readonly username?: string
  readonly password?: string
  readonly code?: string
  readonly text?: string
}

/** The lines of a result, without the first. */
export function resultsIn(folder: Folder, file: string): readonly ResultLine[] {
  const [, ...lines] = readFileSync(join(folder.path, file), 'utf8').trimEnd().split('\n')
  return lines.map((line) => JSON.parse(line))
}

/** The objects of output that has one on each line. */
export function objectsOf(stdout: string): readonly Record<string, unknown>[] {
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
}

/** Writes a program that tries logins of a result, and is run with the names of the two files. */
export function writeLoginCheck(folder: Folder): void {
  writeFileSync(join(folder.path, 'check-logins.ts'), CHECK)
}

const CHECK = `import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createFleet } from 'devicehub'
import { sqlite, sqlStore } from 'devicehub/sql'
import config from './devicehub.config.ts'

async function fleetOver() {
  const { DatabaseSync } = await import('node:sqlite')
  const store = sqlStore(sqlite(new DatabaseSync('fleet.db')))
  return createFleet({ types: config.types, store, pepper: process.env.DEVICEHUB_PEPPER })
}

const [results, count] = process.argv.slice(2)
const fleet = config.fleet ?? (await fleetOver())
const logins = new Map()
for (const text of readFileSync(results, 'utf8').trimEnd().split('\\n').slice(1)) {
  const { result, username, password } = JSON.parse(text)
  // What was written last of a device counts.
  if (result === 'added') logins.set(username, password)
}
for (const [username, password] of logins) {
  const { effect } = await fleet.authenticate({ username, password, clientId: username })
  assert.equal(effect, 'allow', username)
}
let listed = 0
for (let cursor; ; ) {
  const page = await fleet.list({ limit: 1_000, ...(cursor && { cursor }) })
  for (const { username } of page.records) assert.ok(logins.has(username), username)
  listed += page.records.length
  cursor = page.cursor
  if (cursor === undefined) break
}
assert.deepEqual([listed, logins.size], [Number(count), Number(count)])
console.log('all of them')
process.exit()
`
