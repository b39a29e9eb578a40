/**
 * TLS and mutual TLS with real Mosquitto: what each kind of certificate comes to on each runtime,
 * and that the broker contract holds there.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { brokerCases } from '../conformance/broker.ts'
import { authority } from '../support/certificates.ts'
import { mosquittoMissing } from '../support/mosquitto.ts'
import { within } from '../support/wait.ts'
import type { Findings, Orders } from './tls-child.ts'
import { type Row, tlsRows } from './tls-rows.ts'
import { type Servers, startServers } from './tls-servers.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const bin = (name: string) => join(root, 'node_modules', '.bin', name)

const runtimes: [name: string, command: string, args: string[]][] = [
  ['Node', process.execPath, ['--import=tsx']],
  ['Bun', bin('bun'), []],
  ['Deno', bin('deno'), ['run', '-A', '--no-check', '--no-lock']],
]

async function carryOut(command: string, args: string[], orders: Orders): Promise<Findings> {
  const child = spawn(command, [...args, 'test/mqtt/tls-child.ts'], {
    cwd: root,
    stdio: ['pipe', 'pipe', 'inherit'],
    // Checking certificates is not left to the environment.
    env: { ...process.env, NODE_TLS_REJECT_UNAUTHORIZED: '0', NODE_NO_WARNINGS: '1' },
  })
  child.stdin.end(JSON.stringify(orders))
  try {
    return JSON.parse(await within(text(child.stdout), 'findings', 120_000))
  } finally {
    child.kill('SIGKILL')
  }
}

for (const [name, command, args] of runtimes) {
  describe(`TLS on ${name}`, { skip: mosquittoMissing }, () => {
    let servers: Servers
    let rows: readonly Row[]
    let findings: Findings
    before(async () => {
      servers = await startServers()
      rows = tlsRows(servers)
      const { tcp, webSocket } = servers
      findings = await carryOut(command, args, {
        attempts: rows.map(({ config }) => config),
        contracts: [`mqtts://localhost:${tcp.good}`, `wss://localhost:${webSocket.good}/mqtt`].map(
          (url) => ({ url, caCerts: authority.cert }),
        ),
      })
    })
    after(() => servers?.[Symbol.asyncDispose]())

    test('every kind of certificate ends as it should', () => {
      const ends = (list: readonly { end: string }[]) =>
        Object.fromEntries(rows.map((row, i) => [row.name, list[i]?.end]))
      assert.deepEqual(ends(findings.outcomes), ends(rows))
    })

    test('no text of a certificate or key is in an error', () => {
      for (const { message } of findings.outcomes) {
        assert.doesNotMatch(message, /-----|[A-Za-z0-9+/=]{60}/)
      }
    })

    for (const [i, transport] of ['TCP', 'WebSocket'].entries()) {
      test(`the broker contract holds over ${transport}`, () => {
        const { passed, failed } = findings.contracts[i]!
        assert.deepEqual(failed, {})
        assert.equal(passed, Object.keys(brokerCases).length)
      })
    }
  })
}
