/**
 * SUBSCRIBE, SUBACK, UNSUBSCRIBE and UNSUBACK (MQTT 5, sections 3.8 to 3.11 and 3.3.4).
 *
 * @module
 */
import assert from 'node:assert/strict'
import type { PacketQos } from '../../../src/packet/packet.ts'
import { guardOf, publishPacket, subscribePacket, textOf } from '../fixture.ts'
import { frame, refuses } from './bytes.ts'
import { type Clause, type ClauseTest, NEVER_SENT } from './clause.ts'

const answers: ClauseTest = async (make) => {
  const client = await make().connect('a')
  await client.send(subscribePacket(1234, 't', { qos: 1 }))
  assert.deepEqual(client.packets(), [{ kind: 'suback', packetId: 1234, reasonCodes: [1] }])
}

const hasFilter: ClauseTest = async (make) => {
  const end = make().version === 5 ? '00' : ''
  await refuses(make(), frame('82', `0001 ${end}`), 0x82)
  await answers(make)
}

const isUtf8: ClauseTest = async (make) => {
  const end = make().version === 5 ? '00' : ''
  for (const filter of ['0001 ff', '0003 eda080', '0001 00']) {
    await refuses(make(), frame('82', `0001 ${end} ${filter} 00`), 0x81)
    await refuses(make(), frame('a2', `0001 ${end} ${filter}`), 0x81)
  }
  const s = make()
  const client = await s.connect('a')
  await client.subscribe('ü/+')
  await client.publish('ü/1', 'm')
  assert.deepEqual(client.texts(), ['m'])
}

const replaces: ClauseTest = async (make) => {
  const s = make()
  const from = await s.connect('from')
  await from.publish('t', 'kept', { retain: true })
  const to = await s.connect('to')
  await to.subscribe('t', { qos: 2, identifier: 1 })
  to.messages()
  await to.subscribe('t', { qos: 1, identifier: 2 })
  assert.deepEqual(to.texts(), ['kept'])
  await from.publish('t', 'm', { qos: 2 })
  const messages = to.messages()
  const got = messages.map((message) => [textOf(message), message.qos])
  assert.deepEqual(got, [['m', 1]])
  if (s.version === 5) assert.deepEqual(messages[0]?.subscriptionIdentifiers, [2])
  assert.equal(s.server.counters.subscriptions, 1)
}

const takesMany: ClauseTest = async (make) => {
  const s = make()
  const client = await s.connect('a')
  const options = { noLocal: false, retainAsPublished: false, retainHandling: 0 } as const
  await client.send({
    kind: 'subscribe',
    packetId: 1,
    subscriptions: [
      { filter: 'a', qos: 2, ...options },
      { filter: 'a/#/b', qos: 1, ...options },
      { filter: 'b', qos: 0, ...options },
      { filter: 'a', qos: 1, ...options },
    ],
  })
  const wrong = s.version === 5 ? 0x8f : 0x80
  assert.deepEqual(client.next('suback').reasonCodes, [2, wrong, 0, 1])
  await client.publish('a', 'm', { qos: 2 })
  await client.publish('b', 'm', { qos: 2 })
  assert.deepEqual(
    client.messages().map(({ topic, qos }) => [topic, qos]),
    [
      ['a', 1],
      ['b', 0],
    ],
  )
}

const lowersQos: ClauseTest = async (make) => {
  const s = make()
  const from = await s.connect('from')
  const to = await s.connect('to')
  const all: readonly PacketQos[] = [0, 1, 2]
  for (const granted of all) {
    assert.deepEqual(await to.subscribe(`t/${granted}`, { qos: granted }), [granted])
    for (const qos of all) await from.publish(`t/${granted}`, '', { qos })
  }
  assert.deepEqual(
    to.messages().map(({ qos }) => qos),
    [0, 0, 0, 0, 1, 1, 0, 1, 2],
  )
}

const tellsRefusal: ClauseTest = async (make) => {
  const guard = guardOf({
    refuseSubscribe: (filter) => (filter === 'no' ? { reasonCode: 0x87 } : undefined),
  })
  const s = make({ guard })
  const client = await s.connect('a')
  const refused = s.version === 5 ? 0x87 : 0x80
  assert.deepEqual(await client.subscribe(['yes', 'no', 'yes/'], { qos: 2 }), [2, refused, 2])
  for (const topic of ['yes', 'no', 'yes/']) await client.publish(topic, topic)
  assert.deepEqual(client.texts(), ['yes', 'yes/'])
}

