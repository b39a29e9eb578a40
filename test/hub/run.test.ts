/**
 * The whole life of a hub as one call.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { createFleet, createHub, memoryBroker, memoryStore } from '../../src/index.ts'
import { Collector, deferred, within } from '../support/wait.ts'
import { fixture, weatherStation } from './fixture.ts'

const DATA = 'things/weatherstation/STATION-001/data'

describe('hub.run', () => {
  test('handles messages until the signal aborts, and then lets handlers end', async () => {
    await using f = await fixture()
    const begun = new Collector<number>()
    const gate = deferred()
    let done = false
    f.hub.onData(weatherStation, async ({ data }) => {
      begun.push(data.temperature)
      await gate.promise
      done = true
    })
    const stop = new AbortController()
    const running = f.hub.run({ signal: stop.signal })
    await f.hub.start() // Settles when it has started.
    await f.publish(DATA, { temperature: 1 })
    await begun.reach(1, 'handlers')
    stop.abort()
    gate.resolve()
    await within(running, 'end')
    assert.equal(done, true)
  })

  test('with a signal that was aborted before starts nothing', async () => {
    await using f = await fixture()
    await within(f.hub.run({ signal: AbortSignal.abort() }), 'end')
    await assert.rejects(f.hub.start(), { code: 'ERR_BROKER_CLOSED' })
  })

  test('rejects if it cannot start, as start does', async () => {
    const fleet = createFleet({ types: [weatherStation], store: memoryStore() })
    const broker = memoryBroker()
    await broker.close()
    const logger = { info() {}, warn() {}, error() {} }
    const hub = createHub(fleet, { brokers: { default: broker }, logger })
    const { signal } = new AbortController()
    await assert.rejects(within(hub.run({ signal }), 'end'), { code: 'ERR_BROKER_CLOSED' })
  })
})
