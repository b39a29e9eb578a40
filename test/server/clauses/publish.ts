/**
 * PUBLISH, its acknowledgements and the order of messages (MQTT 5, sections 3.3 to 3.7, 4.3 and 4.6).
 *
 * @module
 */
import assert from 'node:assert/strict'
import type { PublishPacket } from '../../../src/packet/packet.ts'
import { hex } from '../../packet/bytes.ts'
import { delivery, outgoingTo } from '../deliveries.ts'
import {
  type Client,
  guardOf,
  type PublishFields,
  publishPacket,
  type Site,
  textOf,
} from '../fixture.ts'
import { frame, refuses } from './bytes.ts'
import { CLIENT, type Clause, type ClauseTest, NEVER_SENT } from './clause.ts'

/** Two clients, of which the second one subscribed to everything at QoS 2. */
export async function pair(s: Site): Promise<readonly [from: Client, to: Client]> {
  const from = await s.connect('from')
  const to = await s.persist('to')
  await to.subscribe('#', { qos: 2 })
  return [from, to]
}

/** What a message is received as. */
async function forwarded(s: Site, fields: PublishFields): Promise<PublishPacket> {
  const [from, to] = await pair(s)
  await from.publish('t', 'm', fields)
  const [message] = to.messages()
  assert(message)
  return message
}

const setsDup: ClauseTest = async (make) => {
  const s = make()
  const [from, to] = await pair(s)
  // What came with DUP is not sent on with it.
  await from.send(
    publishPacket('t', '1', { qos: 1, dup: true, packetId: 1 }),
    publishPacket('t', '2', { qos: 2, dup: true, packetId: 2 }),
    publishPacket('t', '0'),
  )
  assert.deepEqual(
    to.messages().map(({ dup }) => dup),
    [false, false, false],
  )
  await to.lose()
  await from.publish('t', 'new', { qos: 1 })
  const again = await s.persist('to')
  assert.deepEqual(
    again.messages().map((message) => [textOf(message), message.dup]),
    [
      ['1', true],
      ['2', true],
      ['new', false],
    ],
  )
}

const isUtf8Topic: ClauseTest = async (make) => {
  const end = make().version === 5 ? '00' : ''
  for (const topic of ['0001 ff', '0003 eda080', '0002 c080', '0001 00']) {
    await refuses(make(), frame('30', `${topic} ${end}`), 0x81)
  }
  const s = make()
  const [from, to] = await pair(s)
  await from.publish('grün/🌱', 'm')
  assert.equal(to.messages()[0]?.topic, 'grün/🌱')
}

const hasNoWildcard: ClauseTest = async (make) => {
  const end = make().version === 5 ? '00' : ''
  for (const topic of ['0001 2b', '0001 23', '0003 61 2f 23', '0002 612b']) {
    const s = make()
    const [, to] = await pair(s)
    await refuses(s, frame('30', `${topic} ${end}`), 0x90)
    assert.deepEqual(to.messages(), [])
  }
}

const matchesFilter: ClauseTest = async (make) => {
  const s = make()
  const from = await s.connect('from')
  const to = await s.connect('to')
  await to.subscribe(['a/+', 'b/#', 'c'])
  for (const topic of ['a/1', 'a', 'a/1/2', 'b', 'b/1/2', 'B', 'c', 'c/', '/c', 'cc']) {
    await from.publish(topic, topic)
  }
  assert.deepEqual(to.texts(), ['a/1', 'b', 'b/1/2', 'c'])
}

const answersByQos: ClauseTest = async (make) => {
  const s = make()
  const [from] = await pair(s)
  await from.send(
    publishPacket('t', '', { qos: 0 }),
    publishPacket('t', '', { qos: 1, packetId: 7 }),
    publishPacket('t', '', { qos: 2, packetId: 8 }),
  )
  assert.deepEqual(from.packets(), [
    { kind: 'puback', packetId: 7, reasonCode: 0 },
    { kind: 'pubrec', packetId: 8, reasonCode: 0 },
  ])
}

