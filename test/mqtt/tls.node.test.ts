/**
 * TLS and mutual TLS with real Mosquitto: what each kind of certificate comes to on each runtime.
 * That the broker contract holds there is in `test/conformance`.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { findVersion, howToInstall, newestNode, runtimes } from '../runner/runtime.ts'
import { mosquittoMissing } from '../support/mosquitto.ts'
import type { Outcome } from './attempt.ts'
import { makeAttempts } from './attempt-runner.ts'
import { type Row, tlsRows } from './tls-rows.ts'
import { type Servers, startServers } from './tls-servers.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

for (const runtime of [...runtimes, newestNode]) {
  const { name } = runtime
  const absent = findVersion(runtime, root) === undefined && howToInstall(runtime)
  describe(`TLS on ${name}`, { skip: mosquittoMissing || absent }, () => {
    let servers: Servers
    let rows: readonly Row[]
    let outcomes: readonly Outcome[]
    before(async () => {
      servers = await startServers()
      rows = tlsRows(servers)
      const attempts = rows.map(({ config }) => config)
      outcomes = await makeAttempts(runtime, attempts)
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
