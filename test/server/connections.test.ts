/**
 * Connections: who is let in, taken over, kept alive and ended.
 *
 * @module
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RefusalCode } from '../../src/server/events.ts'
import type { Login } from '../../src/server/guard.ts'
import { assertEnded, type Client, guardOf, Site, settle, will } from './fixture.ts'

const login = { clientId: '', username: '', password: undefined, peer: undefined }

/** A guard that waits for each answer. */
function patient() {
  const waiting: ((login: Login) => void)[] = []
  const granted = guardOf({}).login(login) as Login
  return {
    guard: { login: () => new Promise<Login>((resolve) => waiting.push(resolve)) },
    waiting,
    async allow() {
      for (const resolve of waiting.splice(0)) resolve(granted)
      await settle()
    },
  }
}

test('of 140 connections under one client id at once, never two are logged in', async () => {
  for (const cleanStart of [true, false]) {
    const { guard, allow } = patient()
    let isOver = false
    const s = new Site({ guard })
    const clients = Array.from({ length: 140 }, () => s.raw())
    const fields = { cleanStart, sessionExpiryInterval: 100 }
    await Promise.all(clients.map((client) => client.connect('a', fields).catch(() => {})))
    await allow()
    let live = 0
    for (const { kind } of s.events) {
      if (kind === 'connected') live++
      if (kind === 'disconnected') live--
      if (live > 1) isOver = true
    }
    assert.equal(isOver, false)
    assert.equal(live, 1)
    assert.equal(s.told('connected').length, 140)
    const open = clients.filter(({ state }) => state === 'open')
    assert.deepEqual(open, [clients.at(-1)])
    assert.equal(s.server.counters.sessions, 1)
    assert.equal(s.server.counters.connections, 1)
    for (const client of clients.slice(0, -1)) assertEnded(client, 0x8e)
  }
})

test('a client id finds no session of another owner', async () => {
  const s = new Site({ guard: guardOf({}) })
  const mine = await s.persist('a', { username: 'me' })
  await mine.subscribe('t', { qos: 1 })
  const other = s.raw()
  const fields = { username: 'you', cleanStart: false }
  assert.equal((await other.connect('a', fields)).sessionPresent, false)
  assert.equal(mine.state, 'open')
  await other.publish('t', 'm', { qos: 1 })
  assert.deepEqual([mine.texts(), other.texts()], [['m'], []])
})

test('a guard that throws, or rejects, is answered with 0x88', async () => {
  for (const fail of [
    () => {
      throw new Error('broken')
    },
    () => Promise.reject(new Error('broken')),
  ]) {
    for (const [version, code] of [
      [5, 0x88],
      [4, 3],
    ] as const) {
      const s = new Site({ version, guard: { login: fail } })
      const client = s.raw()
      assert.equal((await client.connect('a')).reasonCode, code)
      assert.equal(client.state, 'ended')
      assert.deepEqual(
        s.told('error').map(({ error }) => error.message),
        ['broken'],
      )
    }
  }
})

test('a connection that ends while its login is open leaves nothing', async () => {
  const { guard, allow } = patient()
  const s = new Site({ guard })
  const client = s.raw()
  await client.connect('a', will('w', 'm')).catch(() => {})
  await client.lose()
  await allow()
  assert.deepEqual(s.events, [])
  const { connections, sessions } = s.server.counters
  assert.deepEqual([connections, sessions], [0, 0])
})

test('nothing is read while a login is open, and all of it after', async () => {
  const { guard, allow } = patient()
  const s = new Site({ guard })
  const client = s.raw()
  await client.connect('a').catch(() => {})
  await client.send({ kind: 'pingreq' })
  assert.equal(client.isPaused, true)
  assert.deepEqual(client.packets(), [])
  await allow()
  assert.equal(client.isPaused, false)
  assert.deepEqual(
    client.packets().map(({ kind }) => kind),
    ['connack', 'pingresp'],
  )
})

function refused(code: RefusalCode, owner?: string) {
  return { kind: 'refused', code, owner, peer: undefined }
}