/** Identifiers go round, and those in use are left out. */
const numbersAnew: ClauseTest = async (make) => {
  const s = make()
  const [from, to] = await pair(s)
  for (let i = 1; i <= 3; i++) await from.publish('t', '', { qos: 1 })
  assert.deepEqual(
    to.messages().map(({ packetId }) => packetId),
    [1, 2, 3],
  )
  await to.ack('puback', 2)
  await from.publish('t', '', { qos: 2 })
  assert.equal(to.messages()[0]?.packetId, 4)
  // All there are, without the bytes.
  const { outgoing, ids } = outgoingTo()
  for (let i = 0; i < 70_000; i++) {
    outgoing.push(delivery({ qos: 1 }))
    if (i > 0) outgoing.acknowledged(ids.at(-1)!)
  }
  const all = new Set(ids.slice(1))
  assert.deepEqual([ids[0], all.size, all.has(1), all.has(0)], [1, 65_534, false, false])
}

const isOpenUntilPuback: ClauseTest = async (make) => {
  const s = make()
  const [from, to] = await pair(s)
  await from.publish('t', 'm', { qos: 1 })
  const [message] = to.messages()
  // Acknowledgements of others, and of the wrong kind, are none.
  await to.ack('puback', message!.packetId! + 1)
  await to.ack('pubcomp', message!.packetId)
  await to.lose()
  const again = await s.persist('to')
  assert.deepEqual(again.texts(), ['m'])
  await again.ack('puback', message!.packetId)
  await again.lose()
  assert.deepEqual((await s.persist('to')).texts(), [])
  assert.notEqual(s.server.counters.storedBytes, 0)
}

const isNewAfterPuback: ClauseTest = async (make) => {
  const s = make()
  const [from, to] = await pair(s)
  for (const dup of [false, true, false]) {
    await from.send(publishPacket('t', `${dup}`, { qos: 1, packetId: 5, dup }))
  }
  assert.deepEqual(to.texts(), ['false', 'true', 'false'])
}

const isOpenUntilPubrec: ClauseTest = async (make) => {
  const s = make()
  const [from, to] = await pair(s)
  await from.publish('t', 'm', { qos: 2 })
  const [message] = to.messages()
  await to.ack('puback', message!.packetId)
  await to.lose()
  const again = await s.persist('to')
  assert.deepEqual(again.messages(), [{ ...message, dup: true }])
  await again.ack('pubrec', message!.packetId)
  await again.lose()
  assert.deepEqual((await s.persist('to')).messages(), [])
}

const isReleased: ClauseTest = async (make) => {
  const s = make()
  const [from, to] = await pair(s)
  await from.publish('t', 'm', { qos: 2 })
  const [message] = to.messages()
  const { packetId } = message!
  await to.ack('pubrec', packetId)
  assert.deepEqual(to.packets(), [{ kind: 'pubrel', packetId, reasonCode: 0 }])
  await to.lose()
  for (let i = 0; i < 2; i++) {
    const again = await s.persist('to')
    assert.deepEqual(again.packets(), [{ kind: 'pubrel', packetId, reasonCode: 0 }])
    await again.lose()
  }
  const last = await s.persist('to')
  last.packets()
  await last.ack('pubcomp', packetId)
  await last.lose()
  assert.deepEqual((await s.persist('to')).packets(), [])
}

const receivesOnce: ClauseTest = async (make) => {
  const s = make()
  const to = await s.connect('to')
  await to.subscribe('t', { qos: 0 })
  const from = await s.persist('from')
  const sent = publishPacket('t', 'm', { qos: 2, packetId: 9 })
  const repeated = { ...sent, dup: true }
  await from.send(sent, repeated, repeated)
  assert.deepEqual(from.packets(), Array(3).fill({ kind: 'pubrec', packetId: 9, reasonCode: 0 }))
  await from.lose()
  const again = await s.persist('from')
  await again.send(repeated)
  assert.equal(again.next('pubrec').reasonCode, 0)
  assert.deepEqual(to.texts(), ['m'])
  // After its PUBREL it is a new one.
  await again.ack('pubrel', 9)
  assert.deepEqual(again.packets(), [{ kind: 'pubcomp', packetId: 9, reasonCode: 0 }])
  await again.send(repeated)
  assert.deepEqual(to.texts(), ['m'])
}