const ends: ClauseTest = async (make) => {
  const s = make()
  const client = await s.connect('a')
  await client.subscribe(['a/+', 'a/1', 'A/+'])
  const codes = await client.unsubscribe('a/+', 'a', 'a/+ ')
  assert.deepEqual(codes, s.version === 5 ? [0, 0x11, 0x11] : [])
  for (const topic of ['a/1', 'a/2', 'A/1']) await client.publish(topic, topic)
  assert.deepEqual(client.texts(), ['a/1', 'A/1'])
  assert.equal(s.server.counters.subscriptions, 2)
}

const addsNoMore: ClauseTest = async (make) => {
  const s = make()
  const client = await s.connect('a')
  await client.subscribe('t', { qos: 2 })
  const packet = { kind: 'unsubscribe', packetId: 9, filters: ['t'] } as const
  await client.send(publishPacket('t', 'before'), packet, publishPacket('t', 'after'))
  assert.deepEqual(client.texts(), ['before'])
}

const completes: ClauseTest = async (make) => {
  const s = make({ settings: { maxInFlight: 1 } })
  const from = await s.connect('from')
  const to = await s.persist('to')
  await to.subscribe('t', { qos: 2 })
  for (const text of ['sent', 'waits']) await from.publish('t', text, { qos: 2 })
  await to.unsubscribe('t')
  await to.lose()
  const again = await s.persist('to')
  const [sent] = again.messages()
  assert(sent && textOf(sent) === 'sent')
  await again.ack('pubrec', sent.packetId)
  await again.ack('pubcomp', sent.packetId)
  // What waits is buffered, and may still come (section 3.10.4).
  assert.deepEqual(again.texts(), ['waits'])
}

const unsubscribes: ClauseTest = async (make) => {
  const s = make()
  const client = await s.connect('a')
  await client.send({ kind: 'unsubscribe', packetId: 4321, filters: ['never'] })
  const reasonCodes = s.version === 5 ? [0x11] : []
  assert.deepEqual(client.packets(), [{ kind: 'unsuback', packetId: 4321, reasonCodes }])
}

const unsubscribesMany: ClauseTest = async (make) => {
  const s = make()
  const client = await s.connect('a')
  await client.subscribe(['a', 'b', 'c'])
  const codes = await client.unsubscribe('c', 'x', 'a', 'a')
  assert.deepEqual(codes, s.version === 5 ? [0, 0x11, 0, 0x11] : [])
  assert.equal(s.server.counters.subscriptions, 1)
}

const respectsHighest: ClauseTest = async (make) => {
  const s = make()
  const from = await s.connect('from')
  const to = await s.connect('to')
  await to.subscribe('#', { qos: 0 })
  await to.subscribe('t/+', { qos: 2 })
  await to.subscribe('t/1', { qos: 1 })
  await from.publish('t/1', 'm', { qos: 2 })
  assert.deepEqual(
    to.messages().map(({ qos }) => qos),
    [2],
  )
}

const namesAll: ClauseTest = async (make) => {
  const s = make()
  const from = await s.connect('from')
  const to = await s.connect('to')
  await to.subscribe('#', { identifier: 1 })
  await to.subscribe('t', { identifier: 268_435_455 })
  await to.subscribe('t/#')
  await from.publish('t', 'm')
  const [message, ...others] = to.messages()
  assert.deepEqual(message?.subscriptionIdentifiers?.toSorted(), [1, 268_435_455])
  assert.deepEqual(others, [])
  await to.unsubscribe('#', 't')
  await from.publish('t', 'm')
  assert.equal(to.messages()[0]?.subscriptionIdentifiers, undefined)
}

const isTooLarge: (kind: 'suback' | 'unsuback') => ClauseTest = (kind) => async (make) => {
  const refusal = { reasonCode: 0x87, explain: () => 'x'.repeat(100) }
  const s = make({ guard: guardOf({ refuseSubscribe: () => refusal }) })
  for (const [maximumPacketSize, isExplained] of [
    [111, true],
    [110, false],
  ] as const) {
    const client = await s.connect('a', { maximumPacketSize })
    if (kind === 'suback') {
      await client.send(subscribePacket(1, ['a', 'b', 'c']))
      assert.equal(client.next('suback').reasonString !== undefined, isExplained)
    } else {
      await client.send({ kind: 'unsubscribe', packetId: 1, filters: ['a', 'b', 'c'] })
      assert.equal(client.next('unsuback').reasonString, undefined)
    }
  }
}

