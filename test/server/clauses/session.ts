/**
 * Sessions (MQTT 5, sections 3.1.2.4, 3.1.2.11.2, 4.1, 4.4 and 4.5).
 *
 * @module
 */
import assert from 'node:assert/strict'
import type { Client, Site } from '../fixture.ts'
import { CLIENT, type Clause, type ClauseTest } from './clause.ts'

/** A client that subscribed, is gone, and for whom a message of each QoS was published since. */
async function away(s: Site): Promise<void> {
  const client = await s.persist('a')
  await client.subscribe('x', { qos: 2 })
  await client.lose()
  const from = await s.connect('from')
  for (const qos of [0, 1, 2] as const) await from.publish('x', `at ${qos}`, { qos })
}

const startsAnew: ClauseTest = async (make) => {
  const s = make()
  await away(s)
  const client = s.raw()
  assert.equal((await client.connect('a', { cleanStart: true })).sessionPresent, false)
  await (await s.connect('from')).publish('x', 'later')
  assert.deepEqual(client.texts(), [])
  assert.equal(s.server.counters.storedBytes, 0)
}

const goesOn: ClauseTest = async (make) => {
  const s = make()
  await away(s)
  const client = s.raw()
  assert.equal((await client.connect('a', { cleanStart: false })).sessionPresent, true)
  assert.deepEqual(client.texts(), ['at 1', 'at 2'])
  await (await s.connect('from')).publish('x', 'later')
  assert.deepEqual(client.texts(), ['later'])
}

const begins: ClauseTest = async (make) => {
  const s = make()
  await away(s)
  const client = s.raw()
  assert.equal((await client.connect('b', { cleanStart: false })).sessionPresent, false)
  assert.deepEqual(client.texts(), [])
  await client.subscribe('x')
  await (await s.connect('from')).publish('x', 'now')
  assert.deepEqual(client.texts(), ['now'])
}

const tellsPresence: ClauseTest = async (make) => {
  await goesOn(make)
  await begins(make)
}

/** A client that has a message of each QoS, and a PUBREL, in flight. */
async function inFlight(s: Site): Promise<Client> {
  const client = await s.persist('a')
  await client.subscribe('x', { qos: 2 })
  const from = await s.connect('from')
  for (const [text, qos] of [
    ['one', 1],
    ['two', 2],
    ['released', 2],
    ['done', 1],
  ] as const) {
    await from.publish('x', text, { qos })
  }
  return client
}

const sendsAgain: ClauseTest = async (make) => {
  const s = make()
  const client = await inFlight(s)
  const sent = client.messages()
  assert(sent.every(({ dup }) => !dup))
  await client.ack('pubrec', sent[2]!.packetId)
  client.next('pubrel')
  await client.ack('puback', sent[3]!.packetId)
  await client.lose()
  const again = await s.persist('a')
  assert.deepEqual(again.packets(), [
    { kind: 'pubrel', packetId: sent[2]!.packetId, reasonCode: 0 },
    { ...sent[0], dup: true },
    { ...sent[1], dup: true },
  ])
  // Nor at any other time.
  await s.advance(3_600_000)
  await again.send({ kind: 'pingreq' })
  assert.deepEqual(again.packets(), [{ kind: 'pingresp' }])
}

const lasts: ClauseTest = async (make) => {
  const s = make()
  const lasting = await s.persist('lasting')
  const brief = await s.connect('brief')
  for (const client of [lasting, brief]) {
    await client.subscribe('x', { qos: 1 })
    await client.lose()
  }
  assert.equal(s.server.counters.sessions, 1)
  await (await s.connect('from')).publish('x', 'm', { qos: 1 })
  assert.deepEqual((await s.persist('lasting')).texts(), ['m'])
  assert.deepEqual((await s.persist('brief')).texts(), [])
}

export const SESSION_CLAUSES: readonly Clause[] = [
  ['3.1.2-4', 'a clean start begins a new session, and ends the one there was', startsAnew],
  ['3.1.2-5', 'without a clean start the client goes on with its session', goesOn],
  ['3.1.2-6', 'and begins one where there is none', begins],
  ['3.1.2-23', 'a session outlives its connection if it has an expiry interval', lasts],
  [
    '3.1.3-2',
    'the client id says whose session it is',
    async (make) => {
      const s = make()
      await away(s)
      assert.deepEqual((await s.persist('A')).texts(), [])
      assert.deepEqual((await s.persist('a')).texts(), ['at 1', 'at 2'])
    },
  ],
  ['3.1.4-4', 'a clean start is done as section 3.1.2.4 says', startsAnew],
  [
    '3.2.2-2',
    'a clean start is answered without a session',
    async (make) => {
      await startsAnew(make)
      assert.equal((await make().raw().connect('a')).sessionPresent, false)
    },
  ],
  ['3.2.2-3', 'else the CONNACK says whether there was a session', tellsPresence],
  [
    '4.1.0-1',
    'a session is kept as long as the connection is open',
    async (make) => {
      const s = make()
      const client = await s.connect('a')
      await client.subscribe('x', { qos: 1 })
      await s.advance(100_000_000)
      await (await s.connect('from')).publish('x', 'm', { qos: 1 })
      assert.deepEqual(client.texts(), ['m'])
    },
  ],
  [
    '4.1.0-2',
    'a session ends when its expiry interval has passed without a connection',
    async (make) => {
      const s = make()
      for (const id of ['early', 'late', 'never']) {
        const seconds = { early: 10, late: 20, never: 0xffff_ffff }[id]!
        const client = await s.persist(id, { sessionExpiryInterval: seconds })
        await client.subscribe('x', { qos: 1 })
        await client.lose()
      }
      await s.advance(9_000)
      assert.equal(s.server.counters.sessions, 3)
      await s.advance(2_000)
      assert.equal(s.server.counters.sessions, 2)
      await s.advance(10_000)
      assert.equal(s.server.counters.sessions, 1)
      assert.equal(s.server.counters.subscriptions, 1)
      const early = s.raw()
      assert.equal((await early.connect('early', { cleanStart: false })).sessionPresent, false)
      // What has no end for the client ends after the longest time that the server allows.
      await s.advance(86_400_000)
      assert.equal((await s.raw().connect('never', { cleanStart: false })).sessionPresent, false)
    },
  ],
  [
    '4.4.0-1',
    'what is in flight is sent again when the client comes back, and never else',
    sendsAgain,
  ],
  [
    '4.4.0-2',
    'what was refused is not sent again',
    async (make) => {
      const s = make()
      const client = await inFlight(s)
      const [one, two] = client.messages()
      await client.ack('puback', one!.packetId, 0x87)
      await client.ack('pubrec', two!.packetId, 0x97)
      assert.deepEqual(client.packets(), [])
      await client.lose()
      assert.deepEqual((await s.persist('a')).texts(), ['released', 'done'])
    },
  ],
  ['4.5.0-1', 'a message is kept for the sessions that subscribed to it', goesOn],
  ['4.5.0-2', 'a client acknowledges what it gets', CLIENT],
]
