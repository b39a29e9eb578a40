/**
 * Dynamic security over a broker that cannot tell of itself.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { dynamicSecurity } from '../../adapters/mosquitto/index.ts'
import { createFleet, memoryBroker, memoryStore } from '../../src/index.ts'
import { captureLog } from '../hub/fixture.ts'

for (const [title, status] of [
  [
    'status() throws',
    () => {
      throw new Error('not written yet')
    },
  ],
  ['status() gives no stream', () => undefined],
  ['its stream ends early', async function* () {}],
  [
    'its stream holds what is no status',
    async function* () {
      yield { kind: 'happy' }
    },
  ],
] as [string, () => never][]) {
  test(`${title}: that is one line in the log, and what it is asked goes on`, async () => {
    const answering = memoryBroker()
    const broker = {
      connect: answering.connect.bind(answering),
      subscribe: answering.subscribe.bind(answering),
      unsubscribe: answering.unsubscribe.bind(answering),
      // It has no dynamic security, and says so.
      publish: () => Promise.reject(new Error('no such topic')),
      close: () => answering.close(),
      [Symbol.asyncDispose]: () => answering.close(),
      status,
    }
    const log = captureLog()
    const fleet = createFleet({ types: [], store: memoryStore() })
    const security = dynamicSecurity(fleet, { broker, logger: log })
    await assert.rejects(security.start(), /no such topic/)
    await setImmediate()
    assert.equal(log.lines.length, 1)
    assert.match(
      log.lines[0]!,
      /^error: dynamic security: the statuses of its broker (failed|ended)/,
    )
  })
}