test('connections that are not logged in are bounded, and their time', async () => {
  const s = new Site({ settings: { maxUnauthenticated: 2, connectTimeout: 5 } })
  const [one, two, three] = [s.raw(), s.raw(), s.raw()]
  await settle()
  assert.deepEqual([one.state, two.state, three.state], ['open', 'open', 'destroyed'])
  assert.deepEqual(s.told('refused'), [refused('logins-full')])
  await one.connect('a')
  const four = s.raw()
  await settle()
  assert.equal(four.state, 'open')
  // Half a CONNECT is none.
  await two.bytes('10 ff')
  await s.advance(4_500)
  assert.equal(two.state, 'open')
  await s.advance(1_500)
  assert.deepEqual([one.state, two.state, four.state], ['open', 'destroyed', 'destroyed'])
  assert.equal(s.server.counters.connections, 1)
})

test('connections are bounded in all', async () => {
  const s = new Site({ settings: { maxConnections: 2 } })
  const one = await s.connect('a')
  await s.connect('b')
  const over = s.raw()
  await settle()
  assert.equal(over.state, 'destroyed')
  assert.deepEqual(s.told('refused'), [refused('connections-full')])
  const { refused: counted } = s.server.counters
  assert.deepEqual(counted, { 'connections-full': 1, 'logins-full': 0, 'sessions-full': 0 })
  await one.disconnect()
  await s.connect('c')
  assert.equal(s.server.counters.connections, 2)
})

test('the sessions of an owner are bounded: the one that is away longest goes', async () => {
  const s = new Site({ guard: guardOf({}), settings: { maxSessionsPerOwner: 2 } })
  const fields = { username: 'me' }
  await (await s.persist('first', fields)).lose()
  await s.advance(10)
  const second = await s.persist('second', fields)
  const third = await s.persist('third', fields)
  assert.deepEqual(s.told('session-dropped'), [
    { kind: 'session-dropped', owner: 'me', clientId: 'first' },
  ])
  // Nobody is away, so a fourth one is refused, and one of another owner is not.
  assert.equal((await s.raw().connect('fourth', fields)).reasonCode, 0x97)
  assert.equal((await s.raw().connect('fourth', { username: 'you' })).reasonCode, 0)
  assert.deepEqual([second.state, third.state], ['open', 'open'])
  assert.deepEqual(s.told('refused'), [refused('sessions-full', 'me')])
  // Its own session it gets in spite of the bound.
  assert.equal((await s.raw().connect('second', fields)).reasonCode, 0)
})

test('the sessions are bounded in all', async () => {
  const s = new Site({ settings: { maxSessions: 1 } })
  await (await s.persist('a')).lose()
  assert.equal((await s.raw().connect('b')).reasonCode, 0x97)
  assert.equal(s.server.counters.refused['sessions-full'], 1)
  assert.equal((await s.raw().connect('a')).reasonCode, 0)
})

test('keep alive holds after a login that took long', async () => {
  const { guard, allow } = patient()
  const s = new Site({ guard })
  const client = s.raw()
  await client.connect('a', { keepAlive: 10 }).catch(() => {})
  await s.advance(5_000)
  await allow()
  assert.equal(client.next('connack').reasonCode, 0)
  await s.advance(14_000)
  assert.equal(client.state, 'open')
  await s.advance(2_000)
  assertEnded(client, 0x8d)
})

test('a server keep alive is announced in MQTT 5, and kept to', async () => {
  const s = new Site({ settings: { serverKeepAlive: 4 } })
  const client = s.raw()
  assert.equal((await client.connect('a', { keepAlive: 100 })).serverKeepAlive, 4)
  const old = await s.connect('b', { version: 4, keepAlive: 100 })
  await s.advance(6_600)
  assertEnded(client, 0x8d)
  assert.equal(old.state, 'open')
  await s.advance(144_000)
  assert.equal(old.state, 'ended')
})

