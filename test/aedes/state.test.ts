/**
 * The memory of the embedded broker has bounds.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { Readable } from 'node:stream'
import { describe, test } from 'node:test'
import type { Client } from 'aedes'
import {
  MAX_QUEUED_BYTES,
  MAX_QUEUED_MESSAGES,
  OutgoingQueue,
  type StoredPacket,
} from '../../adapters/aedes/outgoing.ts'
import {
  brokerState,
  MAX_RETAINED,
  MAX_SESSIONS_PER_USER,
  sessionKey,
} from '../../adapters/aedes/state.ts'

function message(brokerCounter: number, payload = ''): StoredPacket & { readonly topic: string } {
  return { cmd: 'publish', brokerId: 'b', brokerCounter, topic: 't', payload: Buffer.from(payload) }
}

function openState() {
  const full: string[] = []
  const state = brokerState(
    (items) => Readable.from(items),
    (_client, { topic }) => topic !== 'denied',
    (what) => full.push(what),
  )
  // Of a client only its id is looked at.
  const client = (id: string) => ({ id }) as Client
  return { state, full, client }
}

const list = async (stream: Readable) => (await stream.toArray()) as StoredPacket[]

describe('the queue of a session', () => {
  test('keeps messages in order, each once, until they are acknowledged', () => {
    const queue = new OutgoingQueue()
    for (const counter of [1, 2, 2, 3]) assert.equal(queue.add(message(counter)), true)
    queue.update({ ...message(2), messageId: 77 })
    assert.deepEqual(
      queue.packets.map(({ brokerCounter, messageId }) => [brokerCounter, messageId]),
      [
        [1, undefined],
        [2, 77],
        [3, undefined],
      ],
    )
    assert.equal(queue.acknowledge(77)?.brokerCounter, 2)
    assert.equal(queue.acknowledge(77), undefined)
    assert.deepEqual(
      queue.packets.map(({ brokerCounter }) => brokerCounter),
      [1, 3],
    )
  })

  test('puts a PUBREL in the place of its message', () => {
    const queue = new OutgoingQueue()
    for (const counter of [1, 2]) queue.add(message(counter))
    queue.update({ ...message(1), messageId: 5 })
    queue.update({ cmd: 'pubrel', messageId: 5 })
    // As it comes back when the session is resumed.
    queue.update({ cmd: 'pubrel', brokerId: 'b', brokerCounter: 99, messageId: 5 })
    assert.deepEqual(
      queue.packets.map(({ cmd }) => cmd),
      ['pubrel', 'publish'],
    )
    queue.acknowledge(5)
    assert.equal(queue.packets.length, 1)
  })

  test('takes no message beyond its number of messages', () => {
    const queue = new OutgoingQueue()
    for (let i = 1; i <= MAX_QUEUED_MESSAGES; i++) assert.equal(queue.add(message(i)), true)
    assert.equal(queue.add(message(0)), false)
    queue.update({ ...message(0), messageId: 1 })
    assert.equal(queue.packets.length, MAX_QUEUED_MESSAGES)
    queue.remove(1)
    assert.equal(queue.add(message(0)), true)
  })

  test('takes no message beyond its number of bytes', () => {
    const queue = new OutgoingQueue()
    const half = 'x'.repeat(MAX_QUEUED_BYTES / 2)
    assert.deepEqual(
      [1, 2, 3].map((counter) => queue.add(message(counter, half))),
      [true, true, false],
    )
    queue.update({ ...message(1), messageId: 1 })
    queue.acknowledge(1)
    assert.equal(queue.add(message(3, half)), true)
  })
})

describe('the sessions of a user name', () => {
  test('are bounded: the oldest one ends', async () => {
    const { state, full, client } = openState()
    for (let i = 0; i <= MAX_SESSIONS_PER_USER; i++) {
      await state.addSubscriptions(client(sessionKey('a/1', `${i}`)), [{ topic: 't', qos: 1 }])
    }
    await state.addSubscriptions(client(sessionKey('a/2', '0')), [{ topic: 't', qos: 1 }])
    assert.equal(full.length, 1)
    const keys = (await state.subscriptionsByTopic('t')).map(({ clientId }) => clientId)
    assert.equal(keys.length, MAX_SESSIONS_PER_USER + 1)
    assert.equal(keys.includes('a/1#0'), false)
    assert.equal(keys.includes('a/2#0'), true)
  })

  test('end together, and nobody else ends with them', async () => {
    const { state, client } = openState()
    for (const key of ['a/1#x', 'a/1#y', 'a/11#x', 'a#1']) {
      await state.addSubscriptions(client(key), [{ topic: 't', qos: 1 }])
    }
    state.forgetUser('a/1')
    const keys = (await state.subscriptionsByTopic('t')).map(({ clientId }) => clientId)
    assert.deepEqual(keys.sort(), ['a#1', 'a/11#x'])
  })
})

describe('a session', () => {
  test('keeps its granted filters only, and gets messages of QoS 1 and 2 for them', async () => {
    const { state, client } = openState()
    const session = client('a#1')
    await state.addSubscriptions(session, [
      { topic: 't/+', qos: 1 },
      { topic: 'denied', qos: 1 },
      { topic: 'low', qos: 0 },
    ])
    assert.deepEqual(await state.subscriptionsByClient(session), [
      { topic: 't/+', qos: 1 },
      { topic: 'low', qos: 0 },
    ])
    for (const [topic, count] of [
      ['t/1', 1],
      ['denied', 0],
      ['low', 0],
    ] as const) {
      assert.equal((await state.subscriptionsByTopic(topic)).length, count, topic)
    }
    await state.removeSubscriptions(session, ['t/+'])
    assert.deepEqual(await state.subscriptionsByTopic('t/1'), [])
  })

  test('that ended between two steps is not begun again by a message', async () => {
    const { state } = openState()
    await state.outgoingEnqueueCombi([{ clientId: 'a#1' }], message(1))
    assert.deepEqual(await list(state.outgoingStream({ id: 'a#1' })), [])
  })

  test('knows a QoS 2 message that came in until it is released', async () => {
    const { state } = openState()
    const [session, packet] = [{ id: 'a#1' }, { messageId: 9 }]
    await assert.rejects(state.incomingGetPacket(session, packet))
    await state.incomingStorePacket(session, packet)
    await state.incomingGetPacket(session, packet)
    await state.incomingDelPacket(session, packet)
    await assert.rejects(state.incomingGetPacket(session, packet))
  })
})

describe('retained messages', () => {
  test('are found by filter, and removed by an empty one', async () => {
    const { state } = openState()
    for (const topic of ['a/b', 'a', '$x/b']) {
      await state.storeRetained({ ...message(1, 'x'), topic })
    }
    const find = async (...filters: string[]) =>
      (await list(state.createRetainedStreamCombi(filters))).map(({ topic }) => topic)
    assert.deepEqual(await find('a/#'), ['a/b', 'a'])
    assert.deepEqual(await find('#'), ['a/b', 'a'])
    assert.deepEqual(await find('a', '+'), ['a'])
    await state.storeRetained({ ...message(1), topic: 'a' })
    assert.deepEqual(await find('a/#'), ['a/b'])
  })

  test('are bounded in number', async () => {
    const { state, full } = openState()
    for (let i = 0; i <= MAX_RETAINED; i++) {
      await state.storeRetained({ ...message(i, 'x'), topic: `t/${i}` })
    }
    assert.equal(full.length, 1)
    assert.equal((await list(state.createRetainedStreamCombi(['#']))).length, MAX_RETAINED)
    // What is there can still be replaced.
    await state.storeRetained({ ...message(1, 'new'), topic: 't/1' })
    assert.equal(full.length, 1)
  })
})
