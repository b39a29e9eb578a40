/**
 * TLS and mutual TLS with real Mosquitto: what each kind of certificate comes to on each runtime.
 * That the broker contract holds there is in `test/conformance`.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { MqttConfig } from '../../adapters/mqtt/index.ts'
import { findVersion, newestNode, runtimes } from '../runner/runtime.ts'
import { mosquittoMissing } from '../support/mosquitto.ts'
import { within } from '../support/wait.ts'
import type { Outcome } from './tls-attempt.ts'
import { type Row, tlsRows } from './tls-rows.ts'
import { type Servers, startServers } from './tls-servers.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const ARGUMENTS: Readonly<Record<string, readonly string[]>> = {
  Bun: [],
  Deno: ['run', '-A', '--no-check', '--no-lock'],
}

async function carryOut(
  command: string,
  args: readonly string[],
  attempts: readonly MqttConfig[],
): Promise<readonly Outcome[]> {
  const child = spawn(command, [...args, 'test/mqtt/tls-child.ts'], {
    cwd: root,
    stdio: ['pipe', 'pipe', 'inherit'],
    // Checking certificates is not left to the environment.
    env: { ...process.env, NODE_TLS_REJECT_UNAUTHORIZED: '0', NODE_NO_WARNINGS: '1' },
  })
  child.stdin.end(JSON.stringify(attempts))
  try {
    return JSON.parse(await within(text(child.stdout), 'outcomes', 120_000))
  } finally {
    child.kill('SIGKILL')
  }
}

for (const runtime of [...runtimes, newestNode]) {
  const { name, command } = runtime
  const absent = findVersion(runtime, root) === undefined && `${name} is not installed`
  describe(`TLS on ${name}`, { skip: mosquittoMissing || absent }, () => {
    let servers: Servers
    let rows: readonly Row[]
    let outcomes: readonly Outcome[]
    before(async () => {
      servers = await startServers()
      rows = tlsRows(servers)
      const attempts = rows.map(({ config }) => config)
      outcomes = await carryOut(command, ARGUMENTS[name] ?? ['--import=tsx'], attempts)
    })
    after(() => servers?.[Symbol.asyncDispose]())

    test('every kind of certificate ends as it should', () => {
      const ends = (list: readonly { end: string }[]) =>
        Object.fromEntries(rows.map((row, i) => [row.name, list[i]?.end]))
      assert.deepEqual(ends(outcomes), ends(rows))
    })

    test('no text of a certificate or key is in an error', () => {
      for (const { message } of outcomes) {
        assert.doesNotMatch(message, /-----|[A-Za-z0-9+/=]{60}/)
      }
    })
  })
}
