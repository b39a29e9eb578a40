/**
 * Publishing with QoS 2 takes two round trips. A connection that is lost between them leaves exchanges
 * half done, which the broker keeps with the session: they are ended when it is taken up again.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { BrokerError } from '../../src/index.ts'
import { bytes, connectClient, text, typesOf } from '../mqtt/client.ts'
import { mosquittoMissing, startMosquitto } from '../support/mosquitto.ts'
import { deferred, within } from '../support/wait.ts'
import { network } from './network.ts'

const RECONNECT_LIMIT = 30_000
/** As many as Mosquitto lets be half done at once. */
const RECEIVE_MAXIMUM = 20
/** Types of packets (MQTT 5, section 2.1.2). */
const steps = { PUBREC: 5, PUBREL: 6, PUBCOMP: 7 } as const
const versions = [
  ['5', { protocolVersion: 5, sessionExpiry: 60 }],
  ['3.1.1', { protocolVersion: 4, sessionExpiry: 0 }],
] as const

describe('a connection lost while publishing with QoS 2', { skip: mosquittoMissing }, () => {
  for (const [version, options] of versions) {
    for (const [packet, type] of Object.entries(steps)) {
      test(`before a ${packet} of MQTT ${version} leaves nothing behind in the session`, async () => {
        const mosquitto = await startMosquitto()
        try {
          await using between = await network(mosquitto.port)
          const ended = deferred()
          await using subscriber = await connectClient({ url: mosquitto.url }, async (message) => {
            if (text(message) === 'end') ended.resolve()
          })
          await subscriber.broker.subscribe([{ filter: 'a', qos: 2 }])
          const durable = { clientId: 'publisher', cleanStart: false, ...options }
          await using publisher = await connectClient({ url: between.url, ...durable })
          const publish = (body: string) =>
            publisher.broker.publish({ topic: 'a', payload: bytes(body), qos: 2 })

          between.cutAt(type)
          const cut = Array.from({ length: RECEIVE_MAXIMUM }, (_, i) => `cut ${i}`)
          const outcomes = await Promise.allSettled(cut.map(publish))
          const failures = outcomes.flatMap((one) =>
            one.status === 'rejected' ? [(one.reason as BrokerError).code] : [],
          )
          assert.ok(failures.length > 0)
          assert.deepEqual([...new Set(failures)], ['ERR_BROKER_CONNECTION_LOST'])
          await publisher.statuses.reach(3, 'statuses', RECONNECT_LIMIT)

          // As many at once as the broker takes from a client that owes it nothing.
          const after = Array.from({ length: RECEIVE_MAXIMUM }, (_, i) => `after ${i}`)
          await Promise.all(after.map(publish))
          await publish('end')
          assert.deepEqual(typesOf(publisher), ['connected', 'disconnected', 'connected'])
          const settled = outcomes.filter(({ status }) => status === 'fulfilled').length
          await within(ended.promise, 'end')
          const received = subscriber.received.items.map(text)
          assert.equal(new Set(received).size, received.length)
          assert.deepEqual(received.slice(-after.length - 1), [...after, 'end'])
          // The broker had the one whose exchange was cut, at the least.
          assert.ok(received.length >= Math.max(1, settled) + after.length + 1)
        } finally {
          await mosquitto.stop()
        }
      })
    }
  }
})
