/**
 * CONNECT, CONNACK and AUTH (MQTT 5, sections 3.1, 3.2, 3.15 and 4.12), but for sessions and wills.
 *
 * @module
 */
import assert from 'node:assert/strict'
import type { ServerGuard } from '../../../src/server/guard.ts'
import { hex, joined } from '../../packet/bytes.ts'
import { assertEnded, connectPacket, guardOf, publishPacket } from '../fixture.ts'
import { connectBytes, frame, refuses, refusesFirst } from './bytes.ts'
import { CLIENT, type Clause, type ClauseTest, NEVER_SENT } from './clause.ts'

/** Lets in who has the password "right". */
const PASSWORDS: ServerGuard = {
  login(request) {
    if (new TextDecoder().decode(request.password) === 'right') return guardOf({}).login(request)
    return { effect: 'deny', reasonCode: 0x86 }
  },
}

const word = (text: string) => new TextEncoder().encode(text)

const hasUserName: ClauseTest = async (make) => {
  const seen: unknown[] = []
  const s = make({
    guard: {
      login(request) {
        seen.push([request.username, request.password?.length])
        return guardOf({}).login(request)
      },
    },
  })
  await s.connect('a', { username: 'u', password: word('pw') })
  await s.connect('a')
  assert.deepEqual(seen, [
    ['u', 2],
    [undefined, undefined],
  ])
  // A user name is announced and not there, and there without being announced.
  await refusesFirst(make(), connectBytes(make(), { flags: '82' }))
  await refusesFirst(make(), connectBytes(make(), { payload: '0001 61 0001 75' }))
}

const hasPassword: ClauseTest = async (make) => {
  const s = make({ guard: PASSWORDS })
  await s.connect('a', { username: 'u', password: word('right') })
  await refusesFirst(make(), connectBytes(make(), { flags: 'c2', payload: '0001 61 0001 75' }))
  const behind = '0001 61 0001 75 0001 70'
  await refusesFirst(make(), connectBytes(make(), { flags: '82', payload: behind }))
}

const noWillAtAll: ClauseTest = async (make) => {
  // QoS 1 and RETAIN of a will that is not there.
  for (const flags of ['0a', '22']) await refusesFirst(make(), connectBytes(make(), { flags }))
  await make().connect('a')
}

const refusesLogin: ClauseTest = async (make) => {
  const s = make({ guard: PASSWORDS })
  const client = s.raw()
  const { reasonCode, sessionPresent } = await client.connect('a', {
    username: 'u',
    password: word('wrong'),
  })
  assert.equal(reasonCode, client.version === 5 ? 0x86 : 4)
  assert.equal(sessionPresent, false)
  assert.equal(client.state, 'ended')
  assert.equal(s.server.counters.sessions, 0)
}

const ignoresTheRest: ClauseTest = async (make) => {
  const s = make({ guard: PASSWORDS })
  const listener = await s.connect('listener', { username: 'u', password: word('right') })
  await listener.subscribe('a')
  const client = s.raw()
  const fields = { username: 'u', password: word('wrong') }
  await client.send(connectPacket(client.version, 'c', fields), publishPacket('a', 'no'))
  assert.deepEqual(listener.texts(), [])
  await s.raw().send(connectPacket(s.version, 'd', { ...fields, password: word('right') }))
  assert.equal(s.server.counters.messagesReceived, 0)
}

const readsTheRest: ClauseTest = async (make) => {
  const s = make()
  const listener = await s.connect('listener')
  await listener.subscribe('a')
  const client = s.raw()
  await client.send(connectPacket(client.version, 'c'), publishPacket('a', 'yes'))
  assert.deepEqual(listener.texts(), ['yes'])
  await ignoresTheRest(make)
}

const answersFirst: ClauseTest = async (make) => {
  const s = make()
  const before = await s.persist('a')
  await before.subscribe('x', { qos: 1 })
  await before.lose()
  await (await s.connect('b')).publish('x', 'm', { qos: 1 })
  const client = s.raw()
  const lasting = { cleanStart: false, sessionExpiryInterval: 100 }
  await client.send(connectPacket(client.version, 'a', lasting))
  assert.deepEqual(
    client.packets().map(({ kind }) => kind),
    ['connack', 'publish'],
  )
}

