/**
 * Flow control, maximum packet size and topic aliases (MQTT 5, sections 3.1.2.11, 3.3.2.3.4, 3.3.4 and
 * 4.9).
 *
 * @module
 */
import assert from 'node:assert/strict'
import { assertEnded, publishPacket, type Site, subscribePacket, textOf } from '../fixture.ts'
import { frame, refuses } from './bytes.ts'
import { CLIENT, type Clause, type ClauseTest } from './clause.ts'

const keepsWindow: ClauseTest = async (make) => {
  const s = make()
  const from = await s.connect('from')
  const to = await s.connect('to', { receiveMaximum: 2 })
  await to.subscribe('t', { qos: 2 })
  for (const [text, qos] of [
    ['1', 1],
    ['2', 2],
    ['3', 1],
    ['4', 2],
    ['5', 1],
    ['0', 0],
  ] as const) {
    await from.publish('t', text, { qos })
  }
  const [one, two, plain] = to.messages()
  assert.deepEqual(
    [one, two, plain].map((message) => message && textOf(message)),
    ['1', '2', '0'],
  )
  // A PUBREC leaves the message in flight until its PUBCOMP.
  await to.ack('pubrec', two?.packetId)
  to.next('pubrel')
  assert.deepEqual(to.texts(), [])
  await to.ack('pubcomp', two?.packetId)
  const [three] = to.messages()
  assert.equal(three && textOf(three), '3')
  await to.ack('puback', three?.packetId)
  const [four] = to.messages()
  // A refusal ends it at once.
  await to.ack('pubrec', four?.packetId, 0x80)
  assert.deepEqual(to.texts(), ['5'])
}

const answersAll: ClauseTest = async (make) => {
  const s = make()
  const from = await s.connect('from')
  const to = await s.connect('to', { receiveMaximum: 1 })
  await to.subscribe('t', { qos: 2 })
  for (let i = 0; i < 3; i++) await from.publish('t', '', { qos: 2 })
  const [message] = to.messages()
  await to.send(
    { kind: 'pingreq' },
    subscribePacket(5, 'u'),
    publishPacket('u', 'mine', { qos: 1, packetId: 6 }),
    { kind: 'unsubscribe', packetId: 7, filters: ['u'] },
    { kind: 'pubrec', packetId: message!.packetId!, reasonCode: 0 },
  )
  assert.deepEqual(
    to.packets().map(({ kind }) => kind),
    ['pingresp', 'suback', 'publish', 'puback', 'unsuback', 'pubrel'],
  )
}

const sendsNoLarge: ClauseTest = async (make) => {
  const s = make()
  const from = await s.connect('from')
  const to = await s.persist('to', { maximumPacketSize: 40 })
  await to.subscribe('t', { qos: 1 })
  // 1 + 1 + 2 + 1 + 1 bytes beside the payload; 2 more at QoS 1.
  for (const [qos, room] of [
    [0, 34],
    [1, 32],
  ] as const) {
    await from.publish('t', 'x'.repeat(room), { qos })
    await from.publish('t', 'x'.repeat(room + 1), { qos })
    await from.publish('t', 'small', { qos })
    assert.deepEqual(to.texts(), ['x'.repeat(room), 'small'])
  }
  assert.equal(s.server.counters.dropped['packet-too-large'], 2)
  // It counts as sent: nothing is left of it, for a larger client too.
  await to.lose()
  await from.publish('t', 'y'.repeat(50), { qos: 1 })
  const again = await s.persist('to', { maximumPacketSize: 30 })
  for (const { packetId } of again.messages()) await again.ack('puback', packetId)
  await again.lose()
  assert.deepEqual((await s.persist('to')).texts(), [])
}

/** A client that takes aliases, and one that publishes. */
async function aliased(s: Site, topicAliasMaximum?: number) {
  const from = await s.connect('from')
  const to = await s.connect('to', topicAliasMaximum === undefined ? {} : { topicAliasMaximum })
  await to.subscribe('#')
  const publish = async (topic: string) => {
    await from.publish(topic, topic)
    const [message] = to.messages()
    return [message?.topic, message?.topicAlias, message && textOf(message)]
  }
  return publish
}

