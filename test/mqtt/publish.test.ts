/**
 * Publishing: what is refused here, what the broker refuses, and that every promise settles.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { OutgoingMessage } from '../../src/broker/broker.ts'
import { type Mosquitto, mosquittoMissing, startMosquitto } from '../support/mosquitto.ts'
import { Collector, within } from '../support/wait.ts'
import { bytes, connectClient, text, typesOf } from './client.ts'
import { connackProperty, scriptedBroker } from './scripted-broker.ts'

describe('a message that cannot be sent', () => {
  const malformed: [name: string, message: object, key: string][] = [
    ['a payload of text', { payload: 'on' }, 'payload'],
    ['an ArrayBuffer as payload', { payload: new ArrayBuffer(1) }, 'payload'],
    ['a QoS of 3', { qos: 3 }, 'qos'],
    ['correlation data of text', { correlationData: 'x' }, 'correlationData'],
    ['too long correlation data', { correlationData: new Uint8Array(65_536) }, 'correlationData'],
    ['an expiry of 0', { messageExpiry: 0 }, 'messageExpiry'],
    ['an expiry of half a second', { messageExpiry: 0.5 }, 'messageExpiry'],
    ['too long an expiry', { messageExpiry: 2 ** 32 }, 'messageExpiry'],
    ['a content type with NUL', { contentType: 'a\0' }, 'contentType'],
    ['a too long content type', { contentType: 'ü'.repeat(32_768) }, 'contentType'],
    ['a user property that is a number', { userProperties: { a: 1 } }, 'userProperties.a'],
    [
      'a user property with a lone surrogate',
      { userProperties: { a: '\ud800' } },
      'userProperties.a',
    ],
    ['a user property named with NUL', { userProperties: { '\0': 'a' } }, 'userProperties'],
    ['one bad value of several', { userProperties: { a: ['b', null] } }, 'userProperties.a'],
  ]
  for (const [name, message, field] of malformed) {
    test(`${name} is refused by name, and the connection still works`, async () => {
      await using server = await scriptedBroker()
      await using client = await connectClient({ url: server.url })
      const outgoing = { topic: 'a', payload: bytes('x'), ...message } as OutgoingMessage
      await assert.rejects(client.broker.publish(outgoing), (error) => {
        assert.ok(error instanceof TypeError)
        assert.ok(error.message.startsWith(`${field} must `), error.message)
        return true
      })
      await within(client.broker.publish({ topic: 'a', payload: bytes('x') }), 'publish')
      assert.deepEqual(typesOf(client), ['connected'])
    })
  }
})

describe('the answer to a publish', () => {
  for (const [reason, code] of [
    [0x80, 'ERR_BROKER_REFUSED'],
    [0x87, 'ERR_BROKER_NOT_AUTHORIZED'],
    [0x90, 'ERR_BROKER_REFUSED'],
    [0x97, 'ERR_BROKER_REFUSED'],
  ] as const) {
    test(`0x${reason.toString(16)} is ${code}`, async () => {
      await using server = await scriptedBroker({ publish: (_topic, answer) => answer(reason) })
      await using client = await connectClient({ url: server.url })
      const publish = client.broker.publish({ topic: 'a/b', payload: bytes('x') })
      await assert.rejects(publish, { code, reasonCode: reason, message: /"a\/b"/ })
    })
  }

  test('"no matching subscribers" is no failure', async () => {
    await using server = await scriptedBroker({ publish: (_topic, answer) => answer(0x10) })
    await using client = await connectClient({ url: server.url })
    await within(client.broker.publish({ topic: 'a', payload: bytes('x') }), 'publish')
  })

  test('is waited for no longer than allowed', async () => {
    await using server = await scriptedBroker({ publish() {} })
    await using client = await connectClient({ url: server.url, publishTimeout: 0.1 })
    const publish = client.broker.publish({ topic: 'a', payload: bytes('x') })
    await within(assert.rejects(publish, { code: 'ERR_BROKER_TIMEOUT' }), 'rejection')
  })

  test('is waited for by close', async () => {
    const answers = new Collector<(reason: number) => void>()
    await using server = await scriptedBroker({ publish: (_topic, answer) => answers.push(answer) })
    await using client = await connectClient({ url: server.url })
    const publish = client.broker.publish({ topic: 'a', payload: bytes('x') })
    await answers.reach(1, 'publish')
    const closing = client.broker.close()
    // A round trip later a connection that did not wait would be gone.
    await using _other = await connectClient({ url: server.url })
    answers.items[0]!(0)
    await within(Promise.all([publish, closing]), 'publish and close')
  })

  test('that never comes does not keep close from settling', async () => {
    await using server = await scriptedBroker({ publish() {} })
    await using client = await connectClient({ url: server.url, publishTimeout: 0.1 })
    const publish = client.broker.publish({ topic: 'a', payload: bytes('x') })
    const rejected = assert.rejects(publish, { code: 'ERR_BROKER_TIMEOUT' })
    await within(Promise.all([client.broker.close(), rejected]), 'close and rejection')
  })
})

describe("the broker's receive maximum", () => {
  test('bounds the messages in flight; the others wait their turn', async () => {
    const unanswered: ((reason: number) => void)[] = []
    const arrived = new Collector<string>()
    let most = 0
    await using server = await scriptedBroker({
      connect: () => ({ properties: connackProperty.receiveMaximum(3) }),
      publish(topic, answer) {
        unanswered.push(answer)
        most = Math.max(most, unanswered.length)
        arrived.push(topic)
      },
    })
    await using client = await connectClient({ url: server.url })
    const topics = Array.from({ length: 20 }, (_, n) => `t/${n}`)
    const published = Promise.all(
      topics.map((topic) => client.broker.publish({ topic, payload: bytes('x') })),
    )
    for (let n = 1; n <= topics.length; n++) {
      await arrived.reach(Math.min(n + 2, topics.length), 'messages')
      unanswered.shift()!(0)
    }
    await within(published, 'publishes')
    assert.equal(most, 3)
    assert.deepEqual(arrived.items, topics)
  })

  test('and the time to answer bound waiting too: nothing was sent of those', async () => {
    const arrived = new Collector<string>()
    await using server = await scriptedBroker({
      connect: () => ({ properties: connackProperty.receiveMaximum(1) }),
      publish: (topic) => arrived.push(topic),
    })
    await using client = await connectClient({ url: server.url, publishTimeout: 0.1 })
    const publishes = ['1', '2', '3'].map((topic) =>
      assert.rejects(client.broker.publish({ topic, payload: bytes('x') }), {
        code: 'ERR_BROKER_TIMEOUT',
      }),
    )
    await within(Promise.all(publishes), 'rejections')
    assert.deepEqual(arrived.items, ['1'])
  })

  test('a lost connection tells what was sent from what was not', async () => {
    const arrived = new Collector<string>()
    await using server = await scriptedBroker({
      connect: () => ({ properties: connackProperty.receiveMaximum(1) }),
      publish: (topic) => arrived.push(topic),
    })
    await using client = await connectClient({ url: server.url })
    const [sent, waiting] = ['1', '2'].map((topic) =>
      client.broker.publish({ topic, payload: bytes('x') }),
    )
    const rejected = Promise.all([
      assert.rejects(sent!, { code: 'ERR_BROKER_CONNECTION_LOST' }),
      assert.rejects(waiting!, { code: 'ERR_BROKER_NOT_CONNECTED' }),
    ])
    await arrived.reach(1, 'message')
    server.disconnect(0x8b)
    await within(rejected, 'rejections')
  })
})

describe('publishing to Mosquitto', { skip: mosquittoMissing }, () => {
  let mosquitto: Mosquitto
  before(async () => {
    mosquitto = await startMosquitto({
      acl: ['topic readwrite allowed/#'],
      config: ['max_qos 1', 'retain_available false', 'max_packet_size 2000'],
    })
  })
  after(() => mosquitto.stop())

  test('its ACL says what is not authorized', async () => {
    await using client = await connectClient({ url: mosquitto.url })
    await client.broker.publish({ topic: 'allowed/x', payload: bytes('x') })
    await assert.rejects(client.broker.publish({ topic: 'denied/x', payload: bytes('x') }), {
      code: 'ERR_BROKER_NOT_AUTHORIZED',
      reasonCode: 0x87,
    })
    await client.broker.publish({ topic: 'allowed/x', payload: bytes('x') })
    assert.deepEqual(typesOf(client), ['connected'])
  })

  test('what it cannot take is refused here, and the connection still works', async () => {
    await using client = await connectClient({ url: mosquitto.url })
    const [connected] = await client.statuses.reach(1, 'status')
    const capabilities = connected?.kind === 'connected' && connected.capabilities
    assert.deepEqual(capabilities, {
      sharedSubscriptions: true,
      retain: false,
      maxQos: 1,
      maxPacketSize: 2000,
    })
    const topic = 'allowed/x'
    const tooMuch: [Partial<OutgoingMessage>, number][] = [
      [{ qos: 2 }, 0x9b],
      [{ retain: true }, 0x9a],
      [{ payload: new Uint8Array(2000) }, 0x95],
      [{ correlationData: new Uint8Array(2000) }, 0x95],
      [{ userProperties: { a: ['b'.repeat(1000), 'c'.repeat(1000)] } }, 0x95],
    ]
    for (const [message, reasonCode] of tooMuch) {
      const publish = client.broker.publish({ topic, payload: bytes('x'), ...message })
      await assert.rejects(publish, { code: 'ERR_BROKER_REFUSED', reasonCode })
    }
    await client.broker.publish({ topic, payload: new Uint8Array(1900) })
    assert.deepEqual(typesOf(client), ['connected'])
  })
})

describe('many messages at once', { skip: mosquittoMissing }, () => {
  let mosquitto: Mosquitto
  before(async () => {
    mosquitto = await startMosquitto({ config: ['max_queued_messages 0'] })
  })
  after(() => mosquitto.stop())

  for (const qos of [0, 1, 2] as const) {
    test(`2,000 with QoS ${qos} all arrive, in order`, async () => {
      await using a = await connectClient({ url: mosquitto.url })
      await using b = await connectClient({ url: mosquitto.url })
      await b.broker.subscribe([{ filter: 'many', qos }])
      const numbers = Array.from({ length: 2_000 }, (_, n) => `${n}`)
      await within(
        Promise.all(
          numbers.map((n) => a.broker.publish({ topic: 'many', payload: bytes(n), qos })),
        ),
        'publishes',
        20_000,
      )
      const messages = await b.received.reach(2_000, 'messages', 20_000)
      assert.deepEqual(messages.map(text), numbers)
    })
  }
})
