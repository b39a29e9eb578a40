/**
 * Handling: nothing that a handler does, and nothing that a broker sends too much of, costs a
 * message, an acknowledgement or the connection.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { mqtt } from '../../adapters/mqtt/index.ts'
import type { Broker, BrokerStatus, Message } from '../../src/broker/broker.ts'
import { mosquittoMissing, startMosquitto } from '../support/mosquitto.ts'
import { Collector, deferred, within } from '../support/wait.ts'
import { bytes, connectClient, text, typesOf } from './client.ts'
import { scriptedBroker } from './scripted-broker.ts'

const LIMIT = 30_000
const RECONNECT_LIMIT = 20_000
const BACKLOG = 2_000
const WINDOW = 16

async function collect(broker: Broker, statuses: Collector<BrokerStatus>): Promise<void> {
  for await (const status of broker.status()) statuses.push(status)
}

describe('a handler that throws', () => {
  const thrown: [title: string, value: unknown][] = [
    ['nothing', undefined],
    ['null', null],
    ['a text', 'text'],
    ['an error', new Error('an error')],
  ]
  for (const [title, value] of thrown) {
    for (const [how, handle] of [
      [
        'at once',
        () => {
          throw value
        },
      ],
      ['later', () => sleep(0).then(() => Promise.reject(value))],
    ] as const) {
      test(`${title} ${how} is told, and the next message is handled`, async () => {
        await using server = await scriptedBroker()
        // Not the client of the other tests, whose own handler never throws at once.
        await using broker = mqtt({ url: server.url, receiveMaximum: 1 })
        const statuses = new Collector<BrokerStatus>()
        void collect(broker, statuses)
        const handled: string[] = []
        const onMessage = (message: Message) => {
          handled.push(text(message))
          return text(message) === 'bad' ? handle() : undefined
        }
        await within(broker.connect({ onMessage }), 'connection')
        for (const [i, body] of ['bad', 'good'].entries()) {
          server.deliver({ topic: 'a', text: body, qos: 1, id: i + 1 })
          await server.acknowledgements.reach(i + 1, 'acknowledgement')
        }
        assert.deepEqual(handled, ['bad', 'good'])
        assert.deepEqual(server.acknowledgements.items, [
          { id: 1, reason: 0x80 },
          { id: 2, reason: 0 },
        ])
        const [connected, failed, ...others] = await statuses.reach(2, 'statuses')
        assert.equal(connected!.kind, 'connected')
        assert.ok(failed?.kind === 'error' && failed.error instanceof Error)
        assert.deepEqual(others, [])
      })
    }
  }
})

for (const qos of [1, 2] as const) {
  test(`QoS ${qos}: an acknowledgement goes over no other connection than its message`, async () => {
    const turn = deferred()
    await using server = await scriptedBroker()
    await using client = await connectClient({ url: server.url }, (message) =>
      text(message) === 'slow' ? turn.promise : Promise.resolve(),
    )
    server.deliver({ topic: 'a', text: 'slow', qos, id: 7 })
    await client.received.reach(1, 'message')
    server.disconnect(0x8b)
    await client.statuses.reach(3, 'statuses', RECONNECT_LIMIT)
    turn.resolve()
    // In another session the identifier is that of another message.
    server.deliver({ topic: 'a', text: 'quick', qos, id: 8 })
    await server.acknowledgements.reach(1, 'acknowledgement')
    await client.broker.publish({ topic: 'a', payload: bytes('x') })
    assert.deepEqual(server.acknowledgements.items, [{ id: 8, reason: 0 }])
  })
}

test('a broker that sends more than it may is held to the window, and all is acknowledged', async () => {
  await using server = await scriptedBroker()
  let running = 0
  let most = 0
  const config = { url: server.url, receiveMaximum: WINDOW }
  await using client = await connectClient(config, async () => {
    most = Math.max(most, ++running)
    await sleep(1)
    running--
  })
  const ids = Array.from({ length: 1_000 }, (_, n) => n + 1)
  for (const id of ids) server.deliver({ topic: 'a', text: `${id}`, qos: 1, id })
  await server.acknowledgements.reach(ids.length, 'acknowledgements', LIMIT)
  assert.equal(most, WINDOW)
  assert.deepEqual(client.received.items.map(text), ids.map(String))
  const acknowledged = server.acknowledgements.items.map(({ id }) => id)
  assert.deepEqual(
    acknowledged.sort((a, b) => a - b),
    ids,
  )
})

describe('the backlog of a durable session', { skip: mosquittoMissing }, () => {
  for (const qos of [1, 2] as const) {
    test(`of ${BACKLOG} messages of QoS ${qos} is handled ${WINDOW} at a time, each once`, async () => {
      const mosquitto = await startMosquitto({ config: ['max_queued_messages 0'] })
      try {
        const durable = { url: mosquitto.url, clientId: 'durable', cleanStart: false }
        const config = { ...durable, sessionExpiry: 60, receiveMaximum: WINDOW }
        const before = await connectClient(config)
        await before.broker.subscribe([{ filter: 'a', qos }])
        await before.broker.close()
        await using publisher = await connectClient({ url: mosquitto.url })
        const numbers = Array.from({ length: BACKLOG }, (_, n) => `${n}`)
        const publish = (n: string) =>
          publisher.broker.publish({ topic: 'a', payload: bytes(n), qos })
        await Promise.all(numbers.map(publish))

        let running = 0
        let most = 0
        await using after = await connectClient(config, async () => {
          most = Math.max(most, ++running)
          await sleep(1)
          running--
        })
        await after.received.reach(BACKLOG, 'messages', LIMIT)
        await publish('end')
        await after.received.reach(BACKLOG + 1, 'messages', LIMIT)
        assert.equal(most, WINDOW)
        assert.deepEqual(after.received.items.map(text), [...numbers, 'end'])
        assert.deepEqual(typesOf(after), ['connected'])
      } finally {
        await mosquitto.stop()
      }
    })
  }
})