export const SUBSCRIBE_CLAUSES: readonly Clause[] = [
  [
    '2.2.1-6',
    'a SUBACK and an UNSUBACK have the identifier of what they answer',
    async (make) => {
      await answers(make)
      await unsubscribes(make)
    },
  ],
  ['3.3.4-2', 'of overlapping subscriptions the highest QoS counts', respectsHighest],
  ['3.3.4-3', 'all their identifiers are sent', namesAll],
  ['3.3.4-4', 'with the one copy that is sent', namesAll],
  ['3.3.4-5', 'several copies have an identifier each', { because: 'there is one copy: 3.3.4-4' }],
  [
    '3.8.1-1',
    'the reserved flags of a SUBSCRIBE are 2',
    async (make) => {
      for (const first of ['80', '81', '86', '8a']) {
        await refuses(make(), frame(first, '0001 00 0001 61 00'), 0x81)
      }
    },
  ],
  ['3.8.3-1', 'filters are UTF-8', isUtf8],
  ['3.8.3-2', 'there is at least one', hasFilter],
  [
    '3.8.3-3',
    'no local: a client does not get its own messages',
    async (make) => {
      const s = make()
      const one = await s.connect('one')
      const other = await s.connect('other')
      await one.subscribe('t', { noLocal: true })
      await other.subscribe('t', { noLocal: true })
      await one.publish('t', 'm')
      assert.deepEqual([one.texts(), other.texts()], [[], ['m']])
      await one.subscribe('+')
      await one.publish('t', 'm')
      assert.deepEqual(one.texts(), ['m'])
    },
  ],
  [
    '3.8.3-4',
    'no local with a shared subscription ends the connection',
    async (make) => refuses(make(), frame('82', '0001 00 000a 24736861 72652f67 2f61 04'), 0x82),
  ],
  [
    '3.8.3-5',
    'reserved bits of the options end the connection',
    async (make) => {
      for (const options of ['40', '80', 'c1']) {
        await refuses(make(), frame('82', `0001 00 0001 61 ${options}`), 0x81)
      }
    },
  ],
  ['3.8.4-1', 'a SUBSCRIBE is answered with a SUBACK', answers],
  ['3.8.4-2', 'of the same identifier', answers],
  ['3.8.4-3', 'a filter that is there is replaced', replaces],
  [
    '3.8.4-4',
    'retained messages come again for it with retain handling 0, and none is lost',
    async (make) => {
      await replaces(make)
      const s = make()
      const from = await s.connect('from')
      const to = await s.connect('to', { receiveMaximum: 1 })
      await to.subscribe('t', { qos: 1 })
      for (const text of ['1', '2']) await from.publish('t', text, { qos: 1 })
      await to.subscribe('t', { qos: 1 })
      const [first] = to.messages()
      await to.ack('puback', first?.packetId)
      assert.deepEqual(to.texts(), ['2'])
    },
  ],
  ['3.8.4-5', 'several filters are as several packets, with one answer', takesMany],
  ['3.8.4-6', 'the answer has a code for each', takesMany],
  ['3.8.4-7', 'which is the QoS or a refusal', tellsRefusal],
  ['3.8.4-8', 'the QoS is the lower one of subscription and message', lowersQos],
  ['3.9.2-1', 'no reason string that makes a SUBACK too large', isTooLarge('suback')],
  ['3.9.2-2', 'no user property that makes a SUBACK too large', NEVER_SENT],
  ['3.9.3-1', 'its codes have the order of the filters', takesMany],
  ['3.9.3-2', 'its codes are those of a SUBACK', tellsRefusal],
  [
    '3.10.1-1',
    'the reserved flags of an UNSUBSCRIBE are 2',
    async (make) => {
      for (const first of ['a0', 'a1', 'a6', 'aa']) {
        await refuses(make(), frame(first, '0001 00 0001 61'), 0x81)
      }
    },
  ],
  ['3.10.3-1', 'its filters are UTF-8', isUtf8],
  [
    '3.10.3-2',
    'there is at least one',
    async (make) => refuses(make(), frame('a2', '0001 00'), 0x82),
  ],
  ['3.10.4-1', 'it ends the subscription of the same filter to the letter', ends],
  ['3.10.4-2', 'after which no messages are added', addsNoMore],
  ['3.10.4-3', 'and those that are sent are completed', completes],
  ['3.10.4-4', 'it is answered with an UNSUBACK', unsubscribes],
  ['3.10.4-5', 'of the same identifier, though nothing ended', unsubscribes],
  ['3.10.4-6', 'several filters are as several packets, with one answer', unsubscribesMany],
  ['3.11.2-1', 'no reason string that makes an UNSUBACK too large', isTooLarge('unsuback')],
  ['3.11.2-2', 'no user property that makes an UNSUBACK too large', NEVER_SENT],
  ['3.11.3-1', 'its codes have the order of the filters', unsubscribesMany],
  ['3.11.3-2', 'its codes are those of an UNSUBACK', unsubscribesMany],
]