test('a session expiry is bounded, told where it is, and changed by a DISCONNECT', async () => {
  const s = new Site({ settings: { maxSessionExpiry: 100 } })
  const answer = (sessionExpiryInterval: number) => s.raw().connect('a', { sessionExpiryInterval })
  assert.equal((await answer(101)).sessionExpiryInterval, 100)
  assert.equal((await answer(100)).sessionExpiryInterval, undefined)
  assert.equal((await answer(0xffff_ffff)).sessionExpiryInterval, 100)
  const longer = await s.persist('a', { sessionExpiryInterval: 10 })
  await longer.disconnect(0, 1_000_000)
  await s.advance(99_000)
  assert.equal(s.server.counters.sessions, 1)
  await s.advance(2_000)
  assert.equal(s.server.counters.sessions, 0)
  await (await s.persist('a')).disconnect(0, 0)
  assert.equal(s.server.counters.sessions, 0)
  // A session that was to end with its connection is not prolonged.
  const brief = await s.connect('a')
  await brief.disconnect(0, 5)
  assertEnded(brief, 0x82)
  assert.equal(s.server.counters.sessions, 0)
})

test('a client that was idle for long has its time to take what comes then', async () => {
  const s = new Site({ settings: { stallTimeout: 10 } })
  const to = await s.connect('to')
  await to.subscribe('t')
  const from = await s.connect('from')
  await s.advance(3_600_000)
  to.stall()
  await from.publish('t', 'm')
  await s.advance(9_000)
  assert.equal(to.state, 'open')
  await to.take(1)
  await s.advance(9_500)
  assert.equal(to.state, 'open')
  await s.advance(1_500)
  assert.equal(to.state, 'destroyed')
  assert.equal(from.state, 'open')
})

test('the end of an owner ends its sessions, connected or not, and their wills are published', async () => {
  const s = new Site({ guard: guardOf({}) })
  const listener = await s.connect('listener', { username: 'other' })
  await listener.subscribe('w')
  const fields = { username: 'me', ...will('w', 'last', { willDelayInterval: 100 }) }
  const here = await s.persist('here', fields)
  await (await s.persist('away', fields)).lose()
  assert.equal(s.server.end('me', 0x98), 2)
  await settle()
  assertEnded(here, 0x98)
  assert.deepEqual(listener.texts(), ['last', 'last'])
  assert.equal(s.server.counters.sessions, 1)
  assert.equal(listener.state, 'open')
  assert.equal(s.server.end('me', 0x98), 0)
})

test('a server that closes says so, and takes nobody any more', async () => {
  const s = new Site()
  const clients: Client[] = [await s.connect('a'), await s.connect('b', { version: 4 })]
  s.server.close()
  await settle()
  for (const client of clients) assertEnded(client, 0x8b)
  const late = s.raw()
  await settle()
  assert.equal(late.state, 'destroyed')
  assert.equal(s.server.counters.connections, 0)
})

test('events tell who connected and left, and why', async () => {
  const s = new Site({ guard: guardOf({}) })
  const client = s.raw(5, '192.0.2.1')
  await client.connect('a', { username: 'me' })
  await client.subscribe('t')
  await client.unsubscribe('t', 'u')
  await client.disconnect(0x04)
  const lost = await s.connect('b', { username: 'me' })
  await lost.lose()
  const seen = s.events.map((event) => {
    const { owner, clientId, peer } = 'client' in event ? event.client : {}
    const more = 'filter' in event ? event.filter : 'reasonCode' in event ? event.reasonCode : ''
    return [event.kind, owner, clientId, peer, more]
  })
  assert.deepEqual(seen, [
    ['connected', 'me', 'a', '192.0.2.1', ''],
    ['subscribed', 'me', 'a', '192.0.2.1', 't'],
    ['unsubscribed', 'me', 'a', '192.0.2.1', 't'],
    ['disconnected', 'me', 'a', '192.0.2.1', 4],
    ['connected', 'me', 'b', undefined, ''],
    ['disconnected', 'me', 'b', undefined, undefined],
  ])
})
