/**
 * Where the `ws` package is not installed: a runtime's own WebSocket is used if it has one, and only
 * for what that can do.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { findVersion, howToInstall, newestNode, type Runtime, runtimes } from '../runner/runtime.ts'
import { mosquittoMissing, startMosquitto } from '../support/mosquitto.ts'
import { makeAttempts } from './attempt-runner.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const [node] = runtimes as [Runtime]

describe('without the ws package', { skip: mosquittoMissing }, () => {
  for (const [runtime, plain] of [
    [node, 'WebSocket' in globalThis ? 'delivered' : 'ERR_DEPENDENCY_MISSING'],
    [newestNode, 'delivered'],
  ] as const) {
    const absent = findVersion(runtime, root) === undefined && howToInstall(runtime)
    test(`${runtime.name}: ws: is ${plain}, wss: names the package`, { skip: absent }, async () => {
      const mosquitto = await startMosquitto({ listeners: { ws: { protocol: 'websockets' } } })
      try {
        const host = `127.0.0.1:${mosquitto.ports.get('ws')}/mqtt`
        const outcomes = await makeAttempts(
          runtime,
          [{ url: `ws://${host}` }, { url: `wss://${host}` }],
          ['--import=./test/mqtt/hide-ws.js'],
        )
        assert.deepEqual(
          outcomes.map(({ end }) => end),
          [plain, 'ERR_DEPENDENCY_MISSING'],
        )
        assert.match(outcomes[1]!.message, /"ws"/)
      } finally {
        await mosquitto.stop()
      }
    })
  }
})
