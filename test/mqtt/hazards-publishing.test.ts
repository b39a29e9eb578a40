/**
 * Publishing what is hard to carry: refused messages of QoS 2, more at once than there are packet
 * identifiers, and user properties with the names of an object's own members.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { OutgoingMessage } from '../../src/broker/broker.ts'
import { mosquittoMissing, startMosquitto } from '../support/mosquitto.ts'
import { deferred, within } from '../support/wait.ts'
import { bytes, connectClient, typesOf } from './client.ts'
import { scriptedBroker } from './scripted-broker.ts'

const LIMIT = 30_000
/** More than there are packet identifiers (MQTT 5, section 2.2.1). */
const VERY_MANY = 70_000

describe('a refused publish of QoS 2', () => {
  for (const [reason, code] of [
    [0x80, 'ERR_BROKER_REFUSED'],
    [0x87, 'ERR_BROKER_NOT_AUTHORIZED'],
    [0x97, 'ERR_BROKER_REFUSED'],
  ] as const) {
    test(`with 0x${reason.toString(16)} is ${code}, and the next one goes out`, async () => {
      await using server = await scriptedBroker({
        publish: (topic, answer) => answer(topic === 'bad' ? reason : 0),
      })
      await using client = await connectClient({ url: server.url })
      const publish = (topic: string) =>
        within(client.broker.publish({ topic, payload: bytes('x'), qos: 2 }), 'publish')
      await assert.rejects(publish('bad'), { code, reasonCode: reason, message: /"bad"/ })
      await publish('good')
      assert.deepEqual(typesOf(client), ['connected'])
    })
  }
})

test(`${VERY_MANY} publishes at once all settle, whatever the broker takes at a time`, async () => {
  const answers: ((reason: number) => void)[] = []
  const full = deferred()
  let isFull = false
  await using server = await scriptedBroker({
    publish(_topic, answer) {
      if (isFull) {
        answer(0)
        return
      }
      answers.push(answer)
      if (answers.length === 65_000) full.resolve()
    },
  })
  await using client = await connectClient({ url: server.url })
  const message = { topic: 'a', payload: bytes('x') }
  const publishes = Array.from({ length: VERY_MANY }, () => client.broker.publish(message))
  const all = Promise.all(publishes)
  await within(full.promise, 'messages in flight', LIMIT)
  isFull = true
  for (const answer of answers) answer(0)
  await within(all, 'publishes', LIMIT)
  await within(client.broker.subscribe([{ filter: 'a' }]), 'subscription')
  assert.deepEqual(typesOf(client), ['connected'])
})

describe('a message over Mosquitto', { skip: mosquittoMissing }, () => {
  test('keeps user properties named as members of an object', async () => {
    const mosquitto = await startMosquitto()
    try {
      await using client = await connectClient({ url: mosquitto.url })
      await client.broker.subscribe([{ filter: 'a' }])
      const text = '{"__proto__":"1","constructor":"2","toString":["3","4"],"hasOwnProperty":"5"}'
      const userProperties = JSON.parse(text) as NonNullable<OutgoingMessage['userProperties']>
      await client.broker.publish({ topic: 'a', payload: bytes('x'), userProperties })
      const [message] = await client.received.reach(1, 'message')
      const received = message!.userProperties!
      assert.equal(Object.getPrototypeOf(received), Object.prototype)
      assert.equal(JSON.stringify(received), text)
    } finally {
      await mosquitto.stop()
    }
  })

  test('is plain bytes, whatever the runtime reads into', async () => {
    const mosquitto = await startMosquitto()
    try {
      await using client = await connectClient({ url: mosquitto.url })
      await client.broker.subscribe([{ filter: 'a' }])
      const [payload, correlationData] = [bytes('payload'), bytes('correlation')]
      await client.broker.publish({ topic: 'a', payload })
      await client.broker.publish({ topic: 'a', payload, correlationData })
      const [plain, withProperties] = await client.received.reach(2, 'messages')
      for (const [field, sent] of [
        [plain!.payload, payload],
        [withProperties!.payload, payload],
        [withProperties!.correlationData, correlationData],
      ]) {
        assert.equal(Object.getPrototypeOf(field), Uint8Array.prototype)
        assert.deepEqual(field, sent)
      }
    } finally {
      await mosquitto.stop()
    }
  })
})
