/**
 * Publishing on and on with an offline queue, while the network to a real Mosquitto is cut time after
 * time: what each promise says is what the subscriber has seen.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BrokerError } from '../../src/base/errors.ts'
import { network } from '../faults/network.ts'
import { mosquittoMissing, startMosquitto } from '../support/mosquitto.ts'
import { within } from '../support/wait.ts'
import { bytes, connectClient, text } from './client.ts'

const MESSAGES = 2_000
const CUTS = 4
const LIMIT = 60_000

test(`through ${CUTS} cuts of the network the order is kept, and nothing comes twice`, {
  skip: mosquittoMissing,
}, async () => {
  const mosquitto = await startMosquitto({ config: ['max_queued_messages 0'] })
  try {
    await using between = await network(mosquitto.port)
    await using subscriber = await connectClient({ url: mosquitto.url })
    await subscriber.broker.subscribe([{ filter: 'a' }])
    const offlineQueue = { limit: MESSAGES }
    await using publisher = await connectClient({ url: between.url, offlineQueue })
    const outcomes: string[] = []
    let acknowledged = 0
    let cuts = 0
    const publishes: Promise<void>[] = []
    const publish = async (n: number) => {
      try {
        await publisher.broker.publish({ topic: 'a', payload: bytes(`${n}`) })
        outcomes[n] = 'done'
        acknowledged++
      } catch (error) {
        outcomes[n] = (error as BrokerError).code
      }
      // In the middle of what is on its way, and of what the queue is sending.
      if (cuts < CUTS && acknowledged > (cuts + 1) * (MESSAGES / (CUTS + 2))) {
        cuts++
        between.cut()
        between.heal()
      }
    }
    for (let n = 0; n < MESSAGES; n++) {
      publishes.push(publish(n))
      if (n % 50 === 0) await new Promise((resolve) => setTimeout(resolve))
    }
    await within(Promise.all(publishes), 'publishes', LIMIT)
    await subscriber.broker.publish({ topic: 'a', payload: bytes('end') })
    while (subscriber.received.items.map(text).at(-1) !== 'end') {
      await subscriber.received.reach(subscriber.received.items.length + 1, 'messages', LIMIT)
    }

    assert.equal(cuts, CUTS)
    const received = subscriber.received.items.map(text).slice(0, -1).map(Number)
    const inOrder = [...new Set(received)].sort((a, b) => a - b)
    assert.deepEqual(received, inOrder)
    const seen = new Set(received)
    for (const [n, outcome] of outcomes.entries()) {
      if (outcome === 'done') assert.ok(seen.has(n), `${n} was acknowledged`)
      else assert.equal(outcome, 'ERR_BROKER_CONNECTION_LOST')
    }
    const lost = outcomes.filter((outcome) => outcome !== 'done').length
    // Mosquitto takes 20 at a time: no more can have been on their way.
    assert.ok(lost <= CUTS * 20, `${lost} were lost`)
  } finally {
    await mosquitto.stop()
  }
})