const answersPubrel: ClauseTest = async (make) => {
  const s = make()
  const from = await s.connect('from')
  await from.send(publishPacket('t', '', { qos: 2, packetId: 3 }))
  from.next('pubrec')
  await from.ack('pubrel', 3)
  assert.deepEqual(from.packets(), [{ kind: 'pubcomp', packetId: 3, reasonCode: 0 }])
  await from.ack('pubrel', 3)
  const reasonCode = s.version === 5 ? 0x92 : 0
  assert.deepEqual(from.packets(), [{ kind: 'pubcomp', packetId: 3, reasonCode }])
}

const keepsOrder: ClauseTest = async (make) => {
  const s = make({ settings: { maxInFlight: 3 } })
  const [from, to] = await pair(s)
  const texts = Array.from({ length: 30 }, (_, i) => `${i}`)
  const got: string[] = []
  for (const text of texts) await from.publish('t', text, { qos: 1 })
  for (;;) {
    const messages = to.messages()
    if (messages.length === 0) break
    got.push(...messages.map(textOf))
    for (const { packetId } of messages) await to.ack('puback', packetId)
  }
  assert.deepEqual(got, texts)
}

const sendsAgainInOrder: ClauseTest = async (make) => {
  const s = make({ settings: { maxInFlight: 4 } })
  const [from, to] = await pair(s)
  for (const [text, qos] of [
    ['a', 1],
    ['b', 2],
    ['c', 1],
    ['d', 2],
    ['e', 1],
    ['f', 2],
  ] as const) {
    await from.publish('t', text, { qos })
  }
  const [, , c] = to.messages()
  await to.ack('puback', c!.packetId)
  assert.deepEqual(to.texts(), ['e'])
  for (let i = 0; i < 2; i++) {
    await to.lose()
    const again = await s.persist('to', { receiveMaximum: 65_535 })
    assert.deepEqual(again.texts(), ['a', 'b', 'd', 'e'])
    await again.lose()
  }
}

/** Refuses the topic "no", and explains it at some length. */
const explained = guardOf({
  refusePublish: (topic) =>
    topic === 'no' ? { reasonCode: 0x87, explain: () => 'because '.repeat(10) } : undefined,
})

function explains(qos: 1 | 2): ClauseTest {
  return async (make) => {
    const s = make({ guard: explained })
    for (const [maximumPacketSize, isExplained] of [
      [89, true],
      [88, false],
      [30, false],
    ] as const) {
      const client = await s.connect('a', { maximumPacketSize })
      await client.send(publishPacket('no', '', { qos, packetId: 1 }))
      const { reasonCode, reasonString } = client.next(qos === 1 ? 'puback' : 'pubrec')
      assert.equal(reasonCode, 0x87)
      assert.equal(reasonString !== undefined, isExplained)
    }
  }
}

function codes(qos: 1 | 2): ClauseTest {
  return async (make) => {
    const s = make({ guard: explained, settings: { maxRetained: 1 } })
    const from = await s.connect('from')
    assert.equal(await from.publish('t', '', { qos }), 0x10)
    await from.subscribe('#')
    assert.equal(await from.publish('t', '', { qos }), 0)
    assert.equal(await from.publish('no', '', { qos }), 0x87)
    assert.equal(await from.publish('t', '1', { qos, retain: true }), 0)
    assert.equal(await from.publish('u', '2', { qos, retain: true }), 0x97)
  }
}

