/**
 * MQTT 3.1.1. Where it says what MQTT 5 says too, the same is expected of clients that speak it.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { hex } from '../../packet/bytes.ts'
import { guardOf, publishPacket, will } from '../fixture.ts'
import { connectBytes, frame, refuses, refusesFirst } from './bytes.ts'
import { CLIENT, type Clause, type ClauseTest, type NoTest, TRANSPORT } from './clause.ts'
import { CONNECT_CLAUSES } from './connect.ts'
import { DATA_CLAUSES } from './data.ts'
import { DISCONNECT_CLAUSES } from './disconnect.ts'
import { PUBLISH_CLAUSES } from './publish.ts'
import { RETAIN_CLAUSES } from './retain.ts'
import { SESSION_CLAUSES } from './session.ts'
import { SUBSCRIBE_CLAUSES } from './subscribe.ts'
import { WILL_CLAUSES } from './will.ts'

const NEW: readonly Clause[] = [
  ...DATA_CLAUSES,
  ...CONNECT_CLAUSES,
  ...WILL_CLAUSES,
  ...SESSION_CLAUSES,
  ...PUBLISH_CLAUSES,
  ...RETAIN_CLAUSES,
  ...SUBSCRIBE_CLAUSES,
  ...DISCONNECT_CLAUSES,
]

/** How statements of MQTT 5 are shown, one after the other. */
function as(...ids: readonly string[]): ClauseTest {
  const tests = ids.map((id) => {
    const [, , how] = NEW.find(([other]) => other === id) ?? []
    assert(typeof how === 'function', `MQTT 5 has no test of ${id}`)
    return how
  })
  return async (make) => {
    for (const show of tests) await show(make)
  }
}

const SPECIFICATION: NoTest = { because: 'it speaks of what may be called MQTT 3.1.1' }

const refusesEmptyId: ClauseTest = async (make) => {
  const s = make()
  const client = s.raw()
  const answer = await client.connect('', { cleanStart: false })
  assert.deepEqual(answer, { kind: 'connack', sessionPresent: false, reasonCode: 2 })
  assert.equal(client.state, 'ended')
  assert.equal((await s.raw().connect('', { cleanStart: true })).reasonCode, 0)
}

const hasWillFields: ClauseTest = async (make) => {
  const s = make()
  for (const payload of ['0001 61', '0001 61 0001 77', '0001 61 0001 77 0001']) {
    await refusesFirst(s, connectBytes(s, { flags: '06', payload }))
  }
  const behind = '0001 61 0001 77 0000'
  await refusesFirst(s, connectBytes(s, { payload: behind }))
  await s.connect('a', will('w', ''))
}

const hasWillQos: ClauseTest = async (make) => {
  const s = make()
  const payload = '0001 61 0001 77 0000'
  await refusesFirst(s, connectBytes(s, { flags: '1e', payload }))
  for (const qos of [0, 1, 2] as const) await s.connect('a', will('w', '', { qos }))
}

