/**
 * PINGREQ, DISCONNECT and errors (MQTT 5, sections 3.12, 3.14 and 4.13).
 *
 * @module
 */
import assert from 'node:assert/strict'
import { assertEnded, publishPacket, will } from '../fixture.ts'
import { connectBytes, frame, refuses, refusesFirst } from './bytes.ts'
import { type Clause, type ClauseTest, NEVER_SENT } from './clause.ts'

const answersPing: ClauseTest = async (make) => {
  const client = await make().connect('a')
  await client.send({ kind: 'pingreq' }, { kind: 'pingreq' })
  assert.deepEqual(client.packets(), [{ kind: 'pingresp' }, { kind: 'pingresp' }])
}

const hasNoFlags: ClauseTest = async (make) => {
  for (const first of ['e1', 'e2', 'ef']) await refuses(make(), `${first} 00`, 0x81)
  await refuses(make(), 'c1 00', 0x81)
}

const dropsWill: ClauseTest = async (make) => {
  const s = make()
  const listener = await s.connect('listener')
  await listener.subscribe('w')
  for (const willDelayInterval of [0, 5]) {
    const fields = will('w', 'no', { willDelayInterval })
    await (await s.persist('a', fields)).disconnect()
  }
  await s.advance(10_000_000)
  assert.deepEqual(listener.texts(), [])
  await (await s.persist('a', will('w', 'yes'))).lose()
  assert.deepEqual(listener.texts(), ['yes'])
}

const _readsNoMore: ClauseTest = async (make) => {
  const s = make()
  const listener = await s.connect('listener')
  await listener.subscribe('t')
  const client = await s.connect('a')
  await client.send({ kind: 'disconnect', reasonCode: 0 }, publishPacket('t', 'late'))
  assert.equal(client.state, 'ended')
  assert.deepEqual(listener.texts(), [])
}

const endsOnErrors: ClauseTest = async (make) => {
  // Each with the reason code of its section.
  for (const [bytes, reasonCode] of [
    ['00 00', 0x81],
    ['30 80808080 01', 0x81],
    ['30 03 0000 00', 0x82],
    ['32 05 0001 74 0000', 0x82],
    ['20 02 0000', 0x82],
    ['d0 00', 0x82],
    ['f0 00', 0x82],
    ['e0 02 8b 00', 0x82],
    ['c0 01 00', 0x81],
    ['40 03 0001 01', 0x82],
  ] as const) {
    const s = make()
    const listener = await s.connect('listener')
    await listener.subscribe('#')
    const client = await s.connect('a', will('w', bytes))
    await refuses(s, bytes, reasonCode, client)
    assert.deepEqual(listener.texts(), [bytes])
    assert.equal(listener.state, 'open')
  }
}

export const DISCONNECT_CLAUSES: readonly Clause[] = [
  ['3.12.4-1', 'a PINGREQ is answered with a PINGRESP', answersPing],
  [
    '3.14.0-1',
    'no DISCONNECT comes before the CONNACK',
    async (make) => {
      for (const bytes of ['c000', '1000', 'ff']) {
        const client = make().raw()
        await client.bytes(bytes)
        assert.deepEqual(client.packets(), [])
        assert.equal(client.state, bytes === 'ff' ? 'ended' : 'ended')
      }
      await refusesFirst(make(), connectBytes(make(), { flags: '03' }))
      const s = make({ guard: { login: () => new Promise(() => {}) } })
      const pending = s.raw()
      await pending.bytes(connectBytes(s, {}))
      s.server.close()
      assert.deepEqual(pending.packets(), [])
      assert.equal(pending.state, 'ended')
    },
  ],
  ['3.14.1-1', 'the reserved flags of a DISCONNECT are 0', hasNoFlags],
  [
    '3.14.2-1',
    'a DISCONNECT has one of its reason codes',
    async (make) => {
      for (const code of ['01', '87', '8e', 'ff']) {
        await refuses(make(), frame('e0', `${code} 00`), 0x82)
      }
      const client = await make().connect('a')
      await client.disconnect(0x04)
      assert.deepEqual(client.packets(), [])
      assert.equal(client.state, 'ended')
    },
  ],
  ['3.14.2-2', 'the server sends no session expiry with a DISCONNECT', NEVER_SENT],
  ['3.14.2-3', 'no reason string that makes a DISCONNECT too large', NEVER_SENT],
  ['3.14.2-4', 'no user property that makes a DISCONNECT too large', NEVER_SENT],
  [
    '3.14.4-1',
    'nothing is sent after a DISCONNECT',
    async (make) => {
      const s = make()
      const client = await s.persist('a')
      await client.subscribe('t', { qos: 1 })
      client.bytes('00 00')
      await (await s.connect('from')).publish('t', 'm', { qos: 1 })
      assert.deepEqual(client.packets(), [{ kind: 'disconnect', reasonCode: 0x81 }])
    },
  ],
  [
    '3.14.4-2',
    'after which the connection ends, though the client does not take it',
    async (make) => {
      const s = make()
      const client = await s.connect('a')
      client.stall()
      await client.bytes('00 00')
      assert.equal(client.state, 'ending')
      await s.advance(2_000)
      assert.equal(client.state, 'destroyed')
      const other = await s.connect('b')
      await other.bytes('00 00')
      assertEnded(other, 0x81)
    },
  ],
  ['3.14.4-3', 'a DISCONNECT of 0x00 drops the will', dropsWill],
  ['4.13.1-1', 'what is malformed, or breaks the protocol, ends the connection', endsOnErrors],
  ['4.13.2-1', 'so does a reason code of 0x80 and more', endsOnErrors],
]
