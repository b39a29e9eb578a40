/**
 * `devicehub devices` of the tarball that npm publishes, as a new user has it: in a folder with the packages
 * beside it, run by Node, Bun and Deno.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { type Folder, type Host, type Outcome, run, sqliteHosts, start } from '../cli/command.ts'
import { ENV, objectsOf, withoutProgress } from '../cli/devices.ts'
import { freePort } from '../support/mosquitto.ts'
import { installTo } from '../support/pack.ts'

const path = mkdtempSync(join(tmpdir(), 'devicehub-packed-'))
after(() => rmSync(path, { recursive: true, force: true }))
// Of the optional ones those that the verbs need.
const bin = installTo(path, ['csv-parse', 'uqr'])

const CONFIG = `import { defineDeviceType } from 'devicehub'
import { defineConfig } from 'devicehub/cli'
import * as v from 'valibot'
const pump = defineDeviceType('pump', { data: v.object({ rpm: v.number() }) })
export default defineConfig({ types: [pump], store: 'fleet.db' })
`

/** A folder of a user's beside the packages. */
function project(): Folder {
  const folder = mkdtempSync(join(path, 'project-'))
  const write = (file: string, text: string) => writeFileSync(join(folder, file), text)
  write('package.json', '{ "type": "module" }')
  write('devicehub.config.mjs', CONFIG)
  return { path: folder, write, [Symbol.dispose]: () => rmSync(folder, { recursive: true }) }
}

/** The packed program in the place of the sources, and nothing that reads TypeScript. */
function packed(host: Host): Host {
  const command = host.command.slice(0, -1).filter((word) => !word.startsWith('--import'))
  return {
    ...host,
    command: [...command, ...(host.name === 'Deno' ? ['--node-modules-dir=manual'] : []), bin],
  }
}

/** Without a warning of the runtime that its SQLite is new. */
const QUIET = { ...ENV, NODE_NO_WARNINGS: '1' }
const pipes = existsSync('/bin/bash')

for (const host of sqliteHosts.map(packed)) {
  describe(`on ${host.name}`, { skip: host.missing }, () => {
    const devices = (folder: Folder, ...args: string[]): Promise<Outcome> =>
      run(host, folder, ['devices', ...args], QUIET)
    async function fleet(): Promise<Folder> {
      const folder = project()
      const { code, stderr } = await run(host, folder, ['store', 'migrate'], QUIET)
      assert.deepEqual([stderr, code], ['', 0])
      return folder
    }

    test('a file is imported, its labels are printed, and its devices are listed', async () => {
      using folder = await fleet()
      folder.write('pumps.csv', 'type,id\npump,P-1\npump,P-2\n')
      const done = await devices(folder, 'import', 'pumps.csv')
      assert.deepEqual(done, { code: 0, stdout: '2 added: pumps.csv.result.jsonl\n', stderr: '' })
      const labels = ['labels', 'pumps.csv.result.jsonl', '--output', 'sheet.html']
      assert.equal((await devices(folder, ...labels)).stdout, 'sheet.html: 2 labels\n')
      const { stdout } = await devices(folder, 'list', '--json')
      assert.deepEqual(
        objectsOf(stdout).map(({ id }) => id),
        ['P-1', 'P-2'],
      )
    })

    test('what is wrong is one line and a code', async () => {
      using folder = await fleet()
      const url = `http://127.0.0.1:${await freePort()}/admin`
      const env = { ...QUIET, DEVICEHUB_ADMIN_SECRET: 'a-secret' }
      for (const [args, line, code] of [
        [['list', '--wrong'], /^devicehub: unknown option '--wrong'\nUsage: [^\n]+\n$/, 2],
        [['import', 'none.csv'], /^devicehub: ENOENT[^\n]+none\.csv'\n$/, 2],
        [['list', '--url', url], /^devicehub: http:[^\n]+\/admin: cannot be reached: [^\n]+\n$/, 1],
        [['show', 'pump/P-1'], /^devicehub: ERR_DEVICE_UNKNOWN: [^\n]+\n$/, 1],
      ] as const) {
        const outcome = await run(host, folder, ['devices', ...args], env)
        assert.match(outcome.stderr, line)
        assert.deepEqual([outcome.stdout, outcome.code], ['', code])
      }
    })

    test('a closed pipe ends it quietly', { skip: pipes ? false : 'no bash' }, async () => {
      using folder = await fleet()
      const many = [
        'provision',
        'pump',
        '--count',
        '5000',
        '--prefix',
        'P-',
        '--output',
        'new.jsonl',
      ]
      assert.equal((await devices(folder, ...many)).code, 0)
      const line = 'set -o pipefail; "$0" "$@" devices list --json | head -1'
      const [program, ...args] = host.command
      const { status, stdout, stderr } = spawnSync('bash', ['-c', line, program!, ...args], {
        cwd: folder.path,
        encoding: 'utf8',
        env: { ...process.env, ...QUIET },
        timeout: 60_000,
      })
      assert.equal(objectsOf(stdout).length, 1)
      assert.deepEqual([stderr, status], ['devicehub: the output was closed by its reader\n', 141])
    })

    test('Ctrl-C in the middle of a bulk run leaves nothing half done', async () => {
      using folder = await fleet()
      const args = [
        'provision',
        'pump',
        '--count',
        '400000',
        '--prefix',
        'P-',
        '--output',
        'new.jsonl',
      ]
      const running = start(host, folder, ['devices', ...args], QUIET)
      const file = join(folder.path, 'new.jsonl')
      while (!existsSync(file)) await new Promise((next) => setTimeout(next, 5))
      running.process.kill('SIGINT')
      assert.equal(await running.exit(), 130)
      const stopped = 'devicehub: stopped: the same command goes on from here\n'
      assert.equal(withoutProgress(running.stderr()), stopped)
      const kept = readFileSync(file, 'utf8').trimEnd().split('\n').length - 1
      const { stdout } = await devices(folder, 'list', '--json')
      assert.equal(objectsOf(stdout).length, kept)
    })
  })
}