export const PUBLISH_CLAUSES: readonly Clause[] = [
  ['3.3.1-1', 'what is sent again has DUP', setsDup],
  [
    '3.3.1-2',
    'QoS 0 has no DUP',
    async (make) => {
      await refuses(make(), frame('38', '0001 74 00'), 0x81)
      assert.equal((await forwarded(make(), {})).dup, false)
    },
  ],
  ['3.3.1-3', 'DUP is set anew for who receives it', setsDup],
  ['3.3.1-4', 'no QoS is 3', async (make) => refuses(make(), frame('36', '0001 74 0001 00'), 0x81)],
  ['3.3.2-1', 'the topic name comes first, and is UTF-8', isUtf8Topic],
  ['3.3.2-2', 'a topic name has no wildcards', hasNoWildcard],
  ['3.3.2-3', 'a message goes to whose filter matches its topic name', matchesFilter],
  [
    '3.3.2-4',
    'the payload format is sent on',
    async (make) => {
      for (const payloadFormatIndicator of [0, 1, undefined] as const) {
        const fields = payloadFormatIndicator === undefined ? {} : { payloadFormatIndicator }
        const message = await forwarded(make(), fields)
        assert.equal(message.payloadFormatIndicator, payloadFormatIndicator)
      }
    },
  ],
  [
    '3.3.2-5',
    'what expires before it was sent is deleted',
    async (make) => {
      const s = make()
      const [from, to] = await pair(s)
      await to.lose()
      for (const messageExpiryInterval of [5, 15]) {
        const fields = { qos: 1, messageExpiryInterval } as const
        await from.publish('t', `${messageExpiryInterval}`, fields)
        await from.publish('r', `${messageExpiryInterval}`, { ...fields, retain: true })
        await from.publish(`r/${messageExpiryInterval}`, 'kept', { ...fields, retain: true })
      }
      await s.advance(5_000)
      const again = await s.persist('to')
      assert.deepEqual(again.texts(), ['15', '15', 'kept'])
      assert.equal(s.server.counters.dropped['message-expired'], 3)
      const late = await s.connect('late')
      await late.subscribe('#')
      assert.deepEqual(late.texts(), ['15', 'kept'])
    },
  ],
  [
    '3.3.2-6',
    'the expiry that is sent on is shorter by the time that the message waited',
    async (make) => {
      const s = make()
      const [from, to] = await pair(s)
      await from.publish('t', '', { messageExpiryInterval: 10 })
      assert.equal(to.messages()[0]?.messageExpiryInterval, 10)
      await to.lose()
      await from.publish('t', 'm', { qos: 1, messageExpiryInterval: 10, retain: true })
      await s.advance(3_000)
      const again = await s.persist('to')
      assert.equal(again.messages()[0]?.messageExpiryInterval, 7)
      await again.subscribe('t')
      assert.equal(again.messages()[0]?.messageExpiryInterval, 7)
      await from.publish('t', '')
      assert.equal(again.messages()[0]?.messageExpiryInterval, undefined)
    },
  ],
  [
    '3.3.2-13',
    'a response topic is UTF-8',
    async (make) => {
      await refuses(make(), frame('30', '0001 74 04 08 0001 ff'), 0x81)
      assert.equal((await forwarded(make(), { responseTopic: 'ü' })).responseTopic, 'ü')
    },
  ],
  [
    '3.3.2-14',
    'a response topic has no wildcards',
    async (make) => {
      for (const wild of ['23', '2b']) {
        await refuses(make(), frame('30', `0001 74 04 08 0001 ${wild}`), 0x82)
      }
    },
  ],
  [
    '3.3.2-15',
    'a response topic is sent on',
    async (make) =>
      assert.equal((await forwarded(make(), { responseTopic: 'a/b' })).responseTopic, 'a/b'),
  ],
  [
    '3.3.2-16',
    'correlation data are sent on',
    async (make) => {
      const correlationData = Uint8Array.of(0, 255, 1)
      const message = await forwarded(make(), { correlationData, qos: 2 })
      assert.deepEqual(message.correlationData, correlationData)
    },
  ],
  [
    '3.3.2-17',
    'user properties are sent on',
    async (make) => {
      const userProperties = [['', 'ä']] as const
      assert.deepEqual((await forwarded(make(), { userProperties })).userProperties, userProperties)
    },
  ],
  [
    '3.3.2-18',
    'in their order',
    async (make) => {
      const userProperties = [
        ['z', '1'],
        ['a', '2'],
        ['z', '0'],
        ['z', '1'],
      ] as const
      assert.deepEqual((await forwarded(make(), { userProperties })).userProperties, userProperties)
    },
  ],
  [
    '3.3.2-19',
    'a content type is UTF-8',
    async (make) => refuses(make(), frame('30', '0001 74 04 03 0001 ff'), 0x81),
  ],
  [
    '3.3.2-20',
    'a content type is sent on',
    async (make) =>
      assert.equal((await forwarded(make(), { contentType: 'text/ü' })).contentType, 'text/ü'),
  ],
  ['3.3.4-1', 'a PUBLISH is answered by its QoS', answersByQos],
  [
    '3.3.4-6',
    'a client sends no subscription identifier',
    async (make) => refuses(make(), frame('30', '0001 74 02 0b 01'), 0x82),
  ],
  ['3.4.2-1', 'a PUBACK has one of its reason codes', codes(1)],
  ['3.4.2-2', 'no reason string that makes a PUBACK too large', explains(1)],
  ['3.4.2-3', 'no user property that makes a PUBACK too large', NEVER_SENT],
  ['3.5.2-1', 'a PUBREC has one of its reason codes', codes(2)],
  ['3.5.2-2', 'no reason string that makes a PUBREC too large', explains(2)],
  ['3.5.2-3', 'no user property that makes a PUBREC too large', NEVER_SENT],
  [
    '3.6.1-1',
    'the reserved flags of a PUBREL are 2',
    async (make) => {
      for (const first of ['60', '61', '66', '6a']) await refuses(make(), `${first} 02 0001`, 0x81)
    },
  ],
  [
    '3.6.2-1',
    'a PUBREL has one of its reason codes',
    async (make) => {
      const s = make()
      const client = await s.connect('a')
      await client.ack('pubrec', 77)
      assert.deepEqual(client.packets(), [{ kind: 'pubrel', packetId: 77, reasonCode: 0x92 }])
      await refuses(make(), '62 03 0001 80', 0x82)
    },
  ],
  ['3.6.2-2', 'no reason string that makes a PUBREL too large', NEVER_SENT],
  ['3.6.2-3', 'no user property that makes a PUBREL too large', NEVER_SENT],
  ['3.7.2-1', 'a PUBCOMP has one of its reason codes', answersPubrel],
  ['3.7.2-2', 'no reason string that makes a PUBCOMP too large', NEVER_SENT],
  ['3.7.2-3', 'no user property that makes a PUBCOMP too large', NEVER_SENT],
  [
    '4.3.1-1',
    'QoS 0 is sent without DUP',
    async (make) => {
      const { qos, dup, packetId } = await forwarded(make(), {})
      assert.deepEqual([qos, dup, packetId], [0, false, undefined])
    },
  ],
  ['4.3.2-1', 'a message of QoS 1 gets an identifier that is not in use', numbersAnew],
  [
    '4.3.2-2',
    'and is sent with it and without DUP',
    async (make) => {
      const { qos, dup, packetId } = await forwarded(make(), { qos: 1 })
      assert.deepEqual([qos, dup, packetId], [1, false, 1])
    },
  ],
  ['4.3.2-3', 'and stays open until its PUBACK', isOpenUntilPuback],
  ['4.3.2-4', 'one that came is answered with a PUBACK of its identifier', answersByQos],
  ['4.3.2-5', 'after that the same identifier is a new message', isNewAfterPuback],
  [
    '4.3.3-1',
    'a message of QoS 2 gets an identifier that is not in use',
    async (make) => {
      const s = make()
      const [from, to] = await pair(s)
      for (let i = 0; i < 3; i++) await from.publish('t', '', { qos: 2 })
      const ids = () => to.messages().map(({ packetId }) => packetId)
      assert.deepEqual(ids(), [1, 2, 3])
      for (const kind of ['pubrec', 'pubcomp'] as const) await to.ack(kind, 2)
      await from.publish('t', '', { qos: 2 })
      assert.deepEqual(ids(), [4])
    },
  ],
  [
    '4.3.3-2',
    'and is sent with it and without DUP',
    async (make) => {
      const { qos, dup, packetId } = await forwarded(make(), { qos: 2 })
      assert.deepEqual([qos, dup, packetId], [2, false, 1])
    },
  ],
  ['4.3.3-3', 'and stays open until its PUBREC', isOpenUntilPubrec],
  ['4.3.3-4', 'a PUBREC is answered with a PUBREL', isReleased],
  ['4.3.3-5', 'which stays open until its PUBCOMP', isReleased],
  ['4.3.3-6', 'and after which the message is not sent again', isReleased],
  [
    '4.3.3-7',
    'what was sent does not expire',
    async (make) => {
      const s = make()
      const [from, to] = await pair(s)
      await from.publish('t', 'm', { qos: 2, messageExpiryInterval: 5 })
      await to.lose()
      await s.advance(60_000)
      assert.deepEqual((await s.persist('to')).texts(), ['m'])
    },
  ],
  ['4.3.3-8', 'one that came is answered with a PUBREC of its identifier', answersByQos],
  [
    '4.3.3-9',
    'after a PUBREC that refuses, the same identifier is a new message',
    async (make) => {
      const refusals = [{ reasonCode: 0x87 }, undefined]
      const s = make({ guard: guardOf({ refusePublish: () => refusals.shift() }) })
      const [from, to] = await pair(s)
      assert.equal(await from.publish('t', 'no', { qos: 2, packetId: 4 }), 0x87)
      assert.equal(await from.publish('t', 'yes', { qos: 2, packetId: 4, dup: true }), 0)
      assert.deepEqual(to.texts(), ['yes'])
    },
  ],
  ['4.3.3-10', 'until its PUBREL it is answered again, and not delivered again', receivesOnce],
  ['4.3.3-11', 'a PUBREL is answered with a PUBCOMP', answersPubrel],
  [
    '4.3.3-12',
    'after which the same identifier is a new message',
    async (make) => {
      const s = make()
      const [from, to] = await pair(s)
      for (const dup of [false, true]) {
        assert.equal(await from.publish('t', `${dup}`, { qos: 2, packetId: 6, dup }), 0)
      }
      assert.deepEqual(to.texts(), ['false', 'true'])
    },
  ],
  [
    '4.3.3-13',
    'an exchange goes on though the message has expired',
    async (make) => {
      const s = make()
      const from = await s.connect('from')
      const fields = { qos: 2, packetId: 1, messageExpiryInterval: 1 } as const
      await from.send(publishPacket('t', '', fields))
      await s.advance(60_000)
      await from.ack('pubrel', 1)
      assert.equal(from.next('pubcomp').reasonCode, 0)
    },
  ],
  ['4.6.0-1', 'what is sent again keeps its order', sendsAgainInOrder],
  ['4.6.0-2', 'a client acknowledges in order', CLIENT],
  ['4.6.0-3', 'a client acknowledges in order', CLIENT],
  [
    '4.6.0-4',
    'PUBRELs come in the order of the PUBRECs',
    async (make) => {
      const s = make()
      const [from, to] = await pair(s)
      for (let i = 0; i < 3; i++) await from.publish('t', '', { qos: 2 })
      to.messages()
      for (const packetId of [3, 1, 2]) await to.ack('pubrec', packetId)
      const ids = to.packets().map((packet) => 'packetId' in packet && packet.packetId)
      assert.deepEqual(ids, [3, 1, 2])
    },
  ],
  ['4.6.0-5', 'messages of one client come in their order', keepsOrder],
  ['4.6.0-6', 'for each topic', keepsOrder],
  [
    '2.2.1-2',
    'a message of QoS 0 has no packet identifier',
    async (make) => {
      const s = make()
      const [from, to] = await pair(s)
      // What would be one is the length of the properties and the payload.
      await from.bytes(frame('30', '0001 74 00 07'))
      const [message] = to.messages()
      assert.deepEqual([message?.packetId, message?.payload], [undefined, hex('07')])
    },
  ],
  ['2.2.1-3', 'a client uses identifiers that are not in use', CLIENT],
  ['2.2.1-4', 'so does the server', numbersAnew],
  ['2.2.1-5', 'acknowledgements have the identifier of the message', receivesOnce],
]