const assigns: ClauseTest = async (make) => {
  const s = make()
  const clients = [s.raw(), s.raw()]
  const names: (string | undefined)[] = []
  for (const client of clients) {
    names.push((await client.connect('')).assignedClientIdentifier)
  }
  const told = s.told('connected').map(({ client }) => client.clientId)
  assert.equal(new Set(told).size, 2)
  assert(told.every((name) => name.length > 0))
  if (s.version === 5) assert.deepEqual(names, told)
  assert.equal(s.server.counters.sessions, 2)
  assert.equal((await s.raw().connect('a')).assignedClientIdentifier, undefined)
}

const keepsAlive: ClauseTest = async (make) => {
  const s = make()
  const silent = await s.connect('silent', { keepAlive: 10 })
  const loud = await s.connect('loud', { keepAlive: 10 })
  const free = await s.connect('free', { keepAlive: 0 })
  await s.advance(14_900)
  await loud.send({ kind: 'pingreq' })
  assert.equal(silent.state, 'open')
  await s.advance(1_200)
  assertEnded(silent, 0x8d)
  assert.equal(loud.state, 'open')
  await s.advance(15_000)
  assert.equal(loud.state, 'ended')
  await s.advance(10_000_000)
  assert.equal(free.state, 'open')
}

export const CONNECT_CLAUSES: readonly Clause[] = [
  [
    '3.1.0-1',
    'the first packet is a CONNECT',
    async (make) => {
      for (const first of ['c000', '30040001 6161', 'e000', '82060001 0001 61 00', '200200 00']) {
        await refusesFirst(make(), hex(first))
      }
      await make().connect('a')
    },
  ],
  [
    '3.1.0-2',
    'a second CONNECT ends the connection',
    async (make) => {
      const s = make()
      await refuses(s, connectBytes(s, {}), 0x82)
      assert.equal(s.server.counters.sessions, 0)
    },
  ],
  [
    '3.1.2-1',
    'a protocol name that is not MQTT ends the connection',
    async (make) => {
      for (const protocol of ['0004 4d515455 05', '0006 4d5149736470 03', '0004 6d717474 05']) {
        const s = make()
        // Whoever it is, is told in the words of MQTT 3.1.1.
        await refusesFirst(s, connectBytes(s, { protocol }), s.raw(4))
      }
    },
  ],
  [
    '3.1.2-2',
    'a protocol version that is not known ends the connection, and the client is told in the words of MQTT 3.1.1',
    async (make) => {
      for (const level of ['03', '06', '00', '84']) {
        const s = make()
        const client = s.raw(4)
        await client.bytes(connectBytes(s, { protocol: `0004 4d515454 ${level}` }))
        const told = { kind: 'connack', sessionPresent: false, reasonCode: 1 }
        assert.deepEqual(client.packets(), [told])
        assert.equal(client.state, 'ended')
      }
      await make().connect('a', { version: 4 })
      await make().connect('a', { version: 5 })
    },
  ],
  [
    '3.1.2-3',
    'the reserved connect flag is 0',
    async (make) => refusesFirst(make(), connectBytes(make(), { flags: '03' })),
  ],
  ['3.1.2-11', 'no will, no QoS of a will', noWillAtAll],
  ['3.1.2-13', 'no will, no RETAIN of a will', noWillAtAll],
  ['3.1.2-16', 'no user name flag, no user name', hasUserName],
  ['3.1.2-17', 'with the flag there is a user name', hasUserName],
  ['3.1.2-18', 'no password flag, no password', hasPassword],
  ['3.1.2-19', 'with the flag there is a password', hasPassword],
  ['3.1.2-20', 'a client lets the keep alive not pass without a packet', CLIENT],
  ['3.1.2-21', 'a client keeps to the keep alive of the server', CLIENT],
  ['3.1.2-22', 'one and a half times the keep alive in silence ends the connection', keepsAlive],
  ['3.1.2-28', 'response information only where it is asked for', NEVER_SENT],
  [
    '3.1.2-29',
    'no reason string where problem information is not asked for',
    async (make) => {
      const refusal = { reasonCode: 0x87, explain: () => 'not you' }
      const s = make({
        guard: guardOf({ refusePublish: () => refusal, refuseSubscribe: () => refusal }),
      })
      for (const [requestProblemInformation, reasonString] of [
        [0, undefined],
        [1, 'not you'],
        [undefined, 'not you'],
      ] as const) {
        const client = await s.connect('a', {
          ...(requestProblemInformation !== undefined && { requestProblemInformation }),
        })
        for (const [qos, kind] of [
          [1, 'puback'],
          [2, 'pubrec'],
        ] as const) {
          await client.send(publishPacket('t', '', { qos, packetId: 1 }))
          assert.equal(client.next(kind).reasonString, reasonString)
        }
        await client.bytes('82 07 0001 00 0001 61 00')
        assert.equal(client.next('suback').reasonString, reasonString)
      }
    },
  ],
  ['3.1.2-30', 'a client that authenticates otherwise waits for the CONNACK', CLIENT],
  [
    '3.1.3-1',
    'client id, will, user name and password come in this order',
    async (make) => {
      const seen: unknown[] = []
      const s = make({
        guard: {
          login(request) {
            const password = new TextDecoder().decode(request.password)
            seen.push(request.clientId, request.username, password)
            return guardOf({}).login(request)
          },
        },
      })
      const listener = await s.connect('listener')
      await listener.subscribe('w')
      const properties = s.version === 5 ? '00' : ''
      const payload = `0001 61 ${properties} 0001 77 0001 6d 0001 75 0001 70`
      const client = s.raw()
      await client.bytes(connectBytes(s, { flags: 'c6', payload }))
      await client.lose()
      assert.deepEqual(seen.slice(3), ['a', 'u', 'p'])
      assert.deepEqual(listener.texts(), ['m'])
      // Nothing may follow.
      await refusesFirst(make(), connectBytes(s, { flags: 'c6', payload: `${payload}00` }))
    },
  ],
  [
    '3.1.3-3',
    'there is a client id, and it comes first',
    async (make) => {
      await refusesFirst(make(), connectBytes(make(), { payload: '' }))
      const s = make()
      await s.raw().bytes(connectBytes(s, { payload: '0002 6162' }))
      assert.equal(s.told('connected')[0]?.client.clientId, 'ab')
    },
  ],
  [
    '3.1.3-4',
    'a client id is UTF-8',
    async (make) => {
      const s = make()
      for (const id of ['0001 ff', '0003 eda080', '0002 c080', '0003 610062']) {
        await refusesFirst(s, connectBytes(s, { payload: id }))
      }
      await s.connect('Gewächshaus 🌱')
    },
  ],
  [
    '3.1.3-5',
    'client ids of 1 to 23 digits and letters are allowed',
    async (make) => {
      const s = make()
      for (const id of [
        'a',
        'abcdefghijklmnopqrstuvw',
        'XYZABCDEFGHIJKLMNOPQRST',
        '01234567890123456789012',
      ]) {
        await s.connect(id)
      }
    },
  ],
  ['3.1.3-6', 'an empty client id becomes one that nobody has', assigns],
  [
    '3.1.3-7',
    'and the client has that one from then on, and is told it',
    async (make) => {
      const s = make()
      const first = s.raw()
      const lasting = { cleanStart: false, sessionExpiryInterval: 100 }
      const { assignedClientIdentifier } = await first.connect('', lasting)
      await first.subscribe('x')
      await first.lose()
      const again = await s.persist(assignedClientIdentifier!)
      await again.publish('x', 'mine')
      assert.deepEqual(again.texts(), ['mine'])
    },
  ],
  [
    '3.1.3-8',
    'a client id that is refused ends the connection',
    async (make) => {
      const s = make({ guard: { login: () => ({ effect: 'deny', reasonCode: 0x85 }) } })
      const client = s.raw()
      assert.equal((await client.connect('a')).reasonCode, s.version === 5 ? 0x85 : 2)
      assert.equal(client.state, 'ended')
    },
  ],
  [
    '3.1.3-12',
    'a user name is UTF-8',
    async (make) => {
      for (const name of ['0001 ff', '0001 00', '0003 edbfbf']) {
        const s = make()
        await refusesFirst(s, connectBytes(s, { flags: '82', payload: `0001 61 ${name}` }))
      }
      await make().connect('a', { username: 'Grün' })
    },
  ],
  [
    '3.1.4-1',
    'a CONNECT that is not as it has to be ends the connection',
    async (make) => {
      const s = make()
      const good = connectBytes(s, {})
      // Cut short, with too much, with a property twice, and with a property that it does not have.
      const bad = [
        frame('10', '0004 4d515454'),
        joined([frame('10', '0004 4d515454 05 02 0000 00 0001 61 00')]),
        connectBytes(s, { properties: '0a 11 00000001 11 00000001' }),
        connectBytes(s, { properties: '02 01 00' }),
        connectBytes(s, { properties: '03 21 0000' }),
        connectBytes(s, { flags: '12' }),
      ]
      for (const bytes of bad) await refusesFirst(make(), bytes)
      const client = s.raw()
      await client.bytes(good)
      assert.equal(client.next('connack').reasonCode, 0)
    },
  ],
  ['3.1.4-2', 'a client that is not let in is told, and its connection ends', refusesLogin],
  [
    '3.1.4-3',
    'a connection whose client id comes again ends with 0x8E',
    async (make) => {
      const s = make()
      const first = await s.connect('a')
      const second = await s.connect('a')
      assertEnded(first, 0x8e)
      assert.equal(second.state, 'open')
      assert.equal(s.server.counters.sessions, 1)
      // That of another owner stays.
      const other = await s.connect('a', { username: 'other', password: word('') })
      assert.equal(
        second.state === 'open',
        other.state === 'open' && s.told('connected').length === 2,
      )
    },
  ],
  [
    '3.1.4-5',
    'a client that is let in is told so',
    async (make) => {
      const { reasonCode, sessionPresent } = await make().raw().connect('a')
      assert.deepEqual([reasonCode, sessionPresent], [0, false])
      await refusesLogin(make)
    },
  ],
  ['3.1.4-6', 'what follows a CONNECT that is refused is not looked at', readsTheRest],
  ['3.2.0-1', 'the CONNACK comes before everything else', answersFirst],
  [
    '3.2.0-2',
    'there is one CONNACK',
    async (make) => {
      const s = make()
      const client = await s.connect('a')
      await client.bytes(connectBytes(s, {}))
      assert(!client.packets().some(({ kind }) => kind === 'connack'))
    },
  ],
  [
    '3.2.2-1',
    'the reserved flags of a CONNACK are 0',
    async (make) => {
      // The reader of the fixture takes no other: see test/packet.
      const s = make()
      await s.persist('a')
      assert.equal((await s.raw().connect('a', { cleanStart: false })).sessionPresent, true)
    },
  ],
  ['3.2.2-4', 'a client without a session does not go on with one', CLIENT],
  ['3.2.2-5', 'a client whose session is gone forgets it', CLIENT],
  ['3.2.2-6', 'a refusal has no session', refusesLogin],
  ['3.2.2-7', 'after a refusal the connection ends', refusesLogin],
  [
    '3.2.2-8',
    'a CONNACK has one of its reason codes',
    async (make) => {
      // The reader of the fixture takes no others.
      for (const reasonCode of [0x80, 0x85, 0x86, 0x87, 0x88, 0x89, 0x8a, 0x97, 0x9f]) {
        const s = make({ guard: { login: () => ({ effect: 'deny', reasonCode }) } })
        assert.equal((await s.raw().connect('a')).reasonCode, reasonCode)
      }
    },
  ],
  [
    '3.2.2-9',
    'a maximum QoS is announced by a server that has one',
    async (make) => assert.equal((await make().raw().connect('a')).maximumQos, undefined),
  ],
  [
    '3.2.2-10',
    'a server without QoS 1 takes a SUBSCRIBE with it',
    { because: 'it has QoS 1 and 2' },
  ],
  ['3.2.2-11', 'a client keeps to the maximum QoS', CLIENT],
  ['3.2.2-12', 'a will beyond the maximum QoS is refused', { because: 'it has QoS 1 and 2' }],
  [
    '3.2.2-13',
    'a server without retained messages refuses them in wills',
    { because: 'it has them' },
  ],
  ['3.2.2-14', 'a client retains nothing where it may not', CLIENT],
  ['3.2.2-15', 'a client keeps to the maximum packet size', CLIENT],
  ['3.2.2-16', 'an empty client id is answered with the new one', assigns],
  ['3.2.2-17', 'a client keeps to the topic alias maximum', CLIENT],
  ['3.2.2-18', 'a client sets no alias where it may not', CLIENT],
  ['3.2.2-19', 'no reason string that makes the CONNACK too large', NEVER_SENT],
  ['3.2.2-20', 'no user property that makes the CONNACK too large', NEVER_SENT],
  ['3.2.2-21', 'a client keeps to the keep alive of the server', CLIENT],
  [
    '3.2.2-22',
    'without a keep alive of the server that of the client counts',
    async (make) => {
      assert.equal((await make().raw().connect('a', { keepAlive: 7 })).serverKeepAlive, undefined)
      await keepsAlive(make)
      const s = make({ settings: { serverKeepAlive: 5 } })
      assert.equal((await s.raw().connect('more', { keepAlive: 7 })).serverKeepAlive, 5)
      assert.equal((await s.raw().connect('none', { keepAlive: 0 })).serverKeepAlive, 5)
      assert.equal((await s.raw().connect('less', { keepAlive: 3 })).serverKeepAlive, undefined)
    },
  ],
  [
    '3.15.1-1',
    'the reserved flags of an AUTH are 0',
    async (make) => refuses(make(), 'f1 00', 0x81),
  ],
  [
    '3.15.2-1',
    'an AUTH has one of its reason codes',
    { because: 'this server never sends an AUTH' },
  ],
  ['3.15.2-2', 'no reason string that makes the AUTH too large', NEVER_SENT],
  ['3.15.2-3', 'no user property that makes the AUTH too large', NEVER_SENT],
  [
    '4.12.0-1',
    'an authentication method that is not known ends the connection',
    async (make) => {
      const s = make()
      const client = s.raw()
      const { reasonCode } = await client.connect('a', { authenticationMethod: 'SCRAM-SHA-1' })
      assert.equal(reasonCode, 0x8c)
      assert.equal(client.state, 'ended')
      assert.deepEqual(s.told('connected'), [])
    },
  ],
  ['4.12.0-2', 'an AUTH that goes on has 0x18', { because: 'this server never sends an AUTH' }],
  ['4.12.0-3', 'a client goes on with 0x18', CLIENT],
  ['4.12.0-4', 'a method that is refused ends the connection', { because: 'as 4.12.0-1' }],
  ['4.12.0-5', 'the method is the same in all packets', { because: 'none is taken' }],
  [
    '4.12.0-6',
    'without a method there is no AUTH, and none in the CONNACK',
    async (make) => {
      const { authenticationMethod } = await make().raw().connect('a')
      assert.equal(authenticationMethod, undefined)
    },
  ],
  [
    '4.12.0-7',
    'a client without a method sends no AUTH',
    async (make) => refuses(make(), 'f0 06 19 04 15 0001 61', 0x82),
  ],
  ['4.12.1-1', 'a client keeps its method when it authenticates again', CLIENT],
  [
    '4.12.1-2',
    'authenticating again that fails ends the connection',
    async (make) => refuses(make(), 'f0 00', 0x82),
  ],
]
