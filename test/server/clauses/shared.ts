/**
 * Shared subscriptions (MQTT 5, section 4.8.2).
 *
 * @module
 */
import assert from 'node:assert/strict'
import type { Client, Site } from '../fixture.ts'
import { refuses } from './bytes.ts'
import type { Clause, ClauseTest } from './clause.ts'

const FILTER = '$share/g/t'

const isPrefixed: ClauseTest = async (make) => {
  const s = make()
  const client = await s.connect('a')
  for (const filter of ['$share', '$share/', '$share//t', '$share/g', '$share/g/', '$share/+/t']) {
    assert.deepEqual(await client.subscribe(filter), [0x8f], filter)
  }
  for (const filter of ['$share/g/t', '$share/g//', '$share/g/#', '$SHARE/g/t', '$shared/t']) {
    assert.deepEqual(await client.subscribe(filter), [0], filter)
  }
}

/** Two members, and a client that publishes. */
async function members(s: Site): Promise<readonly [from: Client, one: Client, other: Client]> {
  const from = await s.connect('from')
  const one = await s.persist('one')
  const other = await s.persist('other')
  for (const member of [one, other]) await member.subscribe(FILTER, { qos: 2 })
  return [from, one, other]
}

export const SHARED_CLAUSES: readonly Clause[] = [
  ['4.8.2-1', 'a shared filter has a share name', isPrefixed],
  [
    '4.8.2-2',
    'the name has no wildcard and no slash, and a filter follows it',
    async (make) => {
      await isPrefixed(make)
      const client = await make().connect('a')
      for (const filter of ['$share/g#/t', '$share/g+/t', '$share/#', '$share/g/t/#/u']) {
        assert.deepEqual(await client.subscribe(filter), [0x8f], filter)
      }
    },
  ],
  [
    '4.8.2-3',
    'a member gets messages at the QoS of its own subscription',
    async (make) => {
      const s = make()
      const from = await s.connect('from')
      const clients = await Promise.all([0, 1, 2].map((qos) => s.connect(`at ${qos}`)))
      for (const [qos, client] of clients.entries()) {
        assert.deepEqual(await client.subscribe(FILTER, { qos: qos as 0 | 1 | 2 }), [qos])
      }
      for (let i = 0; i < 6; i++) await from.publish('t', '', { qos: 2 })
      for (const [qos, client] of clients.entries()) {
        assert.deepEqual(
          client.messages().map((message) => message.qos),
          [qos, qos],
        )
      }
    },
  ],
  [
    '4.8.2-4',
    'a message of QoS 2 that is sent to a member is completed with that member',
    async (make) => {
      const s = make()
      const [from, one, other] = await members(s)
      await from.publish('t', 'm', { qos: 2 })
      const [message] = one.messages()
      await one.lose()
      await s.advance(10_000)
      assert.deepEqual(other.texts(), [])
      assert.deepEqual((await s.persist('one')).messages(), [{ ...message, dup: true }])
    },
  ],
  [
    '4.8.2-5',
    'and goes to no other when its session ends',
    async (make) => {
      const s = make()
      const [from, one, other] = await members(s)
      await from.publish('t', 'two', { qos: 2 })
      await from.publish('t', 'other', { qos: 2 })
      await from.publish('t', 'one', { qos: 1 })
      assert.deepEqual(one.texts(), ['two', 'one'])
      assert.deepEqual(other.texts(), ['other'])
      await one.disconnect(0, 0)
      assert.deepEqual(other.texts(), ['one'])
    },
  ],
  [
    '4.8.2-6',
    'a message that a member refuses is gone',
    async (make) => {
      const s = make()
      const [from, one, other] = await members(s)
      for (const [qos, kind] of [
        [1, 'puback'],
        [2, 'pubrec'],
      ] as const) {
        await from.publish('t', 'refused', { qos })
        await from.publish('t', 'taken', { qos })
        await one.ack(kind, one.messages()[0]?.packetId, 0x83)
        assert.deepEqual(other.texts(), ['taken'])
      }
      await one.disconnect(0, 0)
      assert.deepEqual(other.messages(), [])
      await refuses(s, '20 00', 0x82)
    },
  ],
]
