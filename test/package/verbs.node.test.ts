/**
 * The verbs of the tarball that npm publishes, as a new user has them: in a folder with the packages beside
 * it, run by Node, Bun and Deno. What goes wrong is one line and a code, and Ctrl-C leaves nothing half done.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { type Folder, type Host, hosts, run, start } from '../cli/command.ts'
import { embeddedSite, HUB_PASSWORD } from '../cli/site.ts'
import { freePort } from '../support/mosquitto.ts'
import { installTo } from '../support/pack.ts'

const path = mkdtempSync(join(tmpdir(), 'devicehub-verbs-'))
after(() => rmSync(path, { recursive: true, force: true }))
// Of the optional ones those that the verbs need.
const bin = installTo(path, ['mqtt', 'hono'])

const config = (
  url: string,
  isGiven = true,
) => `import { command, createFleet, defineDeviceType, memoryStore } from 'devicehub'
import { defineConfig } from 'devicehub/cli'
import * as v from 'valibot'
const station = defineDeviceType('weatherstation', {
  data: v.object({ temperature: v.number() }),
  commands: { ping: command({ reply: v.object({}) }) },
})
const fleet = createFleet({ types: [station], store: memoryStore(), pepper: 'pepper-0123456789' })
const login = { username: 'hub', password: '${HUB_PASSWORD}' }
export default defineConfig({ ${isGiven ? 'fleet' : 'types: [station]'}, brokers: { default: { url: '${url}', ...login } } })
`

/** A folder of a user's beside the packages. */
function project(files: Readonly<Record<string, string>> = {}): Folder {
  const folder = mkdtempSync(join(path, 'project-'))
  const write = (file: string, text: string) => writeFileSync(join(folder, file), text)
  write('package.json', '{ "type": "module" }')
  for (const [file, text] of Object.entries(files)) write(file, text)
  return { path: folder, write, [Symbol.dispose]: () => rmSync(folder, { recursive: true }) }
}

/** The packed program in the place of the sources, and nothing that reads TypeScript. */
function packed(host: Host): Host {
  const command = host.command.slice(0, -1).filter((word) => !word.startsWith('--import'))
  const manual = host.name === 'Deno' ? ['--node-modules-dir=manual'] : []
  return { ...host, command: [...command, ...manual, bin] }
}

const VERBS: readonly (readonly string[])[] = [
  ['dev'],
  ['listen'],
  ['publish', 'a', '1'],
  ['explain', 'a', 'publish', 'b'],
  ['config', 'emqx'],
  ['simulate', 'weatherstation'],
  ['token', '--publish', 'a'],
  ['doctor'],
  ['store', 'status'],
]
/** Those that have no use for a configuration that is not there. */
const NEED_CONFIG = VERBS.filter(([verb]) => !['dev', 'config'].includes(verb!))
const pipes = existsSync('/bin/bash')
const LOGIN = `{"type":"weatherstation","id":"S-9","username":"weatherstation/S-9","password":"none"}`

