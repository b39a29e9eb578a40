/**
 * A handler that is slower than its input, for a minute.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { mqtt } from '../../adapters/mqtt/index.ts'
import { mosquittoMissing } from '../support/mosquitto.ts'
import { Collector } from '../support/wait.ts'
import { HubHost } from './hub-host.ts'
import { startSite } from './site.ts'
import { DEVICES, topicOf } from './types.ts'

const SECONDS = Number(process.env.FAULT_SECONDS ?? 60)
/** With 20 devices side by side a hub handles at most 500 a second; half as many again come. */
const HANDLER_TIME = 40
const PER_SECOND = 750
const BATCH_TIME = 20
const GROWTH = 48 * 1024 * 1024
/** Shorter than any pause in which nothing would be read. */
const KEEPALIVE = 3

describe(`a handler that is slower than its input for ${SECONDS} s`, {
  skip: mosquittoMissing,
  timeout: (SECONDS + 120) * 1_000,
}, () => {
  test('costs no memory, no connection and no order: the broker holds what waits', async (t) => {
    await using site = await startSite(['autosave_interval 0', 'sys_interval 1'])
    const { url } = site.mosquitto
    const log = site.log('hub')
    const task = { url, clientId: 'hub', log, handlerTime: HANDLER_TIME, keepalive: KEEPALIVE }
    await using hub = new HubHost(task)
    await hub.start()

    const stored = new Collector<number>()
    await using observer = mqtt({ url, clientId: 'observer' })
    await observer.connect({
      onMessage: ({ payload }) => stored.push(Number(new TextDecoder().decode(payload))),
    })
    await observer.subscribe([{ filter: '$SYS/broker/store/messages/count' }])
    await using publisher = mqtt({ url, clientId: 'publisher' })
    await publisher.connect({ onMessage: () => {} })

    let published = 0
    const send = () => {
      const sequence = published++
      const payload = new TextEncoder().encode(JSON.stringify({ sequence }))
      return publisher.publish({ topic: topicOf(sequence), payload, qos: 1 })
    }
    const start = performance.now()
    let sending: Promise<unknown> = Promise.resolve()
    for (let elapsed = 0; elapsed < SECONDS * 1_000; elapsed = performance.now() - start) {
      const due = Math.floor((elapsed * PER_SECOND) / 1_000) - published
      const batch = Array.from({ length: Math.max(0, due) }, send)
      sending = Promise.all([sending, ...batch])
      await sleep(BATCH_TIME) // The rate is what is tested: there is nothing to wait for.
    }
    await sending
    const handled = readLog(log)
    const waiting = published - handled.length
    assert.ok(waiting > published / 10, `only ${waiting} of ${published} wait`)
    // It tells once a second.
    const told = await stored.reach(stored.items.length + 2, 'counts')
    assert.ok(told.at(-1)! > waiting / 2, `${told.at(-1)} in the broker, ${waiting} wait`)

    assert.deepEqual(hub.events, ['connected'])
    // After a sixth of the time all is warm.
    const memory = hub.memory.slice(Math.floor(hub.memory.length / 6))
    const growth = Math.max(...memory.slice(-10)) - Math.min(...memory.slice(0, 10))
    assert.ok(growth < GROWTH, `it grew by ${growth} bytes`)
    const order = Array.from({ length: DEVICES }, (_, i) =>
      handled.filter((sequence) => sequence % DEVICES === i),
    )
    for (const [i, sequences] of order.entries()) {
      // All of them, one after the other, none twice.
      assert.deepEqual(
        sequences,
        sequences.map((_, turn) => i + turn * DEVICES),
      )
    }
    t.diagnostic(
      `${handled.length} of ${published} handled, ${told.at(-1)} wait in the broker, memory grew by ${Math.round(growth / 2 ** 20)} MiB`,
    )
  })
})

function readLog(file: string): number[] {
  return readFileSync(file, 'utf8').split('\n').filter(Boolean).map(Number)
}
