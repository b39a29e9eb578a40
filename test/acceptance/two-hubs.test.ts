/**
 * Two hubs, each a process of its own, share the work on Mosquitto.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { mqtt } from '../../adapters/mqtt/index.ts'
import { mosquittoMissing, startMosquitto } from '../support/mosquitto.ts'
import { Collector, deferred, within } from '../support/wait.ts'
import { COUNTERS } from './hub-process.ts'

const MESSAGES = 1_000

/** A hub process: its lines but for `ready`, and how to end it. */
async function startHub(url: string, lines: (line: string) => void): Promise<() => Promise<void>> {
  const args = ['--import', 'tsx', 'test/acceptance/hub-process.ts', url]
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  const ready = deferred()
  const ended = deferred<number | null>()
  child.once('close', ended.resolve)
  createInterface(child.stdout).on('line', (line) => {
    if (line === 'ready') ready.resolve()
    else lines(line)
  })
  await within(ready.promise, 'ready hub process', 30_000)
  return async () => {
    child.stdin.end()
    assert.equal(await within(ended.promise, 'end of the hub process', 10_000), 0)
  }
}

test('1,000 QoS 1 messages are handled once each, and both hubs take part', {
  skip: mosquittoMissing,
}, async () => {
  const mosquitto = await startMosquitto()
  const handled = new Collector<string>()
  const shares = [0, 0]
  try {
    const ends = await Promise.all(
      shares.map((_, hub) =>
        startHub(mosquitto.url, (line) => {
          shares[hub]!++
          handled.push(line)
        }),
      ),
    )
    const devices = mqtt({ url: mosquitto.url })
    await devices.connect({ onMessage: async () => {} })
    const numbers = Array.from({ length: MESSAGES }, (_, n) => n)
    await Promise.all(
      numbers.map((n) =>
        devices.publish({
          topic: `things/counter/${COUNTERS[n % COUNTERS.length]}/data`,
          payload: new TextEncoder().encode(JSON.stringify({ n })),
          qos: 1,
        }),
      ),
    )
    await handled.reach(MESSAGES, 'handled messages', 30_000)
    await devices.close()
    // Closing drains: had a message been handled twice, its second line would be here now.
    await Promise.all(ends.map((end) => end()))
    assert.deepEqual([...handled.items].sort(), numbers.map((n) => `handled ${n}`).sort())
    assert.ok(Math.min(...shares) > 0, `the shares were ${shares.join(' and ')}`)
  } finally {
    await mosquitto.stop()
  }
})