export const OLD_CLAUSES: readonly Clause[] = [
  ['1.5.3-1', 'texts are UTF-8', as('1.5.4-1')],
  ['1.5.3-2', 'texts have no U+0000', as('1.5.4-2')],
  ['1.5.3-3', 'U+FEFF belongs to a text', as('1.5.4-3')],
  ['2.2.2-1', 'reserved flags are as they have to be', as('2.1.3-1')],
  ['2.2.2-2', 'and others end the connection', as('2.1.3-1')],
  [
    '2.3.1-1',
    'packet identifiers are not 0',
    async (make) => {
      for (const [first, body] of [
        ['32', '0001 74 0000'],
        ['82', '0000 0001 61 00'],
        ['a2', '0000 0001 61'],
      ] as const) {
        await refuses(make(), frame(first, body), 0x82)
      }
      assert.equal(await (await make().connect('a')).publish('t', '', { qos: 1 }), 0)
    },
  ],
  ['2.3.1-2', 'a client uses identifiers that are not in use', CLIENT],
  ['2.3.1-3', 'a client sends again with the same identifier', CLIENT],
  ['2.3.1-4', 'so does the server', as('4.4.0-1', '2.2.1-4')],
  [
    '2.3.1-5',
    'a message of QoS 0 has no packet identifier',
    async (make) => {
      const client = await make().connect('a')
      await client.subscribe('t')
      await client.bytes(frame('30', '0001 74 0007'))
      const [message] = client.messages()
      assert.deepEqual([message?.packetId, message?.payload], [undefined, hex('0007')])
    },
  ],
  ['2.3.1-6', 'acknowledgements have the identifier of the message', as('2.2.1-5')],
  ['2.3.1-7', 'a SUBACK and an UNSUBACK have that of what they answer', as('2.2.1-6')],
  ['3.1.0-1', 'the first packet is a CONNECT', as('3.1.0-1')],
  ['3.1.0-2', 'a second CONNECT ends the connection', as('3.1.0-2')],
  ['3.1.2-1', 'a protocol name that is not MQTT is nothing to go on with', as('3.1.2-1')],
  ['3.1.2-2', 'a level that is not known is answered with 0x01', as('3.1.2-2')],
  ['3.1.2-3', 'the reserved connect flag is 0', as('3.1.2-3')],
  [
    '3.1.2-4',
    'without a clean session the client goes on with its session, or begins one that is kept',
    as('3.1.2-5', '3.1.2-6', '4.4.0-1'),
  ],
  ['3.1.2-5', 'messages of QoS 1 and 2 are kept for it', as('4.5.0-1')],
  [
    '3.1.2-6',
    'a clean session is new, and ends with its connection',
    async (make) => {
      await as('3.1.2-4')(make)
      const s = make()
      const client = await s.connect('a', { cleanStart: true })
      await client.subscribe('t', { qos: 1 })
      await client.lose()
      assert.equal(s.server.counters.sessions, 0)
      assert.equal((await s.raw().connect('a', { cleanStart: false })).sessionPresent, false)
    },
  ],
  [
    '3.1.2-7',
    'retained messages outlive the session',
    async (make) => {
      const s = make()
      const from = await s.connect('from')
      await from.publish('t', 'kept', { retain: true })
      await from.disconnect()
      assert.equal(s.server.counters.sessions, 0)
      const late = await s.connect('late')
      await late.subscribe('t')
      assert.deepEqual(late.texts(), ['kept'])
    },
  ],
  [
    '3.1.2-8',
    'a will is published when the connection ends without a DISCONNECT',
    async (make) => {
      const s = make()
      const listener = await s.connect('listener')
      await listener.subscribe('w')
      await (await s.connect('a', will('w', 'lost'))).lose()
      await (await s.connect('a', will('w', 'wrong'))).bytes('00 00')
      await s.connect('a', { ...will('w', 'silent'), keepAlive: 1 })
      await s.advance(2_500)
      assert.deepEqual(listener.texts(), ['lost', 'wrong', 'silent'])
      await (await s.connect('a', will('w', 'no'))).disconnect()
      assert.deepEqual(listener.texts(), [])
    },
  ],
  ['3.1.2-9', 'with the will flag there are its topic and payload', hasWillFields],
  ['3.1.2-10', 'a will that was published, or dropped, is gone', as('3.1.2-10')],
  ['3.1.2-11', 'without it nothing of a will is there', as('3.1.2-11')],
  [
    '3.1.2-12',
    'and none is published',
    async (make) => {
      const s = make()
      const listener = await s.connect('listener')
      await listener.subscribe('#')
      await (await s.connect('a')).lose()
      assert.deepEqual(listener.texts(), [])
    },
  ],
  ['3.1.2-13', 'no will, no QoS of a will', as('3.1.2-11')],
  ['3.1.2-14', 'its QoS is 0, 1 or 2', hasWillQos],
  ['3.1.2-15', 'no will, no RETAIN of a will', as('3.1.2-13')],
  ['3.1.2-16', 'it is not retained if it is not to be', as('3.1.2-14')],
  ['3.1.2-17', 'it is retained if it is to be', as('3.1.2-15')],
  ['3.1.2-18', 'no user name flag, no user name', as('3.1.2-16')],
  ['3.1.2-19', 'with the flag there is a user name', as('3.1.2-17')],
  ['3.1.2-20', 'no password flag, no password', as('3.1.2-18')],
  ['3.1.2-21', 'with the flag there is a password', as('3.1.2-19')],
  [
    '3.1.2-22',
    'no password without a user name',
    async (make) => {
      const s = make()
      await refusesFirst(s, connectBytes(s, { flags: '42', payload: '0001 61 0001 70' }))
      await s.raw().bytes(connectBytes(s, { flags: 'c2', payload: '0001 61 0001 75 0001 70' }))
      assert.equal(s.told('connected').length, 1)
    },
  ],
  ['3.1.2-23', 'a client lets the keep alive not pass without a packet', CLIENT],
  [
    '3.1.2-24',
    'one and a half times the keep alive in silence ends the connection',
    as('3.1.2-22'),
  ],
  ['3.1.3-1', 'client id, will, user name and password come in this order', as('3.1.3-1')],
  ['3.1.3-2', 'the client id says whose session it is', as('3.1.3-2')],
  ['3.1.3-3', 'there is a client id, and it comes first', as('3.1.3-3')],
  ['3.1.3-4', 'a client id is UTF-8', as('3.1.3-4')],
  ['3.1.3-5', 'client ids of 1 to 23 digits and letters are allowed', as('3.1.3-5')],
  ['3.1.3-6', 'an empty client id becomes one that nobody has', as('3.1.3-6')],
  ['3.1.3-7', 'a client without a client id has a clean session', CLIENT],
  ['3.1.3-8', 'else it is refused with 0x02', refusesEmptyId],
  ['3.1.3-9', 'a client id that is refused is answered with 0x02', as('3.1.3-8')],
  ['3.1.3-10', 'the topic of a will is a topic name in UTF-8', as('3.1.3-11')],
  ['3.1.3-11', 'a user name is UTF-8', as('3.1.3-12')],
  [
    '3.1.4-1',
    'a CONNECT that is not as it has to be ends the connection without a CONNACK',
    async (make) => {
      const s = make()
      for (const bytes of [
        frame('10', '0004 4d515454'),
        connectBytes(s, { flags: '03' }),
        connectBytes(s, { payload: '0001' }),
        connectBytes(s, { payload: '0001 61 00' }),
      ]) {
        const client = s.raw()
        await client.bytes(bytes)
        assert.deepEqual(client.packets(), [])
        assert.equal(client.state, 'ended')
      }
      await s.connect('a')
    },
  ],
  ['3.1.4-2', 'a connection whose client id comes again ends', as('3.1.4-3')],
  ['3.1.4-3', 'a clean session is made as section 3.1.2.4 says', as('3.1.2-4')],
  ['3.1.4-4', 'a client that is let in is told so', as('3.1.4-5')],
  ['3.1.4-5', 'what follows a CONNECT that is refused is not looked at', as('3.1.4-6')],
  ['3.2.0-1', 'the CONNACK comes before everything else', as('3.2.0-1')],
  ['3.2.2-1', 'a clean session is answered without a session', as('3.2.2-2')],
  ['3.2.2-2', 'a session that is there is told', as('3.1.2-5')],
  ['3.2.2-3', 'and so is one that is not', as('3.1.2-6')],
  ['3.2.2-4', 'a refusal has no session', as('3.2.2-6')],
  ['3.2.2-5', 'after a refusal the connection ends', as('3.2.2-7')],
  [
    '3.2.2-6',
    'what has no return code ends the connection without a CONNACK',
    async (make) => {
      const client = make().raw()
      await assert.rejects(client.connect('a', will('#', 'm')), /there is no connack/)
      assert.equal(client.state, 'ended')
      // The others are those of the table.
      for (const [reasonCode, returnCode] of [
        [0x85, 2],
        [0x88, 3],
        [0x97, 3],
        [0x86, 4],
        [0x87, 5],
      ] as const) {
        const s = make({ guard: { login: () => ({ effect: 'deny', reasonCode }) } })
        assert.equal((await s.raw().connect('a')).reasonCode, returnCode)
      }
    },
  ],
  ['3.3.1-1', 'what is sent again has DUP', as('3.3.1-1')],
  [
    '3.3.1-2',
    'QoS 0 has no DUP',
    async (make) => {
      await refuses(make(), frame('38', '0001 74'), 0x81)
      await as('4.3.1-1')(make)
    },
  ],
  ['3.3.1-3', 'DUP is set anew for who receives it', as('3.3.1-3')],
  ['3.3.1-4', 'no QoS is 3', async (make) => refuses(make(), frame('36', '0001 74 0001'), 0x81)],
  ['3.3.1-5', 'a message that is to be retained is, with its QoS', as('3.3.1-5')],
  ['3.3.1-6', 'a new subscription gets it', as('3.3.1-9')],
  ['3.3.1-7', 'one of QoS 0 takes the place of the one before', as('3.3.1-5')],
  ['3.3.1-8', 'with RETAIN', as('3.3.1-12')],
  ['3.3.1-9', 'but not those who subscribed before', as('3.3.1-12')],
  ['3.3.1-10', 'one without a payload removes it', as('3.3.1-6')],
  ['3.3.1-11', 'and is not retained', as('3.3.1-7')],
  ['3.3.1-12', 'one that is not to be retained leaves it', as('3.3.1-8')],
  ['3.3.2-1', 'the topic name comes first, and is UTF-8', as('3.3.2-1')],
  ['3.3.2-2', 'a topic name has no wildcards', as('3.3.2-2')],
  ['3.3.2-3', 'a message goes to whose filter matches its topic name', as('3.3.2-3')],
  ['3.3.4-1', 'a PUBLISH is answered by its QoS', as('3.3.4-1')],
  ['3.3.5-1', 'of overlapping subscriptions the highest QoS counts', as('3.3.4-2')],
  [
    '3.3.5-2',
    'a publish that is not granted ends the connection',
    async (make) => {
      for (const reasonCode of [0x87, 0x90, 0x83]) {
        const s = make({ guard: guardOf({ refusePublish: () => ({ reasonCode }) }) })
        for (const qos of [0, 1, 2] as const) {
          const client = await s.connect('a')
          await client.send(publishPacket('t', '', { qos, packetId: 1 }))
          assert.deepEqual(client.packets(), [])
          assert.equal(client.state, 'ended')
        }
      }
      assert.equal(await (await make().connect('a')).publish('t', '', { qos: 1 }), 0)
    },
  ],
  ['3.6.1-1', 'the reserved flags of a PUBREL are 2', as('3.6.1-1')],
  [
    '3.8.1-1',
    'the reserved flags of a SUBSCRIBE are 2',
    async (make) => {
      for (const first of ['80', '81', '8a']) {
        await refuses(make(), frame(first, '0001 0001 61 00'), 0x81)
      }
    },
  ],
  ['3.8.3-1', 'filters are UTF-8', as('3.8.3-1')],
  ['3.8.3-2', 'a server without wildcards refuses them', { because: 'it has wildcards' }],
  ['3.8.3-3', 'there is at least one filter', as('3.8.3-2')],
  [
    '3.8.3-4',
    'reserved bits beside the QoS, and a QoS of 3, end the connection',
    async (make) => {
      for (const options of ['03', '04', '08', '10', '80']) {
        await refuses(make(), frame('82', `0001 0001 61 ${options}`), 0x81)
      }
      assert.deepEqual(await (await make().connect('a')).subscribe('a', { qos: 2 }), [2])
    },
  ],
  ['3.8.4-1', 'a SUBSCRIBE is answered with a SUBACK', as('3.8.4-1')],
  ['3.8.4-2', 'of the same identifier', as('3.8.4-2')],
  ['3.8.4-3', 'a filter that is there is replaced, and none is lost', as('3.8.4-3')],
  ['3.8.4-4', 'several filters are as several packets, with one answer', as('3.8.4-5')],
  ['3.8.4-5', 'which has a code for each', as('3.8.4-6', '3.8.4-7')],
  ['3.8.4-6', 'the QoS is the lower one of subscription and message', as('3.8.4-8')],
  ['3.9.3-1', 'the codes have the order of the filters', as('3.9.3-1')],
  ['3.9.3-2', 'they are 0x00, 0x01, 0x02 and 0x80', as('3.9.3-2')],
  [
    '3.10.1-1',
    'the reserved flags of an UNSUBSCRIBE are 2',
    async (make) => {
      for (const first of ['a0', 'a1', 'aa']) {
        await refuses(make(), frame(first, '0001 0001 61'), 0x81)
      }
    },
  ],
  ['3.10.3-1', 'its filters are UTF-8', as('3.10.3-1')],
  ['3.10.3-2', 'there is at least one', async (make) => refuses(make(), frame('a2', '0001'), 0x82)],
  ['3.10.4-1', 'it ends the subscription of the same filter to the letter', as('3.10.4-1')],
  ['3.10.4-2', 'after which no messages are added', as('3.10.4-2')],
  ['3.10.4-3', 'and those that are sent are completed', as('3.10.4-3')],
  ['3.10.4-4', 'it is answered with an UNSUBACK of its identifier', as('3.10.4-4')],
  ['3.10.4-5', 'though nothing ended', as('3.10.4-5')],
  ['3.10.4-6', 'several filters are as several packets, with one answer', as('3.10.4-6')],
  ['3.12.4-1', 'a PINGREQ is answered with a PINGRESP', as('3.12.4-1')],
  ['3.14.1-1', 'the reserved flags of a DISCONNECT are 0', as('3.14.1-1')],
  ['3.14.4-1', 'a client ends the connection after its DISCONNECT', CLIENT],
  ['3.14.4-2', 'and sends nothing more', CLIENT],
  [
    '3.14.4-3',
    'a DISCONNECT drops the will',
    async (make) => {
      const s = make()
      const listener = await s.connect('listener')
      await listener.subscribe('w')
      for (const connect of [s.connect, s.persist]) {
        await (await connect.call(s, 'a', will('w', 'no'))).disconnect()
      }
      assert.deepEqual(listener.texts(), [])
    },
  ],
  ['4.1.0-1', 'a session is kept as long as it lasts', as('3.1.2-23')],
  ['4.1.0-2', 'that is as long as the connection is open', as('4.1.0-1')],
  ['4.3.1-1', 'QoS 0 is sent without DUP', as('4.3.1-1')],
  ['4.3.2-1', 'how QoS 1 is sent', as('4.3.2-1', '4.3.2-2', '4.3.2-3')],
  ['4.3.2-2', 'how QoS 1 is received', as('4.3.2-4', '4.3.2-5')],
  ['4.3.3-1', 'how QoS 2 is sent', as('4.3.3-1', '4.3.3-2', '4.3.3-3', '4.3.3-4', '4.3.3-5')],
  ['4.3.3-2', 'how QoS 2 is received', as('4.3.3-8', '4.3.3-10', '4.3.3-11', '4.3.3-12')],
  ['4.4.0-1', 'what is in flight is sent again when the client comes back', as('4.4.0-1')],
  ['4.5.0-1', 'a message is kept for the sessions that subscribed to it', as('4.5.0-1')],
  ['4.5.0-2', 'a client acknowledges what it gets', CLIENT],
  ['4.6.0-1', 'what is sent again keeps its order', as('4.6.0-1')],
  ['4.6.0-2', 'PUBACKs come in order', as('4.6.0-5')],
  ['4.6.0-3', 'a client sends PUBRECs in order', CLIENT],
  ['4.6.0-4', 'PUBRELs come in the order of the PUBRECs', as('4.6.0-4')],
  ['4.6.0-5', 'messages of one client come in their order', as('4.6.0-5')],
  ['4.6.0-6', 'for each topic', as('4.6.0-6')],
  ['4.7.1-1', 'wildcards are of filters, and not of topic names', as('4.7.0-1')],
  ['4.7.1-2', '"#" is the last level, as a whole', as('4.7.1-1')],
  ['4.7.1-3', '"+" is a whole level, wherever', as('4.7.1-2')],
  ['4.7.2-1', 'a wildcard at the beginning reaches no name with a "$" there', as('4.7.2-1')],
  ['4.7.3-1', 'a topic has at least one character', as('4.7.3-1')],
  ['4.7.3-2', 'and no U+0000', as('4.7.3-2')],
  ['4.7.3-3', 'and up to 65,535 bytes', as('4.7.3-3')],
  ['4.7.3-4', 'topics are compared to the letter', as('4.7.3-4')],
  ['4.8.0-1', 'what breaks the protocol ends the connection', as('3.1.0-2', '2.1.3-1')],
  ['4.8.0-2', 'and so does what cannot be done for now', { because: 'no error here passes' }],
  ['6.0.0-1', 'packets are sent in binary frames of a WebSocket', TRANSPORT],
  ['6.0.0-2', 'frames are cut anywhere', as('6.0.0-2')],
  ['6.0.0-3', 'a client offers "mqtt"', TRANSPORT],
  ['6.0.0-4', 'a server selects "mqtt"', TRANSPORT],
  ['7.0.0-1', 'a server that connects to others is a client, too', SPECIFICATION],
  ['7.0.0-2', 'no extension is needed', SPECIFICATION],
  ['7.1.1-1', 'a server has a transport that is ordered and loses nothing', TRANSPORT],
  ['7.1.2-1', 'so has a client', TRANSPORT],
]