const keepsToAliases: ClauseTest = async (make) => {
  const s = make({ settings: { serverTopicAliases: 5 } })
  const publish = await aliased(s, 2)
  assert.deepEqual(await publish('a'), ['a', 1, 'a'])
  assert.deepEqual(await publish('b'), ['b', 2, 'b'])
  assert.deepEqual(await publish('c'), ['c', undefined, 'c'])
  assert.deepEqual(await publish('a'), ['', 1, 'a'])
  assert.deepEqual(await publish('b'), ['', 2, 'b'])
}

export const FLOW_CLAUSES: readonly Clause[] = [
  ['3.1.2-24', 'no packet is larger than the client takes', sendsNoLarge],
  ['3.1.2-25', 'a message that is, is as if it had been sent', sendsNoLarge],
  ['3.1.2-26', 'no topic alias is larger than the client takes', keepsToAliases],
  [
    '3.1.2-27',
    'none is set towards a client that takes none',
    async (make) => {
      for (const maximum of [0, undefined]) {
        const publish = await aliased(make({ settings: { serverTopicAliases: 5 } }), maximum)
        assert.deepEqual(await publish('a'), ['a', undefined, 'a'])
        assert.deepEqual(await publish('a'), ['a', undefined, 'a'])
      }
    },
  ],
  [
    '3.3.2-7',
    'an alias is of one connection',
    async (make) => {
      const s = make({ settings: { serverTopicAliases: 5 } })
      const fields = { topicAliasMaximum: 5 }
      const first = await s.persist('a', fields)
      await first.subscribe('#', { qos: 1 })
      await first.publish('t', '', { qos: 1, topicAlias: 3 })
      assert.deepEqual(first.messages()[0]?.topicAlias, 1)
      await first.lose()
      const again = await s.persist('a', fields)
      const [message] = again.messages()
      assert.deepEqual([message?.topic, message?.topicAlias], ['t', 1])
      await again.send(publishPacket('', 'm', { topicAlias: 3 }))
      assertEnded(again, 0x82)
    },
  ],
  [
    '3.3.2-8',
    'no alias is 0',
    async (make) => refuses(make(), frame('30', '0001 74 03 23 0000'), 0x94),
  ],
  [
    '3.3.2-9',
    'a client sets no alias beyond the maximum',
    async (make) => {
      for (const [topicAliasMaximum, alias] of [
        [16, '0011'],
        [3, '0004'],
        [0, '0001'],
      ] as const) {
        const s = make({ settings: { topicAliasMaximum } })
        assert.equal((await s.raw().connect('a')).topicAliasMaximum, topicAliasMaximum)
        await refuses(s, frame('30', `0001 74 03 23 ${alias}`), 0x94)
      }
    },
  ],
  ['3.3.2-10', 'a client takes the aliases up to its maximum', CLIENT],
  ['3.3.2-11', 'the server sets none beyond the maximum of the client', keepsToAliases],
  [
    '3.3.2-12',
    'the server takes the aliases up to its maximum',
    async (make) => {
      const s = make({ settings: { topicAliasMaximum: 3 } })
      const client = await s.connect('a')
      await client.subscribe('#')
      for (const topicAlias of [1, 2, 3]) {
        await client.publish(`t/${topicAlias}`, 'set', { topicAlias })
      }
      await client.publish('t/new', 'set', { topicAlias: 2 })
      for (const topicAlias of [1, 2, 3]) await client.publish('', 'used', { topicAlias })
      assert.deepEqual(
        client.messages().map(({ topic }) => topic),
        ['t/1', 't/2', 't/3', 't/new', 't/1', 't/new', 't/3'],
      )
      await refuses(make(), frame('30', '0000 03 23 0001'), 0x82)
    },
  ],
  ['3.3.4-7', 'a client keeps to the receive maximum', CLIENT],
  ['3.3.4-8', 'a client sends all else in spite of it', CLIENT],
  ['3.3.4-9', 'the server keeps to the receive maximum', keepsWindow],
  ['3.3.4-10', 'the server sends all else in spite of it', answersAll],
  ['4.9.0-1', 'so many messages may be in flight as the receive maximum', keepsWindow],
  ['4.9.0-2', 'and no more', keepsWindow],
  ['4.9.0-3', 'all other packets are answered then', answersAll],
]