for (const host of hosts.map(packed)) {
  describe(`on ${host.name}`, { skip: host.missing }, () => {
    test('a wrong flag: one line and the usage, code 2', async () => {
      using folder = project()
      for (const verb of VERBS) {
        const { code, stdout, stderr } = await run(host, folder, [...verb, '--wrong'])
        assert.match(
          stderr,
          /^devicehub: unknown option '--wrong'\nUsage: [^\n]+\n$/,
          verb.join(' '),
        )
        assert.deepEqual([code, stdout], [2, ''])
      }
    })

    test('a missing file: one line, code 2', async () => {
      using folder = project()
      for (const verb of NEED_CONFIG) {
        for (const more of [[], ['--config', 'none.mjs']]) {
          const { code, stdout, stderr } = await run(host, folder, [...verb, ...more])
          assert.match(
            stderr,
            /^devicehub: [^\n]*(no configuration file here|no such file)[^\n]*\n$/,
          )
          assert.deepEqual([code, stdout], [2, ''], verb.join(' '))
        }
      }
    })

    test('a broker that is not there: one line, code 1', async () => {
      const url = `mqtt://127.0.0.1:${await freePort()}`
      using folder = project({ 'devicehub.config.mjs': config(url), 'logins.jsonl': LOGIN })
      for (const verb of [
        ['listen'],
        ['publish', 'a', '1'],
        ['simulate', 'weatherstation', '--logins', 'logins.jsonl'],
      ]) {
        const { code, stdout, stderr } = await run(host, folder, verb)
        assert.match(stderr, /^devicehub: broker "default": ERR_BROKER_UNREACHABLE: [^\n]+\n$/)
        assert.deepEqual([code, stdout], [1, ''])
      }
      const { code, stdout, stderr } = await run(host, folder, ['doctor'])
      assert.match(
        stdout,
        /^broker "default": broker-unreachable: [^\n]+; start the broker[^\n]+\n$/,
      )
      assert.deepEqual([code, stderr], [1, ''])
    })

    test('what works does: token, explain, complete', async () => {
      using folder = project({ 'devicehub.config.mjs': config('mqtt://localhost') })
      const issued = await run(host, folder, ['token', '--publish', 'a/b', '--json'])
      assert.deepEqual(Object.keys(JSON.parse(issued.stdout)), [
        'username',
        'password',
        'expiresAt',
      ])
      const denied = await run(host, folder, ['explain', 'nobody', 'publish', 'a', '--json'])
      assert.deepEqual([JSON.parse(denied.stdout).effect, denied.code], ['deny', 1])
      const script = await run(host, folder, ['complete', 'zsh'])
      assert.match(script.stdout, /^#compdef devicehub\n/)
    })

    test('a closed pipe ends it quietly, code 141', {
      skip: pipes ? false : 'no bash',
    }, async () => {
      await using site = await embeddedSite()
      using folder = project({ 'devicehub.config.mjs': config(site.broker.url) })
      for (const words of ['config emqx', 'doctor --verbose']) {
        const line = `set -o pipefail; "$0" "$@" ${words} | true`
        const [program, ...args] = host.command
        const child = start(
          { ...host, command: ['bash', '-c', line, program!, ...args] },
          folder,
          [],
          { NODE_NO_WARNINGS: '1' },
        )
        assert.equal(await child.exit(), 141, words)
        assert.equal(child.stderr(), 'devicehub: the output was closed by its reader\n')
      }
    })

    test('Ctrl-C: listen and simulate end as told to, doctor without an answer', async () => {
      await using site = await embeddedSite()
      const { username, password } = site.login
      const login = { type: 'weatherstation', id: 'S-1', username, password }
      using folder = project({
        // Every device counts as provisioned.
        'devicehub.config.mjs': config(site.broker.url, false),
        'logins.jsonl': JSON.stringify(login),
      })
      const listening = start(host, folder, ['listen'])
      await listening.until(/subscribed/)
      const simulating = start(host, folder, [
        'simulate',
        'weatherstation',
        '--logins',
        'logins.jsonl',
      ])
      await listening.until(/ data weatherstation\/S-1 /)
      simulating.process.kill('SIGINT')
      assert.equal(await simulating.exit(), 0)
      assert.match(simulating.lines().join('\n'), /^\d+ messages of 1 devices in [^\n]+$/)
      listening.process.kill('SIGINT')
      assert.equal(await listening.exit(), 0)
      assert.deepEqual([listening.stderr(), simulating.stderr()], ['', ''])

      const sockets = new Set<{ destroy(): void }>()
      const silent = createServer((socket) => void sockets.add(socket)).listen(0, '127.0.0.1')
      await once(silent, 'listening')
      const { port } = silent.address() as { port: number }
      folder.write('devicehub.config.mjs', config(`mqtt://127.0.0.1:${port}`))
      const reached = once(silent, 'connection')
      const looking = start(host, folder, ['doctor'])
      await reached
      looking.process.kill('SIGINT')
      assert.equal(await looking.exit(), 130)
      assert.equal(looking.stderr(), 'devicehub: stopped before everything was looked at\n')
      for (const socket of sockets) socket.destroy()
      silent.close()
    })
  })
}
