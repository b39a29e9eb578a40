/**
 * The cases of wills.
 *
 * @module
 */

import { InvalidTopicError } from '../../base/errors.ts'
import type { BrokerStatus, Will } from '../../broker/broker.ts'
import * as assert from '../assert.ts'
import { Collector, within } from '../wait.ts'
import { type BrokerCases, bytes, text } from './bench.ts'

const RECONNECT_LIMIT = 15_000

export const wills: BrokerCases = {
  'a will is sent each time the connection is lost': async (bench) => {
    const watcher = await bench.connect()
    const topic = bench.topic('gone')
    await watcher.broker.subscribe([{ filter: topic, qos: 2 }])
    const payload = bytes('gone')
    const lost = await bench.connectLosable({ topic, payload, qos: 2 })
    // Whoever gave the will may change it after that.
    payload.fill(0)
    const connections = new Collector<BrokerStatus>()
    void collectConnections(lost.broker.status(), connections)
    for (const count of [1, 2]) {
      await lost.lose()
      await watcher.received.reach(count, 'wills')
      await connections.reach(count, 'connections', RECONNECT_LIMIT)
    }
    assert.deepEqual(
      watcher.received.items.map((message) => [text(message), message.qos, message.retain]),
      [
        ['gone', 2, false],
        ['gone', 2, false],
      ],
    )
  },

  'a will is not sent after close': async (bench) => {
    const watcher = await bench.connect()
    await watcher.broker.subscribe([{ filter: bench.topic('#') }])
    const { broker } = await bench.connectLosable({
      topic: bench.topic('gone'),
      payload: bytes('gone'),
    })
    await within(broker.close(), 'close')
    await watcher.broker.publish({ topic: bench.topic('end'), payload: bytes('end') })
    assert.deepEqual((await watcher.received.reach(1, 'message')).map(text), ['end'])
  },

  'a wrong will rejects, and a right one connects after that': async (bench) => {
    const topic = bench.topic('gone')
    const payload = bytes('gone')
    const broker = await bench.open()
    for (const wrong of [
      'gone',
      { topic },
      { topic, payload, qos: 3 },
      { topic, payload, delay: 0.5 },
      { topic, payload: new Uint8Array(65_536) },
    ]) {
      const will = wrong as unknown as Will
      await assert.rejects(broker.connect({ onMessage() {}, will }), TypeError)
    }
    const will = { topic: bench.topic('+'), payload }
    await assert.rejects(broker.connect({ onMessage() {}, will }), InvalidTopicError)
    const empty = { topic, payload: new Uint8Array(0), delay: 5 }
    await within(broker.connect({ onMessage() {}, will: empty }), 'connection')
    await broker.subscribe([{ filter: topic }])
  },
}

async function collectConnections(
  statuses: AsyncIterable<BrokerStatus>,
  connections: Collector<BrokerStatus>,
): Promise<void> {
  for await (const status of statuses) if (status.kind === 'connected') connections.push(status)
}
